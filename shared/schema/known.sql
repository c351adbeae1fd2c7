-- What a service knows of stock's registry and catalogue, built from its events. In stock the same tables are
-- the record itself, with at least these columns; so the code that reads them is one.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE clinic (
    clinic_id uuid NOT NULL,
    name text NOT NULL,
    phone text,
    CONSTRAINT clinic_pkey PRIMARY KEY (clinic_id)
);

CREATE TABLE partnership (
    partnership_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    pharmacy_id uuid NOT NULL,
    name text NOT NULL,
    from_on date NOT NULL,
    until_on date,
    CONSTRAINT partnership_pkey PRIMARY KEY (partnership_id)
);
CREATE INDEX partnership_pharmacy_idx ON partnership (clinic_id, pharmacy_id);

CREATE TABLE person (
    person_id uuid NOT NULL,
    display_name text NOT NULL,
    CONSTRAINT person_pkey PRIMARY KEY (person_id)
);
COMMENT ON TABLE person IS 'People who work at the clinics and pharmacies; never a patient';

CREATE TABLE delegation (
    delegation_id uuid NOT NULL,
    delegate_id uuid NOT NULL,
    role text NOT NULL,
    place_id uuid NOT NULL,
    from_on date NOT NULL,
    until_on date NOT NULL,
    ended_at timestamptz,
    CONSTRAINT delegation_pkey PRIMARY KEY (delegation_id)
);
CREATE INDEX delegation_delegate_idx ON delegation (delegate_id, place_id);

CREATE TABLE ended_session (
    session_id uuid NOT NULL,
    ended_at timestamptz NOT NULL,
    CONSTRAINT ended_session_pkey PRIMARY KEY (session_id)
);

CREATE TABLE policy (
    clinic_id uuid NOT NULL,
    name text NOT NULL,
    value jsonb NOT NULL,
    decision_id uuid NOT NULL,
    CONSTRAINT policy_pkey PRIMARY KEY (clinic_id, name)
);
ALTER TABLE policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy FORCE ROW LEVEL SECURITY;
CREATE POLICY policy_clinic ON policy USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

CREATE TABLE product (
    product_id uuid NOT NULL,
    name text NOT NULL,
    substitution_group text NOT NULL,
    controlled boolean NOT NULL,
    facts jsonb NOT NULL,
    search_tokens text[] NOT NULL DEFAULT '{}',
    search_version integer NOT NULL DEFAULT 0,
    CONSTRAINT product_pkey PRIMARY KEY (product_id)
);
CREATE INDEX product_group_idx ON product (substitution_group);
COMMENT ON COLUMN product.facts IS 'The whole product as in shared.catalogue.Product';
CREATE INDEX product_search_idx ON product USING gin (search_tokens);
COMMENT ON COLUMN product.search_tokens IS 'What it is found by, as in shared.search.tokens';
COMMENT ON COLUMN product.search_version IS 'The rules under which search_tokens was written; 0: not yet';

CREATE TABLE search_word (
    word text COLLATE "C" NOT NULL,
    CONSTRAINT search_word_pkey PRIMARY KEY (word)
);
CREATE INDEX search_word_trigram_idx ON search_word USING gin (word gin_trgm_ops);
COMMENT ON TABLE search_word IS 'Every word that some product is or was found by: a slip is mended among these';
GRANT SELECT, INSERT ON search_word TO :app_role;

CREATE TABLE pack (
    code text NOT NULL,
    product_id uuid NOT NULL,
    units_per_pack integer NOT NULL,
    CONSTRAINT pack_pkey PRIMARY KEY (code),
    CONSTRAINT pack_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id)
);

CREATE TABLE product_override (
    clinic_id uuid NOT NULL,
    product_id uuid NOT NULL,
    controlled boolean,
    substitution_group text,
    CONSTRAINT product_override_pkey PRIMARY KEY (clinic_id, product_id),
    CONSTRAINT product_override_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id)
);
ALTER TABLE product_override ENABLE ROW LEVEL SECURITY;
ALTER TABLE product_override FORCE ROW LEVEL SECURITY;
CREATE POLICY product_override_clinic ON product_override
    USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE ON
    clinic, partnership, person, delegation, ended_session, policy, product, pack, product_override
TO :app_role;

CREATE TABLE gtin_binding (
    gtin text NOT NULL,
    product_id uuid NOT NULL,
    units_per_pack integer,
    state text NOT NULL,
    learnt_by uuid NOT NULL,
    learnt_clinic_id uuid NOT NULL,
    learnt_at timestamptz NOT NULL,
    judged_by uuid,
    judged_clinic_id uuid,
    judged_at timestamptz,
    CONSTRAINT gtin_binding_pkey PRIMARY KEY (gtin),
    CONSTRAINT gtin_binding_state_known CHECK (state IN ('learnt', 'confirmed', 'refused')),
    CONSTRAINT gtin_binding_judged_whole CHECK (
        (state = 'learnt') = (judged_by IS NULL)
        AND (state = 'learnt') = (judged_clinic_id IS NULL)
        AND (state = 'learnt') = (judged_at IS NULL)
    ),
    CONSTRAINT gtin_binding_units_positive CHECK (units_per_pack > 0),
    -- Fourteen digits, of which the last makes the threefold of every other one and the rest a multiple of ten.
    CONSTRAINT gtin_binding_check_digit CHECK (
        CASE WHEN gtin ~ '^[0-9]{14}$' THEN (
            3 * (
                substr(gtin, 1, 1)::integer + substr(gtin, 3, 1)::integer + substr(gtin, 5, 1)::integer
                + substr(gtin, 7, 1)::integer + substr(gtin, 9, 1)::integer + substr(gtin, 11, 1)::integer
                + substr(gtin, 13, 1)::integer
            )
            + substr(gtin, 2, 1)::integer + substr(gtin, 4, 1)::integer + substr(gtin, 6, 1)::integer
            + substr(gtin, 8, 1)::integer + substr(gtin, 10, 1)::integer + substr(gtin, 12, 1)::integer
            + substr(gtin, 14, 1)::integer
        ) % 10 = 0 ELSE false END
    )
);
COMMENT ON TABLE gtin_binding IS 'Which product a GTIN is, where it is not the pack''s code: learnt from a person, then looked at by a pharmacist. The clinics of a cell share it; earlier words stand in the outbox';
GRANT SELECT, INSERT, UPDATE ON gtin_binding TO :app_role;
