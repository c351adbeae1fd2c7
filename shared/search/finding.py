"""Products for what was typed: first the words of the catalogue that are like it, then the products that have them.

Trigrams choose among words, of which there are far fewer than products; likeness is then told letter by letter.
Everything is ordered to the last tie, so that the same question has the same answer.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct
from stdnum import ean

from shared.catalogue import Product
from shared.database import Sql
from shared.search.closeness import Found
from shared.search.folding import beginnings, mended
from shared.search.ranking import (
    CANDIDATE_SETS,
    PLACES,
    Common,
    Ranking,
    Words,
    by_commonness,
    half_typed,
    how_found,
    rankings,
    words_meant,
    words_near,
)
from shared.search.reading import Typed, read_typed
from shared.search.tokens import FURTHER_WORD, GREEK, SEARCH_VERSION, tokens_of

# Which words are worth a look: too low a similarity costs time, too high a one loses short words with a slip.
LEAST_SIMILARITY = ((9, "0.3"), (1000, "0.36"))
SET_FOR_THIS_SEARCH = """
SELECT set_config('pg_trgm.word_similarity_threshold', $1, true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
# Words that begin with what was typed, hold it, or are like it; the last only where the very word isn't there.
# A word that was typed in part may begin others in several ways: $3, with a space between.
SIMILAR_WORDS = """
SELECT typed.word AS typed, similar_word.word
FROM unnest($1::text[], $3::text[]) AS typed (word, beginnings)
CROSS JOIN LATERAL (
    (
        SELECT search_word.word
        FROM unnest(string_to_array(typed.beginnings, ' ')) AS begins (letters)
        JOIN search_word
            ON search_word.word >= begins.letters COLLATE "C" AND search_word.word < (begins.letters || '~') COLLATE "C"
        ORDER BY length(search_word.word), search_word.word
        LIMIT $2
    )
    UNION
    (
        SELECT search_word.word
        FROM search_word
        WHERE length(typed.word) >= 3 AND search_word.word LIKE '%' || typed.word || '%'
        ORDER BY length(search_word.word), search_word.word
        LIMIT $2
    )
    UNION
    (
        SELECT search_word.word
        FROM search_word
        WHERE length(typed.word) >= 3
            AND NOT EXISTS (SELECT FROM search_word AS same WHERE same.word = typed.word)
            AND typed.word <% search_word.word
        ORDER BY word_similarity(typed.word, search_word.word) DESC, search_word.word
        LIMIT $2
    )
) AS similar_word
"""
SIMILAR_WORDS_AT_MOST = 60
COMMON_WORDS = """
SELECT given.word,
       (SELECT count(*) FROM (
           SELECT FROM product
           WHERE product.search_tokens && string_to_array(given.tokens, ' ') AND product.search_tokens @> $3::text[]
           LIMIT $4
       ) AS greek_product) AS greek,
       (SELECT count(*) FROM (
           SELECT FROM product WHERE product.search_tokens && string_to_array(given.tokens, ' ') LIMIT $4
       ) AS any_product) AS every
FROM unnest($1::text[], $2::text[]) AS given (word, tokens)
"""
COUNTED_AT_MOST = 50
MENDED_WORDS = "SELECT word FROM search_word WHERE word = ANY($1::text[]) ORDER BY word"
MEND_BELOW = 0.8

RANKED = """
WITH slot AS MATERIALIZED (
    SELECT string_to_array(given.tokens, ' ') AS tokens, given.weight
    FROM unnest($1::text[], $2::float8[]) AS given (tokens, weight)
)
SELECT product.product_id, product.search_tokens,
       (SELECT round(sum(slot.weight)::numeric, 4) FROM slot WHERE product.search_tokens && slot.tokens) AS score
FROM product
WHERE product.search_tokens && $3::text[] AND product.search_tokens && $4::text[]
    AND product.search_tokens && $5::text[] AND product.search_tokens && $6::text[]
ORDER BY score DESC NULLS LAST, product.name, product.product_id
LIMIT $7
"""

PRODUCT_OF_CODE = "SELECT product_id FROM pack WHERE code = $1"
EOF_CODE_DIGITS, EAN_DIGITS, GTIN_DIGITS = 9, 13, 14


class Match(Struct, frozen=True):
    """`score`: 1 where every word was found as typed; amounts and forms that fit, and being sold here, add a little."""

    product_id: UUID
    score: float
    match: Found


async def found(sql: Sql, text: str, most: int) -> list[Match]:
    """The products that fit what was typed, best first; a whole code gives its product alone. Within a transaction."""
    code = _code(text)
    if code is not None:
        product_id = await sql.fetchval(PRODUCT_OF_CODE, code)
        return [Match(product_id, 1.0, Found.EXACT)] if product_id is not None else []
    typed = read_typed(text)
    meant = await _words_meant(sql, typed)
    matches: list[Match] = []
    for ranking in rankings(typed, meant):
        rows = await _ranked(sql, ranking, most)
        matches = [
            Match(row["product_id"], float(row["score"]), how_found(typed, meant, row["search_tokens"])) for row in rows
        ]
        if len(matches) == most and matches[-1].score > ranking.beyond:
            break
    return matches


def _code(text: str) -> str | None:
    """The pack code, if a whole one was typed: 13 digits, 14 with a 0 before them, or the EOF's nine."""
    digits = "".join(text.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == EOF_CODE_DIGITS:
        return f"280{digits}{ean.calc_check_digit('280' + digits)}"
    if len(digits) == GTIN_DIGITS and digits[0] == "0":
        return digits[1:]
    return digits if len(digits) == EAN_DIGITS else None


async def _words_meant(sql: Sql, typed: Typed) -> dict[str, Words]:
    """For each typed word those of the catalogue that it may stand for, best first."""
    if not typed.words:
        return {}
    shortest = min(map(len, typed.words))
    least = next(least for letters, least in LEAST_SIMILARITY if shortest <= letters)
    await sql.execute(SET_FOR_THIS_SEARCH, least)
    begins = {word: beginnings(typed.spelled[word]) for word in typed.words}
    looked_up = [" ".join(dict.fromkeys((*begins[word], word))) for word in typed.words]
    rows = await sql.fetch(SIMILAR_WORDS, list(typed.words), SIMILAR_WORDS_AT_MOST, looked_up)
    similar = {word: [row["word"] for row in rows if row["typed"] == word] for word in typed.words}
    near = {word: words_near(word, words, begins[word]) for word, words in similar.items()}
    near = await _commonest_first(sql, near)
    meant = {word: words_meant(word, words) for word, words in near.items()}
    for word, words in meant.items():
        if not words or words[0][0] < MEND_BELOW:
            meant[word] = await _with_mended(sql, typed.spelled[word], words)
    return meant


async def _commonest_first(sql: Sql, near: dict[str, Words]) -> dict[str, Words]:
    halves = {typed: half_typed(typed, words) for typed, words in near.items()}
    asked = sorted({word for words in halves.values() for word in words})
    if not asked:
        return near
    tokens = [" ".join(place + word for place in PLACES if place != FURTHER_WORD) for word in asked]
    rows = await sql.fetch(COMMON_WORDS, asked, tokens, [GREEK], COUNTED_AT_MOST)
    common = {row["word"]: Common(row["greek"], row["every"]) for row in rows}
    return {
        typed: by_commonness(typed, words, {word: common[word] for word in halves[typed]})
        for typed, words in near.items()
    }


async def _with_mended(sql: Sql, spelled: str, words: Words) -> Words:
    rows = await sql.fetch(MENDED_WORDS, list(mended(spelled)))
    mending = [row["word"] for row in rows]
    return [*((MEND_BELOW, word) for word in mending), *((near, word) for near, word in words if word not in mending)]


async def _ranked(sql: Sql, ranking: Ranking, most: int) -> list[asyncpg.Record]:
    if not all(ranking.candidates):
        return []
    # Fewer sets than the statement has: one of them twice changes nothing.
    sets: Sequence[Sequence[str]] = [*ranking.candidates, *(ranking.candidates[:1] * CANDIDATE_SETS)][:CANDIDATE_SETS]
    return await sql.fetch(
        RANKED,
        [" ".join(slot.tokens) for slot in ranking.slots],
        [slot.weight for slot in ranking.slots],
        *map(list, sets),
        most,
    )


# Products that were written before there was search, or under other rules of folding

STALE_AT_ONCE = 50
STALE = """
SELECT product_id, facts::text AS facts
FROM product
WHERE search_version <> $1
ORDER BY product_id
LIMIT $2
"""
KEEP_WORDS = """
INSERT INTO search_word (word)
SELECT given.word
FROM unnest($1::text[]) AS given (word)
WHERE NOT EXISTS (SELECT FROM search_word WHERE search_word.word = given.word)
ORDER BY given.word
ON CONFLICT (word) DO NOTHING
"""
# Whoever wrote the product meanwhile wrote its tokens too: theirs stay.
KEEP_TOKENS = """
UPDATE product
SET search_tokens = $2, search_version = $3
WHERE product_id = $1 AND search_version <> $3
"""


async def refresh_search_tokens(sql: Sql | asyncpg.Pool) -> int:
    """Write the tokens of all products that have none of today's; returns of how many.

    It may be repeated and broken off. `sql` is a pool, or a connection: each statement stands for itself.
    """
    refreshed = 0
    while rows := await sql.fetch(STALE, SEARCH_VERSION, STALE_AT_ONCE):
        made = [(row["product_id"], tokens_of(msgspec.json.decode(row["facts"], type=Product))) for row in rows]
        await sql.execute(KEEP_WORDS, sorted({word for _, given in made for word in given.words}))
        await sql.executemany(KEEP_TOKENS, [(product_id, given.tokens, SEARCH_VERSION) for product_id, given in made])
        refreshed += len(rows)
    return refreshed
