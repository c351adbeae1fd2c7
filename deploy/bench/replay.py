"""The floor of a prepared day: the rows that ours has left at one clinic, written at its twin.

Lots and patients of two clinics differ only in their ids, which count; what else has an id is given a new one. All of
that, and the events' text, is made before the clock starts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from deploy.bench import bare
from deploy.bench.measure import Run
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage
from shared.ids import new_id

Row = dict[str, Any]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Rows(Struct, frozen=True):
    """What ours left, by service and table, with the twin's ids; and how many events went into one transaction."""

    of: Mapping[tuple[str, str], list[Row]]
    asked_a_transaction: int
    answered_a_transaction: int

    def __getitem__(self, table: tuple[str, str]) -> list[Row]:
        return self.of[table]


_AT_CLINIC = "SELECT * FROM {table} WHERE clinic_id = $1 ORDER BY {order}"
_EVENTS = "SELECT * FROM outbox WHERE clinic_id = $1 AND subject LIKE '%reservation%' ORDER BY number"
TABLES = {
    ("dispense", "pharmacy_day"): "day_id",
    ("dispense", "visit"): "visit_id",
    ("dispense", "request"): "request_id",
    ("dispense", "visit_line"): "line_id",
    ("dispense", "escrow"): "line_id, lot_id",
    ("stock", "request"): "request_id",
    ("stock", "request_part"): "request_id, part",
    ("stock", "reservation"): "reference, lot_id",
}
_RESERVING = "SELECT * FROM movement WHERE clinic_id = $1 AND business_step = 'reserving' ORDER BY movement_id"
GENERATED = ("number", "movement_id")


class _Twin:
    """Ids of one clinic turned into those of its twin."""

    def __init__(self, clinic: Clinic, twin: Clinic) -> None:
        self._known = {clinic.clinic_id: twin.clinic_id, clinic.pharmacy_id: twin.pharmacy_id}
        self._prefix, self._new_prefix = f"{clinic.number:08x}", f"{twin.number:08x}"

    def id_of(self, old: UUID) -> UUID:
        if old not in self._known:
            counted = str(old).startswith(self._prefix)
            self._known[old] = UUID(self._new_prefix + old.hex[8:]) if counted else new_id()
        return self._known[old]

    def row(self, row: Mapping[str, Any], *, kept: Sequence[str] = ("product_id", "person_id")) -> Row:
        return {name: value if name in kept else self._value(value) for name, value in row.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, UUID):
            return self.id_of(value)
        if isinstance(value, str):
            return _ID.sub(self._in_text, value)
        return value

    def _in_text(self, found: re.Match[str]) -> str:
        old = UUID(found[0])
        return str(self.id_of(old)) if old in self._known or found[0].startswith(self._prefix) else found[0]


async def read(stage: Stage, clinic: Clinic, twin: Clinic) -> Rows:
    """The rows of a clinic's prepared day, as its twin's."""
    of: dict[tuple[str, str], list[Row]] = {}
    as_twin = _Twin(clinic, twin)
    transactions: dict[str, int] = {}
    for (service, table), order in TABLES.items():
        statement = _AT_CLINIC.format(table=table, order=order)
        found = await stage.watch[service].fetch(statement, clinic.clinic_id)
        of[service, table] = [as_twin.row(row) for row in found]
    of["stock", "movement"] = [
        as_twin.row(row) for row in await stage.watch["stock"].fetch(_RESERVING, clinic.clinic_id)
    ]
    for producer, consumer in (("dispense", "stock"), ("stock", "dispense")):
        events = await stage.watch[producer].fetch(_EVENTS, clinic.clinic_id)
        ids = [row["event_id"] for row in events]
        transactions[producer] = await stage.events_a_transaction(consumer, ids)
        of[producer, "outbox"] = [as_twin.row(row) for row in events]
    return Rows(of, transactions["dispense"], transactions["stock"])


async def write(stage: Stage, twin: Clinic, rows: Rows) -> Run:
    """Write them, in as many transactions as ours took."""
    pools = stage.floor
    async with pools["dispense"].acquire() as dispense, pools["stock"].acquire() as stock:
        stretch = Stretch(stage.processes, floor=True)
        await _ask(dispense, stage, rows)
        await _answer(stock, twin, rows)
        await _take_in(dispense, rows)
        async with pools["donations"].acquire() as donations, donations.transaction():
            await _mark_read(donations, "stock", rows["stock", "outbox"])
        return stretch.end(1)


