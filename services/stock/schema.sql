-- Stock: the registry, the catalogue, lots and their ledger, reservations and transfers.
-- Every table with a clinic is under row-level security, forced: one wall; the ids in each statement: the other.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The registry

CREATE TABLE clinic (
    clinic_id uuid NOT NULL,
    name text NOT NULL,
    phone text,
    CONSTRAINT clinic_pkey PRIMARY KEY (clinic_id),
    CONSTRAINT clinic_name_key UNIQUE (name)
);

CREATE TABLE neighbour (
    clinic_id uuid NOT NULL,
    name text NOT NULL,
    heard_at timestamptz NOT NULL,
    CONSTRAINT neighbour_pkey PRIMARY KEY (clinic_id)
);
COMMENT ON TABLE neighbour IS 'Clinics that have announced themselves on the network, this cell''s own among them';

CREATE TABLE partnership (
    partnership_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    pharmacy_id uuid NOT NULL,
    name text NOT NULL,
    from_on date NOT NULL,
    until_on date,
    CONSTRAINT partnership_pkey PRIMARY KEY (partnership_id),
    CONSTRAINT partnership_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinic (clinic_id),
    CONSTRAINT partnership_days CHECK (until_on IS NULL OR until_on >= from_on)
);
CREATE INDEX partnership_pharmacy_idx ON partnership (clinic_id, pharmacy_id);

CREATE TABLE person (
    person_id uuid NOT NULL,
    sign_in_name text NOT NULL,
    display_name text NOT NULL,
    password_hash text,
    failed_sign_ins integer NOT NULL DEFAULT 0,
    last_failed_at timestamptz,
    CONSTRAINT person_pkey PRIMARY KEY (person_id),
    CONSTRAINT person_sign_in_name_key UNIQUE (sign_in_name)
);
COMMENT ON TABLE person IS 'People who work at the clinics and pharmacies; never a patient';

CREATE TABLE session (
    session_id uuid NOT NULL,
    person_id uuid NOT NULL,
    use text NOT NULL,
    label text NOT NULL,
    started_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (session_id),
    CONSTRAINT session_person_fkey FOREIGN KEY (person_id) REFERENCES person (person_id),
    CONSTRAINT session_use_known CHECK (use IN ('page', 'program')),
    CONSTRAINT session_sign_in_short CHECK (use <> 'page' OR ends_at <= started_at + interval '16 hours')
);
CREATE INDEX session_person_idx ON session (person_id);

CREATE TABLE ended_session (
    session_id uuid NOT NULL,
    ended_at timestamptz NOT NULL,
    CONSTRAINT ended_session_pkey PRIMARY KEY (session_id)
);

CREATE TABLE decision (
    decision_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    body text NOT NULL,
    text text NOT NULL,
    decided_on date NOT NULL,
    consensus boolean NOT NULL,
    votes_for integer,
    votes_against integer,
    votes_blank integer,
    dissent text,
    reevaluate_on date NOT NULL,
    recorded_by uuid,
    recorded_at timestamptz NOT NULL,
    reevaluates uuid,
    CONSTRAINT decision_pkey PRIMARY KEY (decision_id),
    CONSTRAINT decision_clinic_key UNIQUE (clinic_id, decision_id),
    CONSTRAINT decision_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinic (clinic_id),
    CONSTRAINT decision_reevaluates_fkey FOREIGN KEY (clinic_id, reevaluates)
        REFERENCES decision (clinic_id, decision_id),
    CONSTRAINT decision_votes_unless_consensus CHECK (
        (consensus AND votes_for IS NULL AND votes_against IS NULL AND votes_blank IS NULL)
        OR (NOT consensus AND votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0
            AND votes_for > votes_against)
    ),
    CONSTRAINT decision_reevaluated_later CHECK (reevaluate_on >= decided_on)
);
COMMENT ON TABLE decision IS 'What an assembly decided: by consensus, or by votes with the dissent recorded';
COMMENT ON COLUMN decision.reevaluates IS 'The earlier decision that this one looks at again';
CREATE INDEX decision_clinic_idx ON decision (clinic_id, decided_on);
CREATE INDEX decision_reevaluates_idx ON decision (clinic_id, reevaluates);

