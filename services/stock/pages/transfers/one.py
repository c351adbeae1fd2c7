"""One transfer: what was asked, agreed, sent and counted, the words of both sides, and the form of its next step."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock import words
from services.stock.errors import TransferNotFound
from services.stock.pages.showing import Showing
from services.stock.rules.transfer import LEAST_LIFE_DAYS, NEXT, Step
from services.stock.store import transfer as store
from services.stock.store import transfer_seen
from shared import known, slips
from shared.database import Transaction, Work
from shared.roles import Act
from shared.web.pages import View, page

ONE = "/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}"
MOST_CHOICES = 9
PRINTED = ("shipped", "received", "closed")
"""From then on there is a note to print."""


Named = Mapping[tuple[tuple[str, ...], str], UUID | None]


class Seen(Struct, frozen=True, kw_only=True):
    """A transfer as this clinic knows it. `named`: by codes and name the products in our catalogue, or None."""

    transfer: store.TransferRow
    lines: Sequence[store.TransferLine]
    lots: Sequence[store.TransferLot]
    named: Named
    free: Mapping[UUID, int]

    def product_of(self, each: store.TransferLine | store.TransferLot) -> UUID | None:
        """Our product of a line or lot; None: our catalogue doesn't know it."""
        return self.named[each.product_codes, each.product_name]

    @property
    def step(self) -> Step | None:
        """What is to be done here; None: nothing, or it is not ours."""
        step, side = NEXT.get(self.transfer.state, (None, None))
        return step if side == self.transfer.side else None

    @property
    def unnamed(self) -> list[store.TransferLot]:
        """Lots of which our catalogue doesn't know what they are."""
        return [lot for lot in self.lots if self.product_of(lot) is None]

    @property
    def prefilled(self) -> dict[int, int]:
        """What could be agreed to, line by line: what was asked, or what is there."""
        left = {None: 0, **self.free}
        units: dict[int, int] = {}
        for line in self.lines:
            product_id = self.product_of(line)
            units[line.line_number] = min(line.asked_units, left.get(product_id, 0))
            left[product_id] = left.get(product_id, 0) - units[line.line_number]
        return units

    @property
    def whole(self) -> bool:
        """All that was asked for is there."""
        return all(self.prefilled[line.line_number] == line.asked_units for line in self.lines)


async def seen(tx: Transaction, transfer_id: UUID) -> Seen:
    """Raises TransferNotFound."""
    transfer = await store.find_transfer(tx, transfer_id)
    if transfer is None:
        raise TransferNotFound
    # The other clinic's lots are known once they have left it.
    lines, lots = await store.lines_of(tx, transfer_id), await store.lots_of(tx, transfer_id)
    names = {(each.product_codes, each.product_name) for each in (*lines, *lots)}
    named = {(codes, name): await store.product_named(tx.sql, codes, name) for codes, name in names}
    ours = [product_id for product_id in named.values() if product_id]
    least_on = tx.today + timedelta(days=LEAST_LIFE_DAYS)
    sending = transfer.side == "sending"
    return Seen(
        transfer=transfer,
        lines=lines,
        lots=lots,
        named=named,
        free=await transfer_seen.free_units(tx, ours, least_on) if sending else {},
    )


@page(ONE, act=Act.SEE_TRANSFERS)
async def show_transfer(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        found = await seen(tx, transfer_id)
        steps = await transfer_seen.steps_of(tx, transfer_id)
        own = await transfer_seen.own_lots(tx, [lot.lot_id for lot in found.lots if lot.lot_id])
        products = await known.products(tx.sql, tx.clinic_id, [each for each in found.named.values() if each])
        choices = await _choices(tx, view, found) if found.step == "count" else {}
    outcome, _, note = (found.transfer.reason or "").partition(": ")
    return await view.page(
        "stock/transfer.html",
        base=address_of(clinic_id, transfer_id),
        seen=found,
        transfer=found.transfer,
        step=found.step,
        next=NEXT,
        tables=words,
        steps=steps,
        mine_of=own,
        choices=choices,
        settled=(outcome, note) if found.transfer.state == "closed" and outcome in words.SETTLEMENTS else None,
        number=slips.slip_number_shown(transfer_id),
        printed=found.transfer.state in PRINTED,
        done=view.asked("was") if view.asked("was") in words.TRANSFER_DONE and not view.failed else "",
        show=Showing(view, products),
    )


async def _choices(tx: Transaction, view: View, found: Seen) -> dict[int, Mapping[str, str]]:
    """For each lot that our catalogue doesn't know: products like what was typed, or like the name it came under."""
    typed = view.failed.typed if view.failed else {}
    choices: dict[int, Mapping[str, str]] = {}
    for lot in found.unnamed:
        text = next(iter(typed.get(f"name-{lot.lot_number}", ())), "").strip() or lot.product_name
        matches = await known.products_named(tx.sql, tx.clinic_id, text[:120], MOST_CHOICES)
        choices[lot.lot_number] = {str(each.product.product_id): each.product.name for each in matches}
    return choices


def address_of(clinic_id: UUID, transfer_id: UUID) -> str:
    return f"/stock/clinics/{clinic_id}/transfers/{transfer_id}"


PAGES = (show_transfer,)
