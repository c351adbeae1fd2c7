-- Dispense: patients and their plans, pharmacy days, what is reserved, given and owed.
-- Identity lives apart from what was given, encrypted before any SQL sees it.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Patients

CREATE TABLE patient (
    patient_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    cycle_days integer NOT NULL,
    registered_at timestamptz NOT NULL,
    forgotten_at timestamptz,
    CONSTRAINT patient_pkey PRIMARY KEY (patient_id),
    CONSTRAINT patient_clinic_key UNIQUE (clinic_id, patient_id),
    CONSTRAINT patient_cycle_days CHECK (cycle_days BETWEEN 1 AND 60)
);
COMMENT ON TABLE patient IS 'Somebody who is given medicines, by an opaque id; who it is stands sealed in patient_identity';

CREATE TABLE patient_identity (
    patient_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT patient_identity_pkey PRIMARY KEY (patient_id),
    CONSTRAINT patient_identity_patient_fkey FOREIGN KEY (clinic_id, patient_id)
        REFERENCES patient (clinic_id, patient_id)
);
COMMENT ON COLUMN patient_identity.wrapped_key IS 'The patient''s own key, wrapped by the clinic''s key, which is in no database and no backup';

CREATE TABLE patient_index (
    clinic_id uuid NOT NULL,
    card_mac bytea NOT NULL,
    patient_id uuid NOT NULL,
    CONSTRAINT patient_index_pkey PRIMARY KEY (clinic_id, card_mac),
    CONSTRAINT patient_index_patient_key UNIQUE (patient_id),
    CONSTRAINT patient_index_patient_fkey FOREIGN KEY (clinic_id, patient_id)
        REFERENCES patient (clinic_id, patient_id)
);
COMMENT ON COLUMN patient_index.card_mac IS 'Keyed hash of the card code: it finds a patient, and tells nothing';

CREATE TABLE patient_look (
    clinic_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    person_id uuid NOT NULL,
    looked_at timestamptz NOT NULL,
    purpose text NOT NULL,
    CONSTRAINT patient_look_patient_fkey FOREIGN KEY (clinic_id, patient_id)
        REFERENCES patient (clinic_id, patient_id)
);
COMMENT ON TABLE patient_look IS 'Every look at a patient: who, when, what for';
CREATE INDEX patient_look_patient_idx ON patient_look (patient_id, looked_at);

CREATE TABLE therapy_line (
    therapy_line_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    product_id uuid NOT NULL,
    only_this_product boolean NOT NULL,
    per_intake text NOT NULL,
    schedule jsonb NOT NULL,
    starts_on date NOT NULL,
    until_on date,
    sealed_prescriber bytea,
    planned_by uuid NOT NULL,
    planned_at timestamptz NOT NULL,
    follows uuid,
    CONSTRAINT therapy_line_pkey PRIMARY KEY (therapy_line_id),
    CONSTRAINT therapy_line_clinic_key UNIQUE (clinic_id, therapy_line_id),
    CONSTRAINT therapy_line_follows_once UNIQUE (follows),
    CONSTRAINT therapy_line_follows_fkey FOREIGN KEY (clinic_id, follows)
        REFERENCES therapy_line (clinic_id, therapy_line_id),
    CONSTRAINT therapy_line_patient_fkey FOREIGN KEY (clinic_id, patient_id)
        REFERENCES patient (clinic_id, patient_id),
    CONSTRAINT therapy_line_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id)
);
COMMENT ON COLUMN therapy_line.per_intake IS 'An exact fraction of the content unit: 3/2';
COMMENT ON COLUMN therapy_line.follows IS 'The line that this one was changed from: a line is changed once';
CREATE INDEX therapy_line_patient_idx ON therapy_line (patient_id);
CREATE INDEX therapy_line_active_idx ON therapy_line (clinic_id, starts_on);

-- Pharmacy days

CREATE TABLE calendar (
    clinic_id uuid NOT NULL,
    weekdays smallint[] NOT NULL,
    CONSTRAINT calendar_pkey PRIMARY KEY (clinic_id),
    CONSTRAINT calendar_weekdays_iso CHECK (
        cardinality(weekdays) BETWEEN 1 AND 7 AND 1 <= ALL (weekdays) AND 7 >= ALL (weekdays)
    )
);
COMMENT ON COLUMN calendar.weekdays IS 'ISO: 1 is Monday';

CREATE TABLE closure (
    clinic_id uuid NOT NULL,
    day_on date NOT NULL,
    reason text NOT NULL,
    CONSTRAINT closure_pkey PRIMARY KEY (clinic_id, day_on)
);

