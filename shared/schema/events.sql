-- The tables that every service has: events out, events in, and commands already answered.
-- They carry no clinic's own matter and have no clinic policy.

CREATE TABLE outbox (
    number bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    subject text NOT NULL,
    clinic_id uuid,
    person_id uuid,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    published_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (number),
    CONSTRAINT outbox_event_id_key UNIQUE (event_id),
    CONSTRAINT outbox_aggregate_version_key UNIQUE (aggregate_id, version),
    CONSTRAINT outbox_version_positive CHECK (version > 0)
);
COMMENT ON TABLE outbox IS 'Events written in the transaction of their effect; the relay publishes them in the order of their number';

CREATE INDEX outbox_unpublished_idx ON outbox (number) WHERE published_at IS NULL;

CREATE TABLE outbox_aggregate (
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    CONSTRAINT outbox_aggregate_pkey PRIMARY KEY (aggregate_id)
);
COMMENT ON TABLE outbox_aggregate IS 'The last version of each aggregate; its row lock orders the numbers of the outbox';

CREATE TABLE outbox_stream (
    stream text NOT NULL,
    created_at text NOT NULL,
    CONSTRAINT outbox_stream_pkey PRIMARY KEY (stream)
);
COMMENT ON TABLE outbox_stream IS 'Which incarnation of a stream the relay has filled: a new one is filled again from the outbox';

CREATE TABLE inbox (
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (event_id)
);
COMMENT ON TABLE inbox IS 'Events of other services whose effect has been committed here';

CREATE TABLE inbox_aggregate (
    producer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    CONSTRAINT inbox_aggregate_pkey PRIMARY KEY (producer, aggregate_id)
);
COMMENT ON TABLE inbox_aggregate IS 'How far each aggregate of another service has been read';

CREATE TABLE inbox_waiting (
    event_id uuid NOT NULL,
    producer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    envelope bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    arrived_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_waiting_pkey PRIMARY KEY (event_id),
    CONSTRAINT inbox_waiting_reason_known CHECK (reason IN ('early', 'failed', 'fork'))
);
COMMENT ON TABLE inbox_waiting IS 'Events that came before their turn, could not be applied, or contradict what is known; nothing is dropped';

CREATE INDEX inbox_waiting_turn_idx ON inbox_waiting (producer, aggregate_id, version);

CREATE TABLE idempotency (
    person_id uuid NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_mac bytea NOT NULL,
    status smallint NOT NULL,
    answer jsonb NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (person_id, operation, key)
);
COMMENT ON TABLE idempotency IS 'Commands already carried out: status and ids of their answer, a keyed hash of the request; kept 60 days';

CREATE INDEX idempotency_answered_idx ON idempotency (answered_at);

-- Add events to the outbox, each with the next version of its aggregate. Aggregates are locked in the order of
-- their ids, so that two transactions never wait for one another; the identity number is taken under that lock.
CREATE FUNCTION outbox_append(
    p_event_ids uuid[], p_aggregate_ids uuid[], p_subjects text[], p_clinic_ids uuid[], p_person_ids uuid[],
    p_request_ids text[], p_data jsonb[], p_recorded_at timestamptz
) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, public
BEGIN ATOMIC
    WITH given AS (
        SELECT event_id, aggregate_id, subject, clinic_id, person_id, request_id, data, place,
               row_number() OVER (PARTITION BY aggregate_id ORDER BY place) AS step,
               count(*) OVER (PARTITION BY aggregate_id) AS steps
        FROM unnest(p_event_ids, p_aggregate_ids, p_subjects, p_clinic_ids, p_person_ids, p_request_ids, p_data)
            WITH ORDINALITY
            AS given (event_id, aggregate_id, subject, clinic_id, person_id, request_id, data, place)
    ),
    locked AS (
        INSERT INTO public.outbox_aggregate AS known (aggregate_id, version)
        SELECT aggregate_id, steps FROM given WHERE step = 1 ORDER BY aggregate_id
        ON CONFLICT (aggregate_id) DO UPDATE SET version = known.version + excluded.version
        RETURNING aggregate_id, version
    )
    INSERT INTO public.outbox (event_id, aggregate_id, version, subject, clinic_id, person_id, request_id,
                               recorded_at, data)
    SELECT given.event_id, given.aggregate_id, locked.version - given.steps + given.step, given.subject,
           given.clinic_id, given.person_id, given.request_id, p_recorded_at, given.data
    FROM given
    JOIN locked USING (aggregate_id)
    ORDER BY given.place;
END;

-- A command's first steps in one: its clinic for row-level security, its key, and an earlier answer.
-- `taken` is false while another transaction is carrying out the command of this key. The answer is looked for by a
-- statement of its own: it must see what the holder of the lock committed just before.
CREATE FUNCTION begin_command(
    p_clinic text, p_person_id uuid, p_operation text, p_key text,
    OUT taken boolean, OUT request_mac bytea, OUT status smallint, OUT answer text
)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('app.clinic', p_clinic, true);
    taken := pg_try_advisory_xact_lock(hashtextextended(p_person_id::text || p_operation || p_key, 0));
    IF taken THEN
        SELECT idempotency.request_mac, idempotency.status, idempotency.answer::text
        INTO begin_command.request_mac, begin_command.status, begin_command.answer
        FROM public.idempotency
        WHERE person_id = p_person_id AND operation = p_operation AND key = p_key;
    END IF;
END;
$$;

-- What to do with an event that arrived: 'apply' (and it is now marked as read), 'duplicate', 'early' or 'fork'.
-- The aggregate stays locked until the caller commits its effect.
CREATE FUNCTION inbox_take(p_producer text, p_event_id uuid, p_aggregate_id uuid, p_version integer) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
DECLARE
    v_last integer;
BEGIN
    INSERT INTO inbox_aggregate (producer, aggregate_id, version)
    VALUES (p_producer, p_aggregate_id, 0)
    ON CONFLICT (producer, aggregate_id) DO NOTHING;

    SELECT version INTO v_last
    FROM inbox_aggregate
    WHERE producer = p_producer AND aggregate_id = p_aggregate_id
    FOR UPDATE;

    IF EXISTS (SELECT FROM inbox WHERE event_id = p_event_id) THEN
        RETURN 'duplicate';
    ELSIF p_version <= v_last THEN
        RETURN 'fork';
    ELSIF p_version > v_last + 1 THEN
        RETURN 'early';
    END IF;

    INSERT INTO inbox (event_id) VALUES (p_event_id);
    UPDATE inbox_aggregate
    SET version = p_version
    WHERE producer = p_producer AND aggregate_id = p_aggregate_id;
    RETURN 'apply';
END;
$$;

-- The outbox is the record: only that a row was published is ever noted on it.
GRANT SELECT, INSERT, UPDATE (published_at) ON outbox TO :app_role;
GRANT SELECT, INSERT, UPDATE ON outbox_aggregate, outbox_stream, inbox_aggregate TO :app_role;
GRANT SELECT, INSERT ON inbox TO :app_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox_waiting TO :app_role;
GRANT SELECT, INSERT, DELETE ON idempotency TO :app_role;
