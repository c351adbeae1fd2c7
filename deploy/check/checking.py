"""The whole check: one reading after another until what is found stands firm."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from deploy.cell import Cell
from deploy.check import dispensed, donated, escrow, known, ledger, transfer_units, transfers
from deploy.check.on_the_way import OnTheWay, compare_events, on_the_way
from deploy.check.reading import Reading, reading
from deploy.check.report import CheckReport, Compared, Difference, Kind

READINGS = 3
PAUSE_SECONDS = 0.5
MOST_OF_A_KIND = 200
"""So many differences of each kind are named; the others are counted."""

COMPARISONS: tuple[Callable[[Reading, OnTheWay], AsyncGenerator[Difference, None]], ...] = (
    compare_events,
    ledger.compare_balances,
    ledger.compare_reversals,
    ledger.compare_recasts,
    ledger.compare_reserved,
    ledger.compare_reservation_movements,
    ledger.compare_surplus,
    donated.compare_lines,
    donated.compare_lots,
    escrow.compare_requests,
    escrow.compare_escrow,
    escrow.compare_lot_states,
    dispensed.compare_escrow_left,
    dispensed.compare_given,
    dispensed.compare_supplies,
    dispensed.compare_owed,
    transfers.compare_states,
    transfers.compare_lines,
    transfers.compare_lots,
    transfers.compare_agreed,
    transfer_units.compare_reserved,
    transfer_units.compare_in_transit,
    transfer_units.compare_sent,
    transfer_units.compare_received,
    known.compare_known,
)


async def check_cell(cell: Cell, *, pause_seconds: float = PAUSE_SECONDS) -> CheckReport:
    """Compare the three services of a cell with one another and each with itself; nothing is written.

    Works beside running services. What events still on the way explain is no difference. Where the databases could
    not be read as of one moment, or events are still on the way, only what three readings find alike counts.
    """
    report, firm = await _read(cell)
    for _ in range(READINGS - 1):
        if firm or not report.differences:
            break
        await asyncio.sleep(pause_seconds)
        again, firm = await _read(cell)
        report = confirmed(report, again)
    return report


async def _read(cell: Cell) -> tuple[CheckReport, bool]:
    """One reading, and whether another could not say otherwise."""
    async with reading(cell) as at_once:
        report = await compare_all(at_once)
        return report, at_once.one_moment and not report.in_flight_events


async def compare_all(at_once: Reading) -> CheckReport:
    """Every comparison of one reading."""
    way = await on_the_way(at_once)
    named: dict[Kind, list[Difference]] = {}
    left_out = 0
    for compare in COMPARISONS:
        async for found in compare(at_once, way):
            of_kind = named.setdefault(found.kind, [])
            if len(of_kind) < MOST_OF_A_KIND:
                of_kind.append(found)
            else:
                left_out += 1
    return CheckReport(
        differences=tuple(found for of_kind in named.values() for found in of_kind),
        left_out=left_out,
        in_flight_events=way.events,
        parked_events=way.parked,
        compared=await _compared(at_once),
    )


def confirmed(first: CheckReport, again: CheckReport) -> CheckReport:
    """The later reading, with only those differences that an earlier one found too, and the same."""
    before = set(first.differences)
    return CheckReport(
        differences=tuple(found for found in again.differences if found in before),
        left_out=min(first.left_out, again.left_out),
        in_flight_events=again.in_flight_events,
        parked_events=again.parked_events,
        compared=again.compared,
    )


COUNT_LEDGER = """
SELECT (SELECT count(*) FROM lot) AS lots, (SELECT count(*) FROM movement) AS movements,
       (SELECT count(*) FROM reservation) AS reservations, (SELECT count(*) FROM transfer) AS transfers
"""
COUNT_LINES = "SELECT count(*) AS lines FROM line WHERE state = 'accepted'"


async def _compared(at_once: Reading) -> Compared:
    ledger_counts = await at_once.stock.fetch(COUNT_LEDGER)
    line_counts = await at_once.donations.fetch(COUNT_LINES)
    return Compared(**dict(ledger_counts[0]), **dict(line_counts[0]))
