-- What a clinic could do without, said of each lot by its people; and what the clinics on the network have said.

CREATE TABLE surplus (
    surplus_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    units integer NOT NULL,
    offered_by uuid NOT NULL,
    offered_at timestamptz NOT NULL,
    CONSTRAINT surplus_pkey PRIMARY KEY (clinic_id, lot_id),
    CONSTRAINT surplus_surplus_id_key UNIQUE (surplus_id),
    CONSTRAINT surplus_lot_fkey FOREIGN KEY (clinic_id, lot_id) REFERENCES lot (clinic_id, lot_id),
    CONSTRAINT surplus_units_not_negative CHECK (units >= 0)
);
COMMENT ON TABLE surplus IS 'How many units of a lot other clinics may have: never more than are on its shelf; 0: none any more';
COMMENT ON COLUMN surplus.surplus_id IS 'The aggregate under which it is told';
CREATE INDEX surplus_there_idx ON surplus (clinic_id) WHERE units > 0;
ALTER TABLE surplus ENABLE ROW LEVEL SECURITY;
ALTER TABLE surplus FORCE ROW LEVEL SECURITY;
CREATE POLICY surplus_clinic ON surplus USING (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

CREATE TABLE neighbour_surplus (
    clinic_id uuid NOT NULL,
    surplus_id uuid NOT NULL,
    product_codes text[] NOT NULL,
    product_name text NOT NULL,
    expires_on date NOT NULL,
    opened boolean NOT NULL,
    units integer NOT NULL,
    CONSTRAINT neighbour_surplus_pkey PRIMARY KEY (clinic_id, surplus_id),
    CONSTRAINT neighbour_surplus_units_not_negative CHECK (units >= 0)
);
COMMENT ON TABLE neighbour_surplus IS 'What clinics on the network said that others may have, this cell''s own among them; 0: none any more';
CREATE INDEX neighbour_surplus_there_idx ON neighbour_surplus (expires_on) WHERE units > 0;

-- A product that another clinic names without a code is found by its name. By hash, for a name may be long.
CREATE INDEX product_name_idx ON product USING hash (name);

GRANT SELECT, INSERT, UPDATE ON surplus, neighbour_surplus TO :app_role;
