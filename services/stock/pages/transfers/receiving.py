"""What arrived is counted, lot by lot; what our catalogue doesn't know is named."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions import transfer as actions
from services.stock.errors import ProductMustBeNamed
from services.stock.pages.transfers.one import ONE, Seen, address_of, seen, show_transfer
from shared import fields
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form
from shared.web.pages.forms import FieldProblem, FormWrong

WHICH_PRODUCT = N_("Choose which product of our catalogue it is.")
LOOKED_FOR = N_("These are like what you typed: choose one of them.")


class CountedRow(Struct, frozen=True, kw_only=True):
    """`name`: what a product that isn't known is looked for by."""

    units: fields.UnitsOrNone
    product_id: UUID | None = None
    name: fields.Name | None = None


@form(ONE + "/receive", act=Act.TRANSFER, again=show_transfer)
async def receive_by_form(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    async with view.reading.reading() as tx:
        found = await seen(tx, transfer_id)
    rows = view.typed_rows(CountedRow, [lot.lot_number for lot in found.lots])
    # Of what was counted already, the action itself says what became of it.
    problems = list(_problems(found, rows)) if found.step == "count" else []
    if problems:
        raise FormWrong(problems=problems)
    counts = [
        actions.CountedLot(lot_number=number, units=row.units, product_id=row.product_id)
        for number, row in rows.items()
    ]
    try:
        await view.once(actions.receive_transfer(work, transfer_id, counts), actions.TransferChanged)
    except ProductMustBeNamed as refused:
        number = refused.facts.get("lot_number")
        raise FormWrong(problems=[FieldProblem(f"product_id-{number}", WHICH_PRODUCT)]) from refused
    return view.go(address_of(clinic_id, transfer_id), was="received")


def _problems(found: Seen, rows: Mapping[int, CountedRow]) -> Iterator[FieldProblem]:
    for lot in found.unnamed:
        row = rows[lot.lot_number]
        if row.units and row.product_id is None:
            yield FieldProblem(f"product_id-{lot.lot_number}", LOOKED_FOR if row.name else WHICH_PRODUCT)


PAGES = (receive_by_form,)
