-- The days of a transfer: of those that there are, the first and the last state are known.

CREATE TABLE transfer_step (
    clinic_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    state text NOT NULL,
    reached_at timestamptz NOT NULL,
    CONSTRAINT transfer_step_pkey PRIMARY KEY (clinic_id, transfer_id, state),
    CONSTRAINT transfer_step_transfer_fkey FOREIGN KEY (clinic_id, transfer_id)
        REFERENCES transfer (clinic_id, transfer_id)
);
COMMENT ON TABLE transfer_step IS 'When this clinic came to know of each state of a transfer';

INSERT INTO transfer_step (clinic_id, transfer_id, state, reached_at)
SELECT clinic_id, transfer_id, 'requested', asked_at
FROM transfer
UNION ALL
SELECT clinic_id, transfer_id, state, changed_at
FROM transfer
WHERE state <> 'requested';

ALTER TABLE transfer_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer_step FORCE ROW LEVEL SECURITY;
CREATE POLICY transfer_step_clinic ON transfer_step
    USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

GRANT SELECT, INSERT ON transfer_step TO :app_role;
