-- Which codes of its box a line was logged by: the second code of the same box makes no second line.

ALTER TABLE line
    ADD COLUMN scanned text,
    ADD CONSTRAINT line_scanned_known CHECK (scanned IN ('number', 'pack', 'both'));
COMMENT ON COLUMN line.scanned IS 'Which codes of the box were read: only its number, one with the expiry, or both; null: none, or before this was kept';
