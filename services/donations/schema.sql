-- Donations: collections on their way to a clinic, their lines, and the check of each line.
-- Only accepted units enter the ledger of stock; held and refused lines stay here.

CREATE TABLE collection (
    collection_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    pharmacy_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'open',
    opened_by uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    handed_in_by uuid,
    handed_in_at timestamptz,
    CONSTRAINT collection_pkey PRIMARY KEY (collection_id),
    CONSTRAINT collection_clinic_key UNIQUE (clinic_id, collection_id),
    CONSTRAINT collection_state_known CHECK (state IN ('open', 'handed_in', 'checked')),
    CONSTRAINT collection_handed_in_once CHECK ((state = 'open') = (handed_in_at IS NULL))
);
COMMENT ON TABLE collection IS 'A bag or box of donated items on its way from a partner pharmacy to a clinic';
CREATE INDEX collection_queue_idx ON collection (clinic_id, state, opened_at);

CREATE TABLE line (
    line_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    line_number integer NOT NULL,
    product_id uuid NOT NULL,
    batch text,
    expires_on date NOT NULL,
    opened boolean NOT NULL,
    units integer NOT NULL,
    source_kind text NOT NULL,
    source_name text,
    storage text NOT NULL,
    state text NOT NULL,
    reason text,
    reason_text text,
    policy_name text,
    decision_id uuid,
    logged_by uuid NOT NULL,
    logged_at timestamptz NOT NULL,
    checked_by uuid,
    checked_at timestamptz,
    checked_batch text,
    checked_expires_on date,
    checked_opened boolean,
    accepted_units integer,
    gtin text,
    checked_units integer,
    scanned text,
    CONSTRAINT line_pkey PRIMARY KEY (line_id),
    CONSTRAINT line_collection_fkey FOREIGN KEY (clinic_id, collection_id)
        REFERENCES collection (clinic_id, collection_id),
    CONSTRAINT line_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
    CONSTRAINT line_number_key UNIQUE (collection_id, line_number),
    CONSTRAINT line_units_positive CHECK (units > 0),
    CONSTRAINT line_source_known CHECK (source_kind IN (
        'person', 'collective', 'association', 'company', 'public_body', 'church', 'party'
    )),
    CONSTRAINT line_storage_known CHECK (storage IN ('room', 'cold', 'unknown')),
    CONSTRAINT line_state_known CHECK (
        state IN ('logged', 'withdrawn', 'accepted', 'held', 'refused', 'missing')
    ),
    CONSTRAINT line_accepted_with_units CHECK ((state = 'accepted') = (accepted_units IS NOT NULL)),
    CONSTRAINT line_accepted_units_positive CHECK (accepted_units > 0),
    CONSTRAINT line_accepted_by_somebody CHECK (state <> 'accepted' OR checked_by IS NOT NULL),
    CONSTRAINT line_checked_whole CHECK (
        (checked_at IS NULL) = (checked_expires_on IS NULL) AND (checked_at IS NULL) = (checked_opened IS NULL)
    ),
    CONSTRAINT line_controlled_never_accepted CHECK (state <> 'accepted' OR reason IS DISTINCT FROM 'controlled'),
    CONSTRAINT line_reasoned CHECK (state NOT IN ('held', 'refused') OR reason IS NOT NULL),
    -- Fourteen digits, of which the last makes the threefold of every other one and the rest a multiple of ten.
    CONSTRAINT line_gtin_check_digit CHECK (
        gtin IS NULL OR CASE WHEN gtin ~ '^[0-9]{14}$' THEN (
            3 * (
                substr(gtin, 1, 1)::integer + substr(gtin, 3, 1)::integer + substr(gtin, 5, 1)::integer
                + substr(gtin, 7, 1)::integer + substr(gtin, 9, 1)::integer + substr(gtin, 11, 1)::integer
                + substr(gtin, 13, 1)::integer
            )
            + substr(gtin, 2, 1)::integer + substr(gtin, 4, 1)::integer + substr(gtin, 6, 1)::integer
            + substr(gtin, 8, 1)::integer + substr(gtin, 10, 1)::integer + substr(gtin, 12, 1)::integer
            + substr(gtin, 14, 1)::integer
        ) % 10 = 0 ELSE false END
    ),
    CONSTRAINT line_checked_units_positive CHECK (checked_units > 0),
    CONSTRAINT line_scanned_known CHECK (scanned IN ('number', 'pack', 'both'))
);
COMMENT ON TABLE line IS 'A donated item: what it is, who gave it (nameless by default), and what became of it, with the reason';
COMMENT ON COLUMN line.batch IS 'Null: it can''t be read; such a lot is drawn into every recall of its product';
COMMENT ON COLUMN line.reason IS 'Why it was not accepted: what a rule found when it was logged stays, whatever the check says';
COMMENT ON COLUMN line.checked_expires_on IS 'What the check found stands beside what was logged, which stays';
COMMENT ON COLUMN line.decision_id IS 'The decision behind the policy that refused the line';
COMMENT ON COLUMN line.gtin IS 'The number on the box that it was logged by; null: it was logged by name, or before this was kept';
COMMENT ON COLUMN line.checked_units IS 'What a check counted, of whatever outcome; null: nobody counted anew';
COMMENT ON COLUMN line.scanned IS 'Which codes of the box were read: only its number, one with the expiry, or both; null: none, or before this was kept';
CREATE INDEX line_collection_idx ON line (collection_id, line_number);
CREATE INDEX line_waiting_idx ON line (clinic_id, state) WHERE state IN ('held', 'refused');

ALTER TABLE collection ENABLE ROW LEVEL SECURITY;
ALTER TABLE collection FORCE ROW LEVEL SECURITY;
CREATE POLICY collection_clinic ON collection
    USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);
ALTER TABLE line ENABLE ROW LEVEL SECURITY;
ALTER TABLE line FORCE ROW LEVEL SECURITY;
CREATE POLICY line_clinic ON line USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE ON collection, line TO :app_role;

CREATE TABLE pack_seen (
    pack_hash bytea NOT NULL,
    line_id uuid NOT NULL,
    logged_on date NOT NULL,
    is_here boolean NOT NULL DEFAULT true,
    CONSTRAINT pack_seen_pkey PRIMARY KEY (pack_hash, line_id),
    CONSTRAINT pack_seen_line_fkey FOREIGN KEY (line_id) REFERENCES line (line_id),
    CONSTRAINT pack_seen_hash_is_sha256 CHECK (octet_length(pack_hash) = 32)
);
COMMENT ON TABLE pack_seen IS 'A hint only: packs logged with a serial, whose clinics share it and see nothing but the day. Under no clinic policy';
COMMENT ON COLUMN pack_seen.is_here IS 'False once the line was withdrawn, or the pack was missing at the check';
CREATE INDEX pack_seen_line_idx ON pack_seen (line_id);
GRANT SELECT, INSERT, UPDATE ON pack_seen TO :app_role;