CREATE TABLE delegation (
    delegation_id uuid NOT NULL,
    delegate_id uuid NOT NULL,
    role text NOT NULL,
    place_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    decision_id uuid NOT NULL,
    from_on date NOT NULL,
    until_on date NOT NULL,
    ended_at timestamptz,
    CONSTRAINT delegation_pkey PRIMARY KEY (delegation_id),
    CONSTRAINT delegation_delegate_fkey FOREIGN KEY (delegate_id) REFERENCES person (person_id),
    CONSTRAINT delegation_decision_fkey FOREIGN KEY (clinic_id, decision_id)
        REFERENCES decision (clinic_id, decision_id),
    CONSTRAINT delegation_role_known CHECK (role IN (
        'partner_pharmacist', 'clinic_pharmacist', 'counter_volunteer', 'transfers_delegate', 'secretary',
        'auditor', 'decisions_delegate'
    )),
    CONSTRAINT delegation_days CHECK (until_on >= from_on)
);
COMMENT ON TABLE delegation IS 'A role (the issue) at a clinic or pharmacy (the space) from a day until a day (the time), by a clinic''s decision. Read before a clinic is known, so under no clinic policy';
CREATE INDEX delegation_delegate_idx ON delegation (delegate_id, place_id);
CREATE INDEX delegation_clinic_idx ON delegation (clinic_id, until_on);

CREATE TABLE policy (
    clinic_id uuid NOT NULL,
    name text NOT NULL,
    value jsonb NOT NULL,
    decision_id uuid NOT NULL,
    CONSTRAINT policy_pkey PRIMARY KEY (clinic_id, name),
    CONSTRAINT policy_decision_fkey FOREIGN KEY (clinic_id, decision_id)
        REFERENCES decision (clinic_id, decision_id)
);
COMMENT ON TABLE policy IS 'What is in force, with the decision that made it; earlier values stand in the outbox';

-- The catalogue

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
CREATE INDEX product_name_idx ON product USING hash (name);
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
    CONSTRAINT pack_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
    CONSTRAINT pack_units_positive CHECK (units_per_pack > 0)
);
COMMENT ON TABLE pack IS 'Codes on packs, as text: some begin with 0';

CREATE TABLE open_row (
    source text NOT NULL,
    row_number integer NOT NULL,
    text text NOT NULL,
    missing text NOT NULL,
    row_key uuid NOT NULL DEFAULT gen_random_uuid(),
    gaps jsonb NOT NULL DEFAULT '[]',
    known jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT open_row_pkey PRIMARY KEY (row_key)
);
CREATE INDEX open_row_source_idx ON open_row (source, row_number);
COMMENT ON TABLE open_row IS 'Rows of an imported catalogue that a person has to complete';
COMMENT ON COLUMN open_row.row_key IS 'Derived from the pack''s code, else from what the row says: the same in a newer file';
COMMENT ON COLUMN open_row.gaps IS 'Each reason with what the row says there';
COMMENT ON COLUMN open_row.known IS 'What could be read, as in services.stock.catalogue.facts.PackFacts';

CREATE TABLE product_correction (
    correction_id uuid NOT NULL,
    product_id uuid NOT NULL,
    row_key uuid,
    facts jsonb NOT NULL,
    reason text NOT NULL,
    corrected_by uuid NOT NULL,
    corrected_for uuid NOT NULL,
    corrected_at timestamptz NOT NULL,
    CONSTRAINT product_correction_pkey PRIMARY KEY (correction_id),
    CONSTRAINT product_correction_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
    CONSTRAINT product_correction_row_key UNIQUE (row_key)
);
CREATE INDEX product_correction_product_idx ON product_correction (product_id, corrected_at);
COMMENT ON TABLE product_correction IS 'What pharmacists said of products, in its order: put over whatever a source says';
COMMENT ON COLUMN product_correction.row_key IS 'The open row that was completed by it';
COMMENT ON COLUMN product_correction.corrected_for IS 'The clinic whose pharmacist said it; the catalogue is the cell''s';

CREATE TABLE product_override (
    clinic_id uuid NOT NULL,
    product_id uuid NOT NULL,
    controlled boolean,
    substitution_group text,
    judged_by uuid NOT NULL,
    judged_at timestamptz NOT NULL,
    reason text NOT NULL,
    CONSTRAINT product_override_pkey PRIMARY KEY (clinic_id, product_id),
    CONSTRAINT product_override_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
    CONSTRAINT product_override_never_loosens CHECK (controlled IS NULL OR controlled)
);
COMMENT ON COLUMN product_override.controlled IS 'A clinic can call a product controlled, never the other way round';

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
    reason text,
    CONSTRAINT gtin_binding_pkey PRIMARY KEY (gtin),
    CONSTRAINT gtin_binding_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
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
CREATE INDEX gtin_binding_waiting_idx ON gtin_binding (learnt_at) WHERE state = 'learnt';
GRANT SELECT, INSERT, UPDATE ON gtin_binding TO :app_role;

