-- A line of a plan that was changed is followed by one other.

ALTER TABLE therapy_line ADD COLUMN follows uuid;
ALTER TABLE therapy_line ADD CONSTRAINT therapy_line_follows_once UNIQUE (follows);
ALTER TABLE therapy_line ADD CONSTRAINT therapy_line_follows_fkey FOREIGN KEY (clinic_id, follows)
    REFERENCES therapy_line (clinic_id, therapy_line_id);
COMMENT ON COLUMN therapy_line.follows IS 'The line that this one was changed from: a line is changed once';

-- What was given of a supply, and on which days.
CREATE INDEX dispensed_supply_idx ON dispensed (supply_id);
