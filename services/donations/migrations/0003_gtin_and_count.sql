-- A line keeps the number that it was logged by, which a pharmacist may judge later; and what a check counted.

ALTER TABLE line
    ADD COLUMN gtin text,
    ADD COLUMN checked_units integer,
    -- Fourteen digits, of which the last makes the threefold of every other one and the rest a multiple of ten.
    ADD CONSTRAINT line_gtin_check_digit CHECK (
        gtin IS NULL OR CASE WHEN gtin ~ '^[0-9]{14}$' THEN (
            3 * (
                substr(gtin, 1, 1)::integer + substr(gtin, 3, 1)::integer + substr(gtin, 5, 1)::integer
                + substr(gtin, 7, 1)::integer + substr(gtin, 9, 1)::integer + substr(gtin, 11, 1)::integer
                + substr(gtin, 13, 1)::integer
            )
            + substr(gtin, 2, 1)::integer + substr(gtin, 4, 1)::integer + substr(gtin, 6, 1)::integer
            + substr(gtin, 8, 1)::integer + substr(gtin, 10, 1)::integer + substr(gtin, 12, 1)::integer
            + substr(gtin, 14, 1)::integer
        ) % 10 = 0 ELSE false END
    ),
    ADD CONSTRAINT line_checked_units_positive CHECK (checked_units > 0);
COMMENT ON COLUMN line.gtin IS 'The number on the box that it was logged by; null: it was logged by name, or before this was kept';
COMMENT ON COLUMN line.checked_units IS 'What a check counted, of whatever outcome; null: nobody counted anew';
