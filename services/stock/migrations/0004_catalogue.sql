-- Rows that a person completes keep what was read of them; what a pharmacist says of a product outlives imports.

ALTER TABLE open_row
    ADD COLUMN row_key uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN gaps jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN known jsonb NOT NULL DEFAULT '{}';
ALTER TABLE open_row DROP CONSTRAINT open_row_pkey;
ALTER TABLE open_row ADD CONSTRAINT open_row_pkey PRIMARY KEY (row_key);
CREATE INDEX open_row_source_idx ON open_row (source, row_number);
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
GRANT SELECT, INSERT ON product_correction TO :app_role;