async def _copy(sql: bare.Sql, table: str, rows: Sequence[Row], **instead: Any) -> None:
    columns = [name for name in rows[0] if name not in GENERATED]
    records = [tuple(instead.get(name, row[name]) for name in columns) for row in rows]
    await sql.copy_records_to_table(table, columns=columns, records=records)


async def _write_events(sql: bare.Sql, events: Sequence[Row]) -> None:
    last = {"aggregate_id": events[0]["aggregate_id"], "version": events[-1]["version"]}
    await _copy(sql, "outbox_aggregate", [last])
    await _copy(sql, "outbox", events)


async def _ask(sql: bare.Sql, stage: Stage, rows: Rows) -> None:
    """Dispense: the day with its visits and lines, and the request."""
    async with sql.transaction():
        await _copy(sql, "pharmacy_day", rows["dispense", "pharmacy_day"])
        await _copy(sql, "visit", rows["dispense", "visit"])
        await _copy(sql, "request", rows["dispense", "request"], state="asked", parts_in=0)
        await _copy(sql, "visit_line", rows["dispense", "visit_line"], state="asked", short_units=0)
        await bare.keep_answer(sql, stage.person_id, "dispense.prepare_day", b'{"added_lines": 4000}')
        await _write_events(sql, rows["dispense", "outbox"])


async def _answer(sql: bare.Sql, twin: Clinic, rows: Rows) -> None:
    """Stock: the request's parts; with the last one all that is reserved, and the answer."""
    asked, parts, step = rows["dispense", "outbox"], rows["stock", "request_part"], rows.asked_a_transaction
    for start in range(0, len(asked), step):
        some = asked[start : start + step]
        async with sql.transaction():
            if start == 0:
                await _copy(sql, "request", rows["stock", "request"], state="arriving")
            await _copy(sql, "request_part", parts[start : start + step])
            await _mark_read(sql, "dispense", some)
            if start + step >= len(asked):
                await _reserve(sql, twin, rows)


async def _reserve(sql: bare.Sql, twin: Clinic, rows: Rows) -> None:
    movements = rows["stock", "movement"]
    await _copy(sql, "movement", movements)
    moved = [bare.Moved(row["lot_id"], row["units"], row["operation_id"], row["cause_id"]) for row in movements]
    await bare.move_units(sql, twin.clinic_id, ("shelf", "reserved"), moved)
    await _copy(sql, "reservation", rows["stock", "reservation"])
    await sql.execute("UPDATE request SET state = 'answered' WHERE request_id = $1", asked_id(rows))
    await _write_events(sql, rows["stock", "outbox"])


def asked_id(rows: Rows) -> UUID:
    return rows["stock", "request"][0]["request_id"]


MARK_ANSWERED = """
UPDATE visit_line
SET state = 'answered', short_units = given.short_units, content_per_unit = given.content_per_unit
FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS given (line_id, short_units, content_per_unit)
WHERE visit_line.line_id = given.line_id
"""
PARTS_ARE_IN = "UPDATE request SET parts_in = parts_in + $2, state = $3 WHERE request_id = $1"


async def _take_in(sql: bare.Sql, rows: Rows) -> None:
    """Dispense: the answer's parts, each with its share of the lines."""
    answers, step = rows["stock", "outbox"], rows.answered_a_transaction
    transactions = -(-len(answers) // step)
    for number in range(transactions):
        some = answers[number * step : (number + 1) * step]
        escrow = _share(rows["dispense", "escrow"], number, transactions)
        lines = _share(rows["dispense", "visit_line"], number, transactions)
        async with sql.transaction():
            await _mark_read(sql, "stock", some)
            await _copy(sql, "escrow", escrow)
            await sql.execute(
                MARK_ANSWERED,
                [line["line_id"] for line in lines],
                [line["short_units"] for line in lines],
                [line["content_per_unit"] for line in lines],
            )
            state = "answered" if number + 1 == transactions else "asked"
            await sql.execute(PARTS_ARE_IN, asked_id(rows), len(some), state)


def _share(rows: list[Row], number: int, of: int) -> list[Row]:
    return rows[len(rows) * number // of : len(rows) * (number + 1) // of]


async def _mark_read(sql: bare.Sql, producer: str, events: Sequence[Row]) -> None:
    last = {events[0]["aggregate_id"]: events[-1]["version"]}
    await bare.mark_read(sql, producer, last, [event["event_id"] for event in events])