-- Lots and the ledger

CREATE TABLE lot (
    lot_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    product_id uuid NOT NULL,
    batch text,
    expires_on date NOT NULL,
    opened boolean NOT NULL,
    place text,
    held_at timestamptz,
    held_reason text,
    -- what came in
    donated bigint NOT NULL DEFAULT 0,
    received_from_clinic bigint NOT NULL DEFAULT 0,
    found bigint NOT NULL DEFAULT 0,
    recast_in bigint NOT NULL DEFAULT 0,
    -- what is inside
    quarantine bigint NOT NULL DEFAULT 0,
    shelf bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0,
    in_transit bigint NOT NULL DEFAULT 0,
    -- what is gone
    dispensed bigint NOT NULL DEFAULT 0,
    sent bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    destroyed bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    recast_out bigint NOT NULL DEFAULT 0,
    CONSTRAINT lot_pkey PRIMARY KEY (lot_id),
    CONSTRAINT lot_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES clinic (clinic_id),
    CONSTRAINT lot_product_fkey FOREIGN KEY (product_id) REFERENCES product (product_id),
    CONSTRAINT lot_identity_key UNIQUE NULLS NOT DISTINCT (clinic_id, product_id, batch, expires_on, opened),
    CONSTRAINT lot_clinic_key UNIQUE (clinic_id, lot_id),
    CONSTRAINT lot_sources_not_negative CHECK (
        donated >= 0 AND received_from_clinic >= 0 AND found >= 0 AND recast_in >= 0
    ),
    CONSTRAINT lot_units_not_negative CHECK (
        quarantine >= 0 AND shelf >= 0 AND reserved >= 0 AND in_transit >= 0
    ),
    CONSTRAINT lot_ends_not_negative CHECK (
        dispensed >= 0 AND sent >= 0 AND expired >= 0 AND destroyed >= 0 AND lost >= 0 AND recast_out >= 0
    ),
    CONSTRAINT lot_balanced CHECK (
        donated + received_from_clinic + found + recast_in
        = quarantine + shelf + reserved + in_transit
        + dispensed + sent + expired + destroyed + lost + recast_out
    ),
    CONSTRAINT lot_held_with_reason CHECK ((held_at IS NULL) = (held_reason IS NULL))
);
COMMENT ON TABLE lot IS 'Units of one product, batch, expiry and condition at one clinic. Balances are changed by post_movements alone';
-- A lot that is used up isn't looked at when units are sought.
CREATE INDEX lot_shelf_idx ON lot (clinic_id, product_id, expires_on, lot_id) WHERE shelf > 0;
CREATE INDEX lot_inside_idx ON lot (clinic_id, expires_on, lot_id)
    WHERE quarantine + shelf + reserved + in_transit > 0;

CREATE TABLE movement (
    movement_id bigint GENERATED ALWAYS AS IDENTITY,
    clinic_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    from_account text NOT NULL,
    to_account text NOT NULL,
    units integer NOT NULL,
    operation_id uuid NOT NULL,
    business_step text NOT NULL,
    cause_id uuid,
    reverses bigint,
    reason text,
    person_id uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT movement_pkey PRIMARY KEY (movement_id),
    CONSTRAINT movement_lot_fkey FOREIGN KEY (clinic_id, lot_id) REFERENCES lot (clinic_id, lot_id),
    CONSTRAINT movement_reverses_fkey FOREIGN KEY (reverses) REFERENCES movement (movement_id),
    CONSTRAINT movement_reversed_once_key UNIQUE (reverses),
    CONSTRAINT movement_units_positive CHECK (units > 0),
    -- Forward, units go from a source inside, from one place inside to another, or from inside to an end;
    -- a reversal goes the opposite way, and the door checks that it mirrors what it reverses.
    CONSTRAINT movement_accounts_known CHECK (
        from_account <> to_account
        AND CASE WHEN reverses IS NULL THEN from_account ELSE to_account END IN (
            'donated', 'received_from_clinic', 'found', 'recast',
            'quarantine', 'shelf', 'reserved', 'in_transit'
        )
        AND CASE WHEN reverses IS NULL THEN to_account ELSE from_account END IN (
            'quarantine', 'shelf', 'reserved', 'in_transit',
            'dispensed', 'sent', 'expired', 'destroyed', 'lost', 'recast'
        )
        AND (
            from_account IN ('quarantine', 'shelf', 'reserved', 'in_transit')
            OR to_account IN ('quarantine', 'shelf', 'reserved', 'in_transit')
        )
    )
);
COMMENT ON TABLE movement IS 'The ledger: units of one lot from one account to another. Rows are only ever added, by post_movements';
COMMENT ON COLUMN movement.business_step IS 'GS1 EPCIS business step: accepting, storing, holding, reserving, dispensing, shipping, receiving, destroying, cycle_counting';
COMMENT ON COLUMN movement.cause_id IS 'The donated line, reservation reference or transfer that it was for';
CREATE INDEX movement_lot_idx ON movement (lot_id, movement_id);
CREATE INDEX movement_operation_idx ON movement (operation_id);
-- A donated line becomes units once, whatever is repeated.
CREATE UNIQUE INDEX movement_donated_once_key ON movement (cause_id)
    WHERE from_account = 'donated' AND reverses IS NULL;

