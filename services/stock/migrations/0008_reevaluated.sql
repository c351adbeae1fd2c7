-- A decision may look at an earlier one again: that one is due no longer.

ALTER TABLE decision ADD COLUMN reevaluates uuid;
ALTER TABLE decision ADD CONSTRAINT decision_reevaluates_fkey FOREIGN KEY (clinic_id, reevaluates)
    REFERENCES decision (clinic_id, decision_id);
COMMENT ON COLUMN decision.reevaluates IS 'The earlier decision that this one looks at again';
CREATE INDEX decision_reevaluates_idx ON decision (clinic_id, reevaluates);
