-- A command's first steps in one: its clinic for row-level security, its key, and an earlier answer. What was three
-- questions one after another costs less as one; what they guard against is the same.

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
