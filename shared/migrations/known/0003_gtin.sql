-- GTINs that are not the code of a pack, as stock knows them.

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