CREATE TABLE pharmacy_day (
    day_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    day_on date NOT NULL,
    state text NOT NULL DEFAULT 'open',
    prepared_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT pharmacy_day_pkey PRIMARY KEY (day_id),
    CONSTRAINT pharmacy_day_on_key UNIQUE (clinic_id, day_on),
    CONSTRAINT pharmacy_day_clinic_key UNIQUE (clinic_id, day_id),
    CONSTRAINT pharmacy_day_state CHECK (state IN ('open', 'closed') AND (state = 'closed') = (closed_at IS NOT NULL))
);

CREATE TABLE visit (
    visit_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    day_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    walk_in boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'expected',
    CONSTRAINT visit_pkey PRIMARY KEY (visit_id),
    CONSTRAINT visit_patient_key UNIQUE (day_id, patient_id),
    CONSTRAINT visit_clinic_key UNIQUE (clinic_id, visit_id),
    CONSTRAINT visit_day_fkey FOREIGN KEY (clinic_id, day_id) REFERENCES pharmacy_day (clinic_id, day_id),
    CONSTRAINT visit_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, patient_id),
    CONSTRAINT visit_state_known CHECK (state IN ('expected', 'served', 'not_come'))
);
CREATE INDEX visit_of_patient_idx ON visit (patient_id);

CREATE TABLE request (
    request_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    day_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    asked_at timestamptz NOT NULL,
    wait_until timestamptz,
    parts_in integer NOT NULL DEFAULT 0,
    CONSTRAINT request_pkey PRIMARY KEY (request_id),
    CONSTRAINT request_day_fkey FOREIGN KEY (clinic_id, day_id) REFERENCES pharmacy_day (clinic_id, day_id),
    CONSTRAINT request_state_known CHECK (state IN ('asked', 'answered', 'abandoned'))
);
COMMENT ON TABLE request IS 'Units asked of stock, and whether it has answered';

-- Supply: what a patient has been given for which days

CREATE TABLE supply (
    supply_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    therapy_line_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    days daterange NOT NULL,
    needed_units integer NOT NULL,
    given_units integer NOT NULL DEFAULT 0,
    voided_at timestamptz,
    CONSTRAINT supply_pkey PRIMARY KEY (supply_id),
    CONSTRAINT supply_clinic_key UNIQUE (clinic_id, supply_id),
    CONSTRAINT supply_therapy_line_fkey FOREIGN KEY (clinic_id, therapy_line_id)
        REFERENCES therapy_line (clinic_id, therapy_line_id),
    CONSTRAINT supply_not_overdrawn CHECK (given_units BETWEEN 0 AND needed_units),
    CONSTRAINT supply_days_not_empty CHECK (NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)),
    CONSTRAINT supply_same_days_once EXCLUDE USING gist (therapy_line_id WITH =, days WITH &&)
        WHERE (voided_at IS NULL)
);
COMMENT ON TABLE supply IS 'A therapy line is supplied once for the same days; what is given for a period adds up inside it';
CREATE INDEX supply_patient_idx ON supply (patient_id);

CREATE TABLE owed (
    supply_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    units integer NOT NULL,
    reason text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    changed_at timestamptz NOT NULL,
    CONSTRAINT owed_pkey PRIMARY KEY (supply_id),
    CONSTRAINT owed_supply_fkey FOREIGN KEY (clinic_id, supply_id) REFERENCES supply (clinic_id, supply_id),
    CONSTRAINT owed_reason_known CHECK (reason IN ('short', 'given_in_part')),
    CONSTRAINT owed_state_known CHECK (state IN ('open', 'given', 'cancelled', 'lapsed', 'undone')),
    CONSTRAINT owed_units CHECK (units >= 0 AND (state <> 'open' OR units > 0))
);
COMMENT ON TABLE owed IS 'What was given less than needed; closed by giving, cancelling, undoing, or time';

CREATE TABLE visit_line (
    line_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    visit_id uuid NOT NULL,
    therapy_line_id uuid NOT NULL,
    supply_id uuid,
    tops_up uuid,
    reference uuid NOT NULL,
    request_id uuid NOT NULL,
    product_id uuid NOT NULL,
    substitution_group text NOT NULL,
    content_needed text NOT NULL,
    content_per_day text,
    from_on date NOT NULL,
    through_on date NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    short_units integer NOT NULL DEFAULT 0,
    content_per_unit integer NOT NULL DEFAULT 1,
    CONSTRAINT visit_line_pkey PRIMARY KEY (line_id),
    CONSTRAINT visit_line_reference_key UNIQUE (reference),
    CONSTRAINT visit_line_clinic_key UNIQUE (clinic_id, line_id),
    CONSTRAINT visit_line_visit_fkey FOREIGN KEY (clinic_id, visit_id) REFERENCES visit (clinic_id, visit_id),
    CONSTRAINT visit_line_therapy_line_fkey FOREIGN KEY (clinic_id, therapy_line_id)
        REFERENCES therapy_line (clinic_id, therapy_line_id),
    CONSTRAINT visit_line_supply_fkey FOREIGN KEY (clinic_id, supply_id) REFERENCES supply (clinic_id, supply_id),
    CONSTRAINT visit_line_tops_up_fkey FOREIGN KEY (clinic_id, tops_up) REFERENCES supply (clinic_id, supply_id),
    CONSTRAINT visit_line_state_known CHECK (state IN ('asked', 'answered', 'dropped')),
    CONSTRAINT visit_line_days CHECK (from_on <= through_on),
    CONSTRAINT visit_line_short_not_negative CHECK (short_units >= 0)
);
COMMENT ON TABLE visit_line IS 'What a patient needs of one therapy line on one pharmacy day';
COMMENT ON COLUMN visit_line.reference IS 'Made for this line alone; stock reserves under it and learns nothing else';
COMMENT ON COLUMN visit_line.tops_up IS 'The earlier supply of which something is still owed';
CREATE INDEX visit_line_visit_idx ON visit_line (visit_id);
CREATE INDEX visit_line_request_idx ON visit_line (request_id);

