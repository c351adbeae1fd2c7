"""Agreeing to a transfer: which of our lots are set apart for it."""

from collections.abc import Sequence
from uuid import UUID

from services.stock.actions.choosing import locked_candidates
from services.stock.actions.moving import move_units
from services.stock.errors import LineNotInTransfer, NotEnoughUnits
from services.stock.rules import transfer as rules
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots
from services.stock.store import reservation as reservations
from services.stock.store import transfer as store
from shared.database import Transaction
from shared.events import stock as events


async def wanted_units(
    tx: Transaction, lines: dict[int, store.TransferLine], agreed: Sequence[events.AgreedLine]
) -> list[tuple[int, UUID, int]]:
    wanted: list[tuple[int, UUID, int]] = []
    for line in agreed:
        asked = lines.get(line.line_number)
        if asked is None or sum(x.line_number == line.line_number for x in agreed) > 1:
            raise LineNotInTransfer(line_number=line.line_number)
        if line.units > asked.asked_units:
            raise NotEnoughUnits("Agree to at most what was asked for.", line_number=line.line_number)
        product_id = await store.product_named(tx.sql, asked.product_codes, asked.product_name)
        if line.units and product_id is None:
            raise NotEnoughUnits("This clinic has no such product.", line_number=line.line_number)
        if line.units and product_id is not None:
            wanted.append((line.line_number, product_id, line.units))
    return wanted


async def set_apart(tx: Transaction, side_id: UUID, wanted: list[tuple[int, UUID, int]]) -> list[rules.AgreedPick]:
    units: dict[UUID, int] = {}
    for _, product_id, line_units in wanted:
        units[product_id] = units.get(product_id, 0) + line_units
    least_on = rules.earliest_expiry(tx.today)
    await reservations.allocate_alone(tx)
    chosen = await locked_candidates(tx, units, least_on, least_on)
    shelf = [
        rules.ShelfLot(
            lot_id=lot.lot_id,
            product_id=lot.product_id,
            expires_on=lot.expires_on,
            shelf=lot.shelf,
            held=lot.held_at is not None,
        )
        for lot in chosen.values()
    ]
    picks = rules.pick_for_transfer(wanted, shelf, tx.today)
    sums: dict[UUID, int] = {}
    for pick in picks:
        sums[pick.lot_id] = sums.get(pick.lot_id, 0) + pick.units
    movements = [
        Movement(lot_id=lot_id, source=Account.SHELF, target=Account.RESERVED, units=n, cause_id=side_id)
        for lot_id, n in sums.items()
    ]
    await move_units(tx, BusinessStep.RESERVING, movements)
    held = [reservations.Reserved(reference=side_id, lot_id=lot_id, units=n) for lot_id, n in sums.items()]
    await reservations.reserve(tx, "transfer", side_id, held)
    return picks


async def shipping_lots(
    tx: Transaction, picks: Sequence[rules.AgreedPick], lines: dict[int, store.TransferLine]
) -> list[store.TransferLot]:
    known_lots = await lots.lock_lots(tx, [pick.lot_id for pick in picks])
    return [
        store.TransferLot(
            lot_number=number,
            line_number=pick.line_number,
            product_codes=lines[pick.line_number].product_codes,
            product_name=lines[pick.line_number].product_name,
            batch=known_lots[pick.lot_id].batch,
            expires_on=known_lots[pick.lot_id].expires_on,
            opened=known_lots[pick.lot_id].opened,
            lot_id=pick.lot_id,
            shipped_units=pick.units,
        )
        for number, pick in enumerate(picks, start=1)
    ]
