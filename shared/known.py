"""What a service knows of stock's registry and catalogue: the projection of its events, and reading it.

Stock's own tables have the same names and columns, so the reading half works there too.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from shared import search
from shared.catalogue import Product
from shared.database import Sql, Work
from shared.errors import NotFound
from shared.events import stock
from shared.ids import derived_id
from shared.inbox import Consumers
from shared.policies import Policies, policies_from

# Reading

POLICIES = "SELECT name, value::text AS value FROM policy WHERE clinic_id = $1 ORDER BY name"
# A product as this clinic sees it: the catalogue's word, unless the clinic decided otherwise.
PRODUCTS = """
SELECT product.product_id,
       product.facts::text AS facts,
       coalesce(product_override.controlled, product.controlled) AS controlled,
       coalesce(product_override.substitution_group, product.substitution_group) AS substitution_group
FROM product
LEFT JOIN product_override ON product_override.product_id = product.product_id AND product_override.clinic_id = $1
WHERE product.product_id = ANY($2)
ORDER BY product.product_id
"""
PRODUCT = PRODUCTS.replace("= ANY($2)", "= $2")
"""One of them: PostgreSQL plans this once, and anew at every question what asks for a list."""
# With what is in force at the clinic, for whoever judges an item: one question instead of two.
PRODUCT_AND_POLICIES = PRODUCT.replace(
    "SELECT",
    """
SELECT (SELECT coalesce(jsonb_object_agg(name, value), '{}')::text FROM policy WHERE clinic_id = $1) AS policies,
    """,
    1,
)
PRODUCT_OF_CODE = "SELECT product_id FROM pack WHERE code = $1"


class ProductNotKnown(NotFound):
    title = "There is no such product in the catalogue"
    detail = "Look for it by name; if it is missing, the person who runs this cell can add it."


class KnownProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as one clinic sees it."""

    product: Product
    controlled: bool
    substitution_group: str


class FoundProduct(KnownProduct, frozen=True, kw_only=True):
    """`match`: whether the words that were typed are its own, begin its own, or are only like them."""

    match: search.Found


async def policies_of(sql: Sql, clinic_id: UUID | None) -> Policies:
    """What is in force at a clinic; a policy that was never decided has its default."""
    rows = await sql.fetch(POLICIES, clinic_id)
    return policies_from({row["name"]: msgspec.json.decode(row["value"]) for row in rows})


async def products(sql: Sql, clinic_id: UUID | None, product_ids: Sequence[UUID]) -> dict[UUID, KnownProduct]:
    """The products as this clinic sees them, those that are known, by id."""
    rows = await sql.fetch(PRODUCTS, clinic_id, list(product_ids))
    return {row["product_id"]: _known(row) for row in rows}


async def product_of(sql: Sql, clinic_id: UUID | None, product_id: UUID) -> KnownProduct:
    """One product; raises ProductNotKnown."""
    row = await sql.fetchrow(PRODUCT, clinic_id, product_id)
    if row is None:
        raise ProductNotKnown
    return _known(row)


async def product_and_policies(sql: Sql, clinic_id: UUID | None, product_id: UUID) -> tuple[KnownProduct, Policies]:
    """One product, and the policies that it is judged by; raises ProductNotKnown."""
    row = await sql.fetchrow(PRODUCT_AND_POLICIES, clinic_id, product_id)
    if row is None:
        raise ProductNotKnown
    return _known(row), policies_from(msgspec.json.decode(row["policies"]))


async def product_id_of_code(sql: Sql, code: str) -> UUID:
    """The product of a pack's code; raises ProductNotKnown."""
    product_id = await sql.fetchval(PRODUCT_OF_CODE, code)
    if product_id is None:
        raise ProductNotKnown(code=code)
    return product_id


async def products_named(sql: Sql, clinic_id: UUID | None, text: str, most: int) -> list[FoundProduct]:
    """Products for what somebody typed, in whatever script, best first. Within a transaction."""
    matches = await search.found(sql, text, most)
    facts = await products(sql, clinic_id, [match.product_id for match in matches])
    return [FoundProduct(**msgspec.structs.asdict(facts[match.product_id]), match=match.match) for match in matches]


def _known(row: asyncpg.Record) -> KnownProduct:
    return KnownProduct(
        product=msgspec.json.decode(row["facts"], type=Product),
        controlled=row["controlled"],
        substitution_group=row["substitution_group"],
    )


# The projection

