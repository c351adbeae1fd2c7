"""Large data laid directly, in the state that the services would have left: `dosis check` agrees with it.

Lots come in as found at a count (no donated line stands behind them), patients as the secretary would register them.
Ids are counted, not random, so that rows made together lie together as those of the services do.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from deploy.bench.stage import Clinic, Stage
from services.dispense import sealing
from services.dispense.actions.patients import AgeBand, Identity
from services.dispense.rules.card import new_card_code
from shared import known
from shared.catalogue import FormGroup, Ingredient, Kind, Pack, Product, Route
from shared.ids import derived_id

LINES_A_PATIENT = 4
UNITS_A_DAY = "1"
CYCLE_DAYS = 28

# An id that counts: the clinic's number, what it is of, and which.
_COUNTED = (
    "(lpad(to_hex({clinic}), 8, '0') || lpad(to_hex({kind}), 4, '0') || '70008000' || lpad(to_hex({n}), 12, '0'))::uuid"
)


def counted_id(clinic: Clinic, kind: int, number: int) -> UUID:
    """The same id as `_COUNTED` makes."""
    return UUID(f"{clinic.number:08x}{kind:04x}70008000{number:012x}")


LOT, PATIENT, THERAPY_LINE = 1, 2, 3


async def lay_products(stage: Stage, number: int) -> list[UUID]:
    """Products of one tablet each, the same in every service, as if they had been imported; those laid before stay."""
    for made in range(len(stage.products), number):
        product = _product(made)
        for pool in stage.floor.values():
            async with pool.acquire() as sql, sql.transaction():
                await known.write_product(sql, product, f"bench-{made:05}")
        stage.products.append(product.product_id)
    return stage.products[:number]


def _product(number: int) -> Product:
    name = f"BENCH {number:05} TAB 10MG/TAB"
    return Product(
        product_id=derived_id("bench product", number),
        source_key=f"bench:{number}",
        name=name,
        kind=Kind.MEDICINE,
        ingredients=(Ingredient(moiety=f"bench{number:05}", strength="10", strength_unit="mg"),),
        form_group=FormGroup.ORAL_SOLID,
        form="tablet",
        route=Route.ORAL,
        unit="tablet",
        content_unit="tablet",
        atc=None,
        holder=None,
        controlled=False,
        never_automatic=False,
        cold_chain=False,
        packs=(Pack(code=None, units_per_pack=30, label="BTx30"),),
    )


# 10 to 59 units of each, expiring in 60 to 759 days.
LAY_LOTS = f"""
WITH given AS (
    SELECT n, {_COUNTED.format(clinic="$2::integer", kind=LOT, n="n")} AS lot_id, 10 + n * 7919 % 50 AS units
    FROM generate_series(0, $3::bigint - 1) AS n
),
laid AS (
    INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened, place, found, shelf)
    SELECT lot_id, $1, ($4::uuid[])[1 + n % cardinality($4::uuid[])], 'B' || n,
           $5::date + (60 + n * 104729 % 700)::integer, false, 'A' || n % 100, units, units
    FROM given
)
INSERT INTO movement (clinic_id, lot_id, from_account, to_account, units, operation_id, business_step, person_id,
                      recorded_at)
SELECT $1, lot_id, 'found', 'shelf', units, gen_random_uuid(), 'cycle_counting', $6, $7
FROM given
ORDER BY n
"""  # noqa: S608 - made of our own pieces


# Of another clinic, which is on the network only: one lot of each product, expiring in 60 to 759 days.
LAY_NEIGHBOUR_SURPLUS = """
INSERT INTO neighbour_surplus (clinic_id, surplus_id, product_codes, product_name, expires_on, opened, units)
SELECT $1, gen_random_uuid(), '{}', name, $2::date + (60 + n * 104729 % 700)::integer, false, 30
FROM (SELECT name, row_number() OVER (ORDER BY product_id) AS n FROM product WHERE product_id = ANY($3)) AS given
"""


async def lay_neighbour_surplus(stage: Stage, products: Sequence[UUID]) -> None:
    """A lot of each product that another clinic can spare."""
    await stage.floor["stock"].execute(LAY_NEIGHBOUR_SURPLUS, derived_id("bench neighbour", 0), stage.today, products)


async def lay_lots(stage: Stage, clinic: Clinic, lots: int, products: Sequence[UUID]) -> None:
    """So many lots with one movement each, spread over the products."""
    arguments = (clinic.clinic_id, clinic.number, lots, list(products), stage.today, stage.person_id)
    async with stage.floor["stock"].acquire() as sql:
        await sql.execute(LAY_LOTS, *arguments, datetime.now(UTC), timeout=600)


# Every lot is counted again and again, and each time a unit more is found.
LAY_MOVEMENTS = """
INSERT INTO movement (clinic_id, lot_id, from_account, to_account, units, operation_id, business_step, person_id,
                      recorded_at)
