-- A temporary table is found first unless the path names its schema: one called like the ledger's own would be
-- read and written by the door instead. No role of a service may make one; the door doesn't rely on that.
ALTER FUNCTION post_movements SET search_path = pg_catalog, public, pg_temp;
