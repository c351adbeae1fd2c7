"""The registry and the catalogue: what donations and dispense know of them, beside what stock has."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import Reading, Row, paired, rows
from deploy.check.report import Difference, Kind


@dataclass(frozen=True, kw_only=True)
class Known:
    """A table that stock has and the others project: one statement reads it in all three databases."""

    name: str
    keys: int
    """So many columns, the first ones, name a row."""
    statement: str


TABLES = (
    Known(name="clinic", keys=1, statement="SELECT clinic_id, name, phone FROM clinic ORDER BY clinic_id"),
    Known(
        name="partnership",
        keys=1,
        statement="""
        SELECT partnership_id, clinic_id, pharmacy_id, name, from_on, until_on
        FROM partnership
        ORDER BY partnership_id
        """,
    ),
    Known(name="person", keys=1, statement="SELECT person_id, display_name FROM person ORDER BY person_id"),
    Known(
        name="delegation",
        keys=1,
        statement="""
        SELECT delegation_id, delegate_id, role, place_id, from_on, until_on, ended_at
        FROM delegation
        ORDER BY delegation_id
        """,
    ),
    Known(
        name="ended_session",
        keys=1,
        statement="SELECT session_id, ended_at FROM ended_session ORDER BY session_id",
    ),
    Known(
        name="policy",
        keys=2,
        statement="""
        SELECT clinic_id, name, value::text AS value, decision_id
        FROM policy
        ORDER BY clinic_id, name COLLATE "C"
        """,
    ),
    Known(
        name="product",
        keys=1,
        statement="""
        SELECT product_id, name, substitution_group, controlled, md5(facts::text) AS facts
        FROM product
        ORDER BY product_id
        """,
    ),
    Known(
        name="pack",
        keys=1,
        statement='SELECT code, product_id, units_per_pack FROM pack ORDER BY code COLLATE "C"',
    ),
    Known(
        name="gtin_binding",
        keys=1,
        statement="""
        SELECT gtin, product_id, units_per_pack, state, learnt_by, learnt_clinic_id, learnt_at,
               judged_by, judged_clinic_id, judged_at
        FROM gtin_binding
        ORDER BY gtin COLLATE "C"
        """,
    ),
    Known(
        name="product_override",
        keys=2,
        statement="""
        SELECT clinic_id, product_id, controlled, substitution_group
        FROM product_override
        ORDER BY clinic_id, product_id
        """,
    ),
)


async def compare_known(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Row by row; a row that an unread event will change is passed over."""
    for service in ("donations", "dispense"):
        changing = way.known.get(service, set())
        for table in TABLES:
            record, projection = rows(reading.stock, table.statement), rows(reading.of(service), table.statement)
            async for here, there in paired(record, projection, lambda row, keys=table.keys: tuple(row)[:keys]):
                row = here or there
                assert row is not None
                changes = (table.name, *tuple(row)[: table.keys]) in changing
                if not changes and (here is None or there is None or tuple(here) != tuple(there)):
                    yield _difference(service, table, here, there)


def _difference(service: str, table: Known, here: Row | None, there: Row | None) -> Difference:
    row = here or there
    assert row is not None
    columns = list(row.keys())
    differing = [name for name in columns[table.keys :] if here is None or there is None or here[name] != there[name]]
    key = " ".join(str(value) for value in tuple(row)[: table.keys])
    return Difference(
        kind=Kind.PROJECTION,
        clinic_id=row["clinic_id"] if "clinic_id" in columns else None,
        subject=f"{table.name} {key}",
        one_side=f"stock: {_said(here, differing)}",
        other_side=f"{service}: {_said(there, differing)}",
    )


def _said(row: Row | None, columns: list[str]) -> str:
    return "no such row" if row is None else ", ".join(f"{name} {row[name]}" for name in columns)