SELECT clinic_id, lot_id, 'found', 'shelf', 1, gen_random_uuid(), 'cycle_counting', $2, $3
FROM generate_series(1, $4) AS n
CROSS JOIN (SELECT clinic_id, lot_id FROM lot WHERE clinic_id = $1) AS counted
ORDER BY n, lot_id
"""
BRING_INTO_LINE = "UPDATE lot SET found = found + $2, shelf = shelf + $2 WHERE clinic_id = $1"


async def lay_movements(stage: Stage, clinic: Clinic, a_lot: int, rounds: int) -> None:
    """So many more movements of each lot of a clinic, in rounds: each updates every lot and is vacuumed after."""
    async with stage.floor["stock"].acquire() as sql:
        for number in range(rounds):
            some = a_lot * (number + 1) // rounds - a_lot * number // rounds
            async with sql.transaction():
                now = datetime.now(UTC)
                await sql.execute(LAY_MOVEMENTS, clinic.clinic_id, stage.person_id, now, some, timeout=600)
                await sql.execute(BRING_INTO_LINE, clinic.clinic_id, some)
            await sql.execute("VACUUM ANALYZE lot", timeout=600)


async def lay_patients(stage: Stage, clinic: Clinic, patients: int, products: Sequence[UUID]) -> None:
    """Patients with four lines of one a day each, and a clinic that is open every day."""
    keys = sealing.ClinicKeys(stage.cell.clinic_keys)
    async with stage.floor["dispense"].acquire() as sql, sql.transaction():
        await sql.execute("INSERT INTO calendar (clinic_id, weekdays) VALUES ($1, '{1,2,3,4,5,6,7}')", clinic.clinic_id)
        await _copy(
            sql,
            "patient",
            ("patient_id", "clinic_id", "cycle_days", "registered_at"),
            [
                (counted_id(clinic, PATIENT, n), clinic.clinic_id, CYCLE_DAYS, datetime.now(UTC))
                for n in range(patients)
            ],
        )
        sealed = [_sealed(keys, clinic, counted_id(clinic, PATIENT, n), f"Bench {n}") for n in range(patients)]
        identity = ("patient_id", "clinic_id", "wrapped_key", "sealed")
        await _copy(sql, "patient_identity", identity, [(one[0], clinic.clinic_id, *one[2:]) for one in sealed])
        index = ("clinic_id", "card_mac", "patient_id")
        await _copy(sql, "patient_index", index, [(clinic.clinic_id, one[1], one[0]) for one in sealed])
        await sql.execute(
            LAY_THERAPY_LINES,
            clinic.clinic_id,
            [counted_id(clinic, THERAPY_LINE, n) for n in range(patients * LINES_A_PATIENT)],
            [counted_id(clinic, PATIENT, n // LINES_A_PATIENT) for n in range(patients * LINES_A_PATIENT)],
            [products[n * 31 % len(products)] for n in range(patients * LINES_A_PATIENT)],
            UNITS_A_DAY,
            stage.today,
            stage.person_id,
            datetime.now(UTC),
        )


LAY_THERAPY_LINES = """
INSERT INTO therapy_line (therapy_line_id, clinic_id, patient_id, product_id, only_this_product, per_intake, schedule,
                          starts_on, planned_by, planned_at)
SELECT therapy_line_id, $1, patient_id, product_id, false, $5, '{"every": "day", "times": 1}', $6, $7, $8
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS given (therapy_line_id, patient_id, product_id)
"""


def _sealed(keys: sealing.ClinicKeys, clinic: Clinic, patient_id: UUID, alias: str) -> tuple[UUID, bytes, bytes, bytes]:
    """(patient, keyed hash of the card, wrapped key, sealed identity), as registering makes them."""
    code, wrapping = new_card_code(), keys.wrapping(clinic.clinic_id)
    identity = Identity(card_code=code, alias=alias, age_band=AgeBand.ADULT, language="el", contact=None, allergies=())
    wrapped = sealing.new_wrapped_key(wrapping, patient_id)
    mac = sealing.card_mac(keys.indexing(clinic.clinic_id), code)
    return patient_id, mac, wrapped, sealing.seal(wrapping, wrapped, patient_id, msgspec.json.encode(identity))


async def _copy(
    sql: asyncpg.pool.PoolConnectionProxy, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    await sql.copy_records_to_table(table, columns=list(columns), records=rows)