-- The one door. Locks the lots in the order (expiry, lot id), writes the movements, applies their sums to the
-- balances, and raises unless every lot belongs to the named clinic and was changed. p_reverses names the
-- movement that each one mirrors, or NULL.
CREATE FUNCTION post_movements(
    p_clinic_id uuid, p_operation_id uuid, p_business_step text, p_person_id uuid, p_recorded_at timestamptz,
    p_lot_ids uuid[], p_from_accounts text[], p_to_accounts text[], p_units integer[],
    p_cause_ids uuid[], p_reasons text[], p_reverses bigint[]
) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp -- last, so that a temporary table called `lot` is not ours
SET plan_cache_mode = force_generic_plan -- a plan for just these arrays costs more than all it does
AS $$
DECLARE
    v_lots integer := (SELECT count(DISTINCT lot_id) FROM unnest(p_lot_ids) AS given (lot_id));
    v_changed integer;
BEGIN
    IF p_clinic_id IS DISTINCT FROM nullif(current_setting('app.clinic', true), '')::uuid THEN
        RAISE EXCEPTION 'movements of clinic % in a transaction of another', p_clinic_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;

    PERFORM 1
    FROM lot
    WHERE clinic_id = p_clinic_id AND lot_id = ANY (p_lot_ids)
    ORDER BY expires_on, lot_id
    FOR UPDATE;

    INSERT INTO movement (clinic_id, lot_id, from_account, to_account, units, operation_id, business_step,
                          cause_id, reverses, reason, person_id, recorded_at)
    SELECT p_clinic_id, lot_id, from_account, to_account, units, p_operation_id, p_business_step,
           cause_id, reverses, reason, p_person_id, p_recorded_at
    FROM unnest(p_lot_ids, p_from_accounts, p_to_accounts, p_units, p_cause_ids, p_reasons, p_reverses)
        WITH ORDINALITY AS given (lot_id, from_account, to_account, units, cause_id, reason, reverses, place)
    ORDER BY place;

    IF EXISTS (
        SELECT
        FROM unnest(p_lot_ids, p_from_accounts, p_to_accounts, p_units, p_reverses)
            AS given (lot_id, from_account, to_account, units, reverses)
        LEFT JOIN movement AS first
            ON first.movement_id = given.reverses
            AND first.clinic_id = p_clinic_id
            AND first.lot_id = given.lot_id
            AND first.from_account = given.to_account
            AND first.to_account = given.from_account
            AND first.units = given.units
            AND first.reverses IS NULL
        WHERE given.reverses IS NOT NULL AND first.movement_id IS NULL
    ) THEN
        RAISE EXCEPTION 'a reversal does not mirror the movement that it names' USING ERRCODE = 'check_violation';
    END IF;

    IF (
        SELECT coalesce(sum(CASE WHEN to_account = 'recast' THEN units END), 0)
            <> coalesce(sum(CASE WHEN from_account = 'recast' THEN units END), 0)
        FROM unnest(p_from_accounts, p_to_accounts, p_units) AS given (from_account, to_account, units)
    ) THEN
        RAISE EXCEPTION 'what is recast out of lots and into lots differs' USING ERRCODE = 'check_violation';
    END IF;

    -- A forward movement into `recast` is one end, out of it one source; a reversal takes back the same column.
    UPDATE lot
    SET donated = lot.donated + change.donated,
        received_from_clinic = lot.received_from_clinic + change.received_from_clinic,
        found = lot.found + change.found,
        recast_in = lot.recast_in + change.recast_in,
        quarantine = lot.quarantine + change.quarantine,
        shelf = lot.shelf + change.shelf,
        reserved = lot.reserved + change.reserved,
        in_transit = lot.in_transit + change.in_transit,
        dispensed = lot.dispensed + change.dispensed,
        sent = lot.sent + change.sent,
        expired = lot.expired + change.expired,
        destroyed = lot.destroyed + change.destroyed,
        lost = lot.lost + change.lost,
        recast_out = lot.recast_out + change.recast_out
    FROM (
        SELECT lot_id,
               coalesce(-sum(delta) FILTER (WHERE account = 'donated'), 0) AS donated,
               coalesce(-sum(delta) FILTER (WHERE account = 'received_from_clinic'), 0) AS received_from_clinic,
               coalesce(-sum(delta) FILTER (WHERE account = 'found'), 0) AS found,
               coalesce(-sum(delta) FILTER (WHERE account = 'recast' AND source), 0) AS recast_in,
               coalesce(sum(delta) FILTER (WHERE account = 'quarantine'), 0) AS quarantine,
               coalesce(sum(delta) FILTER (WHERE account = 'shelf'), 0) AS shelf,
               coalesce(sum(delta) FILTER (WHERE account = 'reserved'), 0) AS reserved,
               coalesce(sum(delta) FILTER (WHERE account = 'in_transit'), 0) AS in_transit,
               coalesce(sum(delta) FILTER (WHERE account = 'dispensed'), 0) AS dispensed,
               coalesce(sum(delta) FILTER (WHERE account = 'sent'), 0) AS sent,
               coalesce(sum(delta) FILTER (WHERE account = 'expired'), 0) AS expired,
               coalesce(sum(delta) FILTER (WHERE account = 'destroyed'), 0) AS destroyed,
               coalesce(sum(delta) FILTER (WHERE account = 'lost'), 0) AS lost,
               coalesce(sum(delta) FILTER (WHERE account = 'recast' AND NOT source), 0) AS recast_out
        FROM (
            SELECT lot_id, from_account AS account, -units AS delta, reverses IS NULL AS source
            FROM unnest(p_lot_ids, p_from_accounts, p_units, p_reverses)
                AS given (lot_id, from_account, units, reverses)
            UNION ALL
            SELECT lot_id, to_account, units, reverses IS NOT NULL
            FROM unnest(p_lot_ids, p_to_accounts, p_units, p_reverses)
                AS given (lot_id, to_account, units, reverses)
        ) AS leg
        GROUP BY lot_id
    ) AS change
    WHERE lot.lot_id = change.lot_id AND lot.clinic_id = p_clinic_id;

    GET DIAGNOSTICS v_changed = ROW_COUNT;
    IF v_changed <> v_lots THEN
        RAISE EXCEPTION 'a lot is not of clinic %', p_clinic_id USING ERRCODE = 'foreign_key_violation';
    END IF;