KEEP_CLINIC = """
INSERT INTO clinic (clinic_id, name, phone)
VALUES ($1, $2, $3)
ON CONFLICT (clinic_id) DO UPDATE SET name = excluded.name, phone = excluded.phone
"""
KEEP_PARTNERSHIP = """
INSERT INTO partnership (partnership_id, clinic_id, pharmacy_id, name, from_on, until_on)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (partnership_id) DO UPDATE
SET name = excluded.name, from_on = excluded.from_on, until_on = excluded.until_on
"""
KEEP_PERSON = """
INSERT INTO person (person_id, display_name)
VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET display_name = excluded.display_name
"""
KEEP_DELEGATION = """
INSERT INTO delegation (delegation_id, delegate_id, role, place_id, from_on, until_on)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (delegation_id) DO NOTHING
"""
END_DELEGATION = "UPDATE delegation SET ended_at = $2 WHERE delegation_id = $1"
END_SESSION = """
INSERT INTO ended_session (session_id, ended_at)
VALUES ($1, $2)
ON CONFLICT (session_id) DO NOTHING
"""
KEEP_POLICY = """
INSERT INTO policy (clinic_id, name, value, decision_id)
VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (clinic_id, name) DO UPDATE SET value = excluded.value, decision_id = excluded.decision_id
"""
KEEP_PRODUCTS = """
INSERT INTO product (product_id, name, substitution_group, controlled, facts, search_tokens, search_version)
SELECT product_id, name, substitution_group, controlled, facts::jsonb,
       ARRAY(SELECT jsonb_array_elements_text(tokens::jsonb)), $7
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[])
    AS given (product_id, name, substitution_group, controlled, facts, tokens)
ON CONFLICT (product_id) DO UPDATE
SET name = excluded.name,
    substitution_group = excluded.substitution_group,
    controlled = excluded.controlled,
    facts = excluded.facts,
    search_tokens = excluded.search_tokens,
    search_version = excluded.search_version
"""
KEEP_PACKS = """
INSERT INTO pack (code, product_id, units_per_pack)
SELECT code, product_id, units_per_pack
FROM unnest($1::text[], $2::uuid[], $3::integer[]) AS given (code, product_id, units_per_pack)
ON CONFLICT (code) DO UPDATE SET product_id = excluded.product_id, units_per_pack = excluded.units_per_pack
"""
KEEP_OVERRIDE = """
INSERT INTO product_override (clinic_id, product_id, controlled, substitution_group)
VALUES ($1, $2, $3, $4)
ON CONFLICT (clinic_id, product_id) DO UPDATE
SET controlled = excluded.controlled, substitution_group = excluded.substitution_group
"""


async def keep_clinic(work: Work, event: stock.ClinicRegistered) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(KEEP_CLINIC, tx.clinic_id, event.name, event.phone)


async def keep_partnership(work: Work, event: stock.PartnershipRecorded) -> None:
    async with work.transaction() as tx:
        partnership_id = partnership_id_of(tx.clinic_id, event.pharmacy_id)
        await tx.sql.execute(
            KEEP_PARTNERSHIP,
            partnership_id,
            tx.clinic_id,
            event.pharmacy_id,
            event.name,
            event.from_on,
            event.until_on,
        )


async def keep_person(work: Work, event: stock.PersonRegistered) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(KEEP_PERSON, event.registered_id, event.display_name)


async def keep_delegation(work: Work, event: stock.DelegationGiven) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(
            KEEP_DELEGATION,
            event.delegation_id,
            event.delegate_id,
            event.role,
            event.place_id,
            event.from_on,
            event.until_on,
        )


async def end_delegation(work: Work, event: stock.DelegationEnded) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(END_DELEGATION, event.delegation_id, event.ended_at)


async def end_session(work: Work, event: stock.SessionEnded) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(END_SESSION, event.session_id, event.ended_at)


async def keep_policy(work: Work, event: stock.PolicySet) -> None:
    async with work.transaction() as tx:
        value = msgspec.json.encode(event.value).decode()
        await tx.sql.execute(KEEP_POLICY, tx.clinic_id, event.name, value, event.decision_id)


async def keep_product(work: Work, event: stock.ProductListed) -> None:
    async with work.transaction() as tx:
        await write_product(tx.sql, event.product, event.substitution_group)


async def keep_override(work: Work, event: stock.ProductOverridden) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(KEEP_OVERRIDE, tx.clinic_id, event.product_id, event.controlled, event.substitution_group)


async def write_product(sql: Sql, product: Product, substitution_group: str) -> None:
    """Store a product and the codes of its packs; stock writes its record with the same statements."""
    await write_products(sql, [(product, substitution_group)])


async def write_products(sql: Sql, listed: Sequence[tuple[Product, str]]) -> None:
    """Store many products, each once, with their substitution groups and the codes of their packs."""
    products = [product for product, _ in listed]
    found_by = [search.tokens_of(product) for product in products]
    await sql.execute(search.KEEP_WORDS, sorted({word for each in found_by for word in each.words}))
    await sql.execute(
        KEEP_PRODUCTS,
        [product.product_id for product in products],
        [product.name for product in products],
        [group for _, group in listed],
        [product.controlled for product in products],
        [msgspec.json.encode(product).decode() for product in products],
        [msgspec.json.encode(each.tokens).decode() for each in found_by],
        search.SEARCH_VERSION,
    )
    coded = {pack.code: (product.product_id, pack.units_per_pack) for product in products for pack in product.packs}
    rows = sorted((code, *pack) for code, pack in coded.items() if code is not None)
    await sql.execute(KEEP_PACKS, *([row[column] for row in rows] for column in range(3)))


def partnership_id_of(clinic_id: object, pharmacy_id: object) -> UUID:
    """A clinic and a pharmacy have one partnership, under the same id in every service."""
    return derived_id("partnership", clinic_id, pharmacy_id)


CONSUMERS: Consumers = {
    stock.ClinicRegistered: keep_clinic,
    stock.PartnershipRecorded: keep_partnership,
    stock.PersonRegistered: keep_person,
    stock.DelegationGiven: keep_delegation,
    stock.DelegationEnded: end_delegation,
    stock.SessionEnded: end_session,
    stock.PolicySet: keep_policy,
    stock.ProductListed: keep_product,
    stock.ProductOverridden: keep_override,
}
"""What donations and dispense do on stock's events of the registry and the catalogue."""
