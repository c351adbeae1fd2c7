"""Choosing lots: fetch as many candidates as the needs take, lock them, read them again, decide."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from uuid import UUID

from msgspec import Struct

from services.stock.rules import fefo
from services.stock.store import choosing as store
from services.stock.store import lots
from services.stock.store.choosing import GroupMember
from services.stock.store.lots import LotRow
from shared.database import Transaction
from shared.events.dispense import AskedLine
from shared.exact import divide_up, fraction_of
from shared.policies import SharingRule


class Chosen(Struct, frozen=True, kw_only=True):
    """Which lots go to whom, and what is short; with what has to be told of each lot."""

    picks: tuple[fefo.Pick, ...]
    short_units: Mapping[UUID, int]
    """By reference: units of the smallest product that could have been given, also where there is none."""
    lots: Mapping[UUID, LotRow]
    content_per_unit: Mapping[UUID, int]


async def choose(tx: Transaction, lines: Sequence[AskedLine], rule: SharingRule) -> Chosen:
    """Allocate for all lines at once; the chosen lots stay locked."""
    members = await store.products_of_groups(tx.sql, tx.clinic_id, sorted({x.substitution_group for x in lines}))
    accepted = _accepted(members)
    needs = [_need(line, accepted) for line in lines]
    locked = await _candidates(tx, needs, members)
    content = {member.product_id: member.content_per_unit for member in members}
    free = [
        fefo.Lot(
            lot_id=lot.lot_id,
            product_id=lot.product_id,
            expires_on=lot.expires_on,
            opened=lot.opened,
            content_per_unit=content[lot.product_id],
            free_units=lot.shelf,
            held=lot.held_at is not None,
        )
        for lot in locked.values()
    ]
    found = fefo.allocate(needs, free, rule=rule)
    needs_by_reference = {need.reference: need for need in needs}
    short = {
        one.reference: _short_units(one.content_short, needs_by_reference[one.reference], content)
        for one in found.shortages
    }
    return Chosen(picks=found.picks, short_units=short, lots=locked, content_per_unit=content)


def _short_units(content_short: Fraction, need: fefo.Need, content_per_unit: Mapping[UUID, int]) -> int:
    smallest = min((content_per_unit[product_id] for product_id in need.product_ids), default=1)
    return ceil(content_short / smallest)


async def _candidates(
    tx: Transaction, needs: Sequence[fefo.Need], members: Sequence[GroupMember]
) -> dict[UUID, LotRow]:
    wanted = _wanted_units(needs, members)
    if not wanted:
        return {}
    first_on: date = min(need.from_on for need in needs)
    last_on: date = max(need.through_on for need in needs)
    return await locked_candidates(tx, wanted, first_on, last_on)


async def locked_candidates(
    tx: Transaction, wanted_units: dict[UUID, int], from_on: date, through_on: date
) -> dict[UUID, LotRow]:
    """As many lots as the units may take, locked, as they are now."""
    locked: dict[UUID, LotRow] = {}
    while True:
        seen = await store.candidates(tx, wanted_units, from_on, through_on)
        locked |= await lots.lock_lots(tx, [lot_id for lot_id in seen if lot_id not in locked])
        # One that was held or given from before it was locked may leave others to be looked at.
        if all(_has(locked.get(lot_id), units) for lot_id, units in seen.items()):
            return locked


def _has(lot: LotRow | None, units: int) -> bool:
    return lot is not None and lot.held_at is None and lot.shelf >= units


def _wanted_units(needs: Sequence[fefo.Need], members: Sequence[GroupMember]) -> dict[UUID, int]:
    """At most so many units of each product can be needed."""
    content = {member.product_id: member.content_per_unit for member in members}
    wanted: dict[UUID, int] = {}
    for need in needs:
        for product_id in need.product_ids:
            units = divide_up(need.content_needed.numerator, need.content_needed.denominator * content[product_id])
            wanted[product_id] = wanted.get(product_id, 0) + units
    return wanted


def _need(line: AskedLine, accepted: Mapping[str, frozenset[UUID]]) -> fefo.Need:
    return fefo.Need(
        reference=line.reference,
        order=line.order,
        product_ids=accepted.get(line.substitution_group, frozenset()),
        content_needed=fraction_of(line.content_needed),
        content_per_day=None if line.content_per_day is None else fraction_of(line.content_per_day),
        from_on=line.from_on,
        through_on=line.through_on,
    )


def _accepted(members: Sequence[GroupMember]) -> dict[str, frozenset[UUID]]:
    """The products of each group; a product is also a group of its own, for who needs just that one."""
    found: dict[str, set[UUID]] = {}
    for member in members:
        found.setdefault(member.substitution_group, set()).add(member.product_id)
        found.setdefault(f"product:{member.product_id}", set()).add(member.product_id)
    return {group: frozenset(ids) for group, ids in found.items()}
