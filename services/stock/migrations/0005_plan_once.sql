-- The one door planned its statements anew at every call, for the arrays of just that call: half of what it cost.

ALTER FUNCTION post_movements(
    uuid, uuid, text, uuid, timestamptz, uuid[], text[], text[], integer[], uuid[], text[], bigint[]
) SET plan_cache_mode = force_generic_plan;
