-- What search needs beside a product: tokens of a key that Python folds. Rows that are there already get them from
-- the service when it starts (shared.search), because SQL can't fold; until then they are only not found by name.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

ALTER TABLE product
    ADD COLUMN search_tokens text[] NOT NULL DEFAULT '{}',
    ADD COLUMN search_version integer NOT NULL DEFAULT 0;
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
