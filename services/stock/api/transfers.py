"""Transfers between clinics."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.stock.actions import transfer as actions
from services.stock.errors import TransferNotFound
from services.stock.store import transfer as store
from shared import fields
from shared.database import Work
from shared.events.stock import AgreedLine
from shared.roles import Act
from shared.web.operations import Limit, command, query


class Neighbours(Struct, frozen=True, kw_only=True):
    clinics: list[store.Neighbour]


@query("/clinics/{clinic_id:uuid}/neighbours", act=Act.SEE_TRANSFERS)
async def list_neighbours(work: Work) -> Neighbours:
    """The other clinics that have been heard on the network."""
    async with work.reading() as tx:
        return Neighbours(clinics=await store.neighbours(tx.sql, tx.clinic_id))


class Transfers(Struct, frozen=True, kw_only=True):
    transfers: list[store.TransferRow]


@query("/clinics/{clinic_id:uuid}/transfers", act=Act.SEE_TRANSFERS)
async def list_transfers(work: Work, most: Limit = 100) -> Transfers:
    """This clinic's side of its transfers, the latest change on top."""
    async with work.reading() as tx:
        return Transfers(transfers=await store.list_transfers(tx, most))


class Transfer(Struct, frozen=True, kw_only=True):
    transfer: store.TransferRow
    lines: list[store.TransferLine]
    lots: list[store.TransferLot]


@query("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}", act=Act.SEE_TRANSFERS)
async def see_transfer(work: Work, transfer_id: UUID) -> Transfer:
    """One transfer: what was asked, agreed, shipped and counted."""
    async with work.reading() as tx:
        transfer = await store.find_transfer(tx, transfer_id)
        if transfer is None:
            raise TransferNotFound
        return Transfer(
            transfer=transfer,
            lines=await store.lines_of(tx, transfer_id),
            lots=await store.lots_of(tx, transfer_id),
        )


class WantedLineBody(fields.Body, frozen=True):
    product_id: UUID
    units: fields.Units


class RequestBody(fields.Body, frozen=True):
    from_clinic_id: UUID
    lines: Annotated[tuple[WantedLineBody, ...], Meta(min_length=1, max_length=200)]
    note: fields.Line | None = None


@command("/clinics/{clinic_id:uuid}/transfers", act=Act.TRANSFER)
async def request_transfer(work: Work, data: RequestBody) -> actions.TransferChanged:
    """Ask another clinic for units."""
    wanted = [actions.WantedLine(product_id=line.product_id, units=line.units) for line in data.lines]
    return await actions.request_transfer(work, data.from_clinic_id, wanted, data.note)


LineNumber = Annotated[int, Meta(ge=1, le=10_000)]


class AgreedLineBody(fields.Body, frozen=True):
    line_number: LineNumber
    units: fields.UnitsOrNone
    reason: fields.Line | None = None


class AgreementBody(fields.Body, frozen=True):
    lines: Annotated[tuple[AgreedLineBody, ...], Meta(min_length=1, max_length=200)]


@command("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}/agree", act=Act.TRANSFER)
async def agree_transfer(work: Work, transfer_id: UUID, data: AgreementBody) -> actions.TransferChanged:
    """Agree in whole or in part; lines that are not named are agreed with no units."""
    agreed = [AgreedLine(line_number=x.line_number, units=x.units, reason=x.reason) for x in data.lines]
    return await actions.agree_transfer(work, transfer_id, agreed)


class DeclineBody(fields.Body, frozen=True):
    reason: fields.Line


@command("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}/decline", act=Act.TRANSFER)
async def decline_transfer(work: Work, transfer_id: UUID, data: DeclineBody) -> actions.TransferChanged:
    """Decline, with the reason; also what was agreed, until it is shipped."""
    return await actions.decline_transfer(work, transfer_id, data.reason)


@command("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}/ship", act=Act.TRANSFER)
async def ship_transfer(work: Work, transfer_id: UUID) -> actions.TransferChanged:
    """The agreed lots leave."""
    return await actions.ship_transfer(work, transfer_id)


class CountedLotBody(fields.Body, frozen=True):
    lot_number: LineNumber
    units: fields.UnitsOrNone
    product_id: UUID | None = None
    """Only where this clinic's catalogue did not know the product by its codes or name."""


class CountBody(fields.Body, frozen=True):
    lots: Annotated[tuple[CountedLotBody, ...], Meta(max_length=2000)]


@command("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}/receive", act=Act.TRANSFER)
async def receive_transfer(work: Work, transfer_id: UUID, data: CountBody) -> actions.TransferChanged:
    """Count what arrived; a lot that isn't named did not arrive."""
    counts = [actions.CountedLot(lot_number=x.lot_number, units=x.units, product_id=x.product_id) for x in data.lots]
    return await actions.receive_transfer(work, transfer_id, counts)


class SettlementBody(fields.Body, frozen=True):
    outcome: Literal["lost", "returned"]
    note: fields.Line


@command("/clinics/{clinic_id:uuid}/transfers/{transfer_id:uuid}/settle", act=Act.TRANSFER)
async def settle_transfer(work: Work, transfer_id: UUID, data: SettlementBody) -> actions.TransferChanged:
    """Say what became of the units that did not arrive."""
    return await actions.settle_transfer(work, transfer_id, data.outcome, data.note)


ROUTES = (
    list_neighbours,
    list_transfers,
    see_transfer,
    request_transfer,
    agree_transfer,
    decline_transfer,
    ship_transfer,
    receive_transfer,
    settle_transfer,
)