CREATE TABLE escrow (
    clinic_id uuid NOT NULL,
    line_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    product_id uuid NOT NULL,
    product_name text NOT NULL,
    batch text,
    expires_on date NOT NULL,
    opened boolean NOT NULL,
    place text,
    use_through_on date NOT NULL,
    reserved_units integer NOT NULL,
    given_units integer NOT NULL DEFAULT 0,
    released_units integer NOT NULL DEFAULT 0,
    stopped_reason text,
    CONSTRAINT escrow_pkey PRIMARY KEY (line_id, lot_id),
    CONSTRAINT escrow_line_fkey FOREIGN KEY (clinic_id, line_id) REFERENCES visit_line (clinic_id, line_id),
    CONSTRAINT escrow_not_overdrawn CHECK (
        given_units >= 0 AND released_units >= 0 AND given_units + released_units <= reserved_units
    ),
    CONSTRAINT escrow_outlasts_its_use CHECK (expires_on >= use_through_on)
);
COMMENT ON TABLE escrow IS 'Units that stock has set apart for a line: the counter gives them with everything else down';
CREATE INDEX escrow_lot_idx ON escrow (lot_id);

CREATE TABLE dispensed (
    dispensed_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    visit_id uuid NOT NULL,
    line_id uuid NOT NULL,
    supply_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    units integer NOT NULL,
    given_by uuid NOT NULL,
    given_at timestamptz NOT NULL,
    undone_at timestamptz,
    CONSTRAINT dispensed_pkey PRIMARY KEY (dispensed_id),
    CONSTRAINT dispensed_line_fkey FOREIGN KEY (clinic_id, line_id) REFERENCES visit_line (clinic_id, line_id),
    CONSTRAINT dispensed_supply_fkey FOREIGN KEY (clinic_id, supply_id) REFERENCES supply (clinic_id, supply_id),
    CONSTRAINT dispensed_units_positive CHECK (units > 0)
);
COMMENT ON TABLE dispensed IS 'Units handed to a patient (FHIR MedicationDispense)';
CREATE INDEX dispensed_visit_idx ON dispensed (visit_id);
CREATE INDEX dispensed_lot_idx ON dispensed (lot_id);
CREATE INDEX dispensed_supply_idx ON dispensed (supply_id);

-- What stock says of lots

CREATE TABLE lot_state (
    lot_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    held_reason text,
    CONSTRAINT lot_state_pkey PRIMARY KEY (lot_id)
);

CREATE TABLE call_back (
    clinic_id uuid NOT NULL,
    dispensed_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    reason text NOT NULL,
    noticed_at timestamptz NOT NULL,
    CONSTRAINT call_back_pkey PRIMARY KEY (dispensed_id),
    CONSTRAINT call_back_dispensed_fkey FOREIGN KEY (dispensed_id) REFERENCES dispensed (dispensed_id)
);
COMMENT ON TABLE call_back IS 'Given before word came that the lot is held: call this patient';

-- Walls between clinics

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY[
        'patient', 'patient_identity', 'patient_index', 'patient_look', 'therapy_line', 'calendar', 'closure',
        'pharmacy_day', 'visit', 'request', 'supply', 'owed', 'visit_line', 'escrow', 'dispensed', 'lot_state',
        'call_back'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON %I USING (clinic_id = nullif(current_setting(''app.clinic'', true), '''')::uuid)',
            v_table || '_clinic', v_table
        );
    END LOOP;
END;
$$;

GRANT SELECT, INSERT, UPDATE ON
    patient, patient_identity, therapy_line, calendar, pharmacy_day, visit, request, supply, owed, visit_line,
    escrow, dispensed, lot_state
TO :app_role;
GRANT SELECT, INSERT, DELETE ON patient_index, closure TO :app_role;
GRANT SELECT, INSERT ON patient_look, call_back TO :app_role;
GRANT DELETE ON patient_identity TO :app_role;