END;
$$;

-- Reservations

CREATE TABLE request (
    request_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    parts integer NOT NULL,
    state text NOT NULL,
    CONSTRAINT request_pkey PRIMARY KEY (request_id),
    CONSTRAINT request_state_known CHECK (state IN ('arriving', 'answered', 'abandoned'))
);
COMMENT ON TABLE request IS 'Units that dispense asked for, allocated when all parts are in';

CREATE TABLE request_part (
    request_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    part integer NOT NULL,
    asked jsonb NOT NULL,
    CONSTRAINT request_part_pkey PRIMARY KEY (request_id, part),
    CONSTRAINT request_part_request_fkey FOREIGN KEY (request_id) REFERENCES request (request_id)
);

CREATE TABLE reservation (
    clinic_id uuid NOT NULL,
    reference uuid NOT NULL,
    lot_id uuid NOT NULL,
    holder text NOT NULL,
    request_id uuid NOT NULL,
    units integer NOT NULL,
    taken_units integer NOT NULL DEFAULT 0,
    released_units integer NOT NULL DEFAULT 0,
    CONSTRAINT reservation_pkey PRIMARY KEY (reference, lot_id),
    CONSTRAINT reservation_lot_fkey FOREIGN KEY (clinic_id, lot_id) REFERENCES lot (clinic_id, lot_id),
    CONSTRAINT reservation_holder_known CHECK (holder IN ('visit_line', 'transfer')),
    CONSTRAINT reservation_units_positive CHECK (units > 0),
    CONSTRAINT reservation_not_overdrawn CHECK (
        taken_units >= 0 AND released_units >= 0 AND taken_units + released_units <= units
    )
);
COMMENT ON TABLE reservation IS 'Units of a lot set apart under an opaque reference; only their holder takes them out of reserved';
CREATE INDEX reservation_lot_idx ON reservation (lot_id);
CREATE INDEX reservation_request_idx ON reservation (request_id);

