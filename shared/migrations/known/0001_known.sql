-- What a service knows of stock's registry and catalogue, built from its events. In stock the same tables are
-- the record itself, with at least these columns; so the code that reads them is one.

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
    CONSTRAINT product_pkey PRIMARY KEY (product_id)
);
CREATE INDEX product_group_idx ON product (substitution_group);
COMMENT ON COLUMN product.facts IS 'The whole product as in shared.catalogue.Product';

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
