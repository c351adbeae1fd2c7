-- Packs that were logged from a scan with a serial.

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