-- Transfers: each clinic has its own row of a transfer, also within one cell.

CREATE TABLE transfer (
    transfer_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    side_id uuid NOT NULL,
    side text NOT NULL,
    other_clinic_id uuid NOT NULL,
    state text NOT NULL,
    note text,
    reason text,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT transfer_pkey PRIMARY KEY (clinic_id, transfer_id),
    CONSTRAINT transfer_side_id_key UNIQUE (side_id),
    CONSTRAINT transfer_side_known CHECK (side IN ('asking', 'sending')),
    CONSTRAINT transfer_state_known CHECK (
        state IN ('requested', 'agreed', 'declined', 'shipped', 'received', 'closed')
    ),
    CONSTRAINT transfer_between_two CHECK (clinic_id <> other_clinic_id)
);
COMMENT ON COLUMN transfer.side_id IS 'The aggregate under which this side tells its events';

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

CREATE TABLE transfer_line (
    clinic_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    line_number integer NOT NULL,
    product_codes text[] NOT NULL,
    product_name text NOT NULL,
    asked_units integer NOT NULL,
    agreed_units integer,
    reason text,
    CONSTRAINT transfer_line_pkey PRIMARY KEY (clinic_id, transfer_id, line_number),
    CONSTRAINT transfer_line_transfer_fkey FOREIGN KEY (clinic_id, transfer_id)
        REFERENCES transfer (clinic_id, transfer_id),
    CONSTRAINT transfer_line_units CHECK (
        asked_units > 0 AND (agreed_units IS NULL OR agreed_units BETWEEN 0 AND asked_units)
    )
);

CREATE TABLE transfer_lot (
    clinic_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    lot_number integer NOT NULL,
    line_number integer NOT NULL,
    product_codes text[] NOT NULL,
    product_name text NOT NULL,
    batch text,
    expires_on date NOT NULL,
    opened boolean NOT NULL,
    lot_id uuid,
    shipped_units integer NOT NULL,
    counted_units integer,
    CONSTRAINT transfer_lot_pkey PRIMARY KEY (clinic_id, transfer_id, lot_number),
    CONSTRAINT transfer_lot_line_fkey FOREIGN KEY (clinic_id, transfer_id, line_number)
        REFERENCES transfer_line (clinic_id, transfer_id, line_number),
    CONSTRAINT transfer_lot_lot_fkey FOREIGN KEY (clinic_id, lot_id) REFERENCES lot (clinic_id, lot_id),
    CONSTRAINT transfer_lot_units CHECK (shipped_units > 0 AND counted_units >= 0)
);
COMMENT ON COLUMN transfer_lot.lot_id IS 'This clinic''s own lot; null at the receiving side until it has counted';

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

-- Walls between clinics

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY[
        'decision', 'policy', 'product_override', 'lot', 'movement', 'request', 'request_part', 'reservation',
        'transfer', 'transfer_step', 'transfer_line', 'transfer_lot', 'surplus'
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

-- What the application may do. It has no right to write movements or balances, and none to delete.

GRANT SELECT, INSERT, UPDATE ON
    clinic, neighbour, partnership, person, session, ended_session, delegation, policy, product, pack,
    product_override, request, reservation, transfer, transfer_line, transfer_lot, surplus, neighbour_surplus
TO :app_role;
GRANT SELECT, INSERT ON decision, request_part, transfer_step, product_correction TO :app_role;
GRANT SELECT, INSERT, DELETE ON open_row TO :app_role;
GRANT SELECT ON movement TO :app_role;
GRANT SELECT,
    INSERT (lot_id, clinic_id, product_id, batch, expires_on, opened, place),
    UPDATE (place, held_at, held_reason)
ON lot TO :app_role;
REVOKE ALL ON FUNCTION post_movements FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post_movements TO :app_role;
