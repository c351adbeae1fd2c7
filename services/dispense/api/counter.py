"""The counter: card → what is reserved → given."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.dispense import store
from services.dispense.actions import counter as actions
from services.dispense.actions import patients
from services.dispense.api.keys import keys_of
from services.dispense.api.patients import CardBody
from services.dispense.errors import LineNotInVisit, NotExpectedToday, VisitNotFound
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.operations import Limit, asking, command, query


class Visit(Struct, frozen=True, kw_only=True):
    """What is reserved for a patient today, line by line."""

    visit: store.visits.VisitRow
    alias: str | None
    allergies: tuple[str, ...]
    lines: list[store.visit_lines.VisitLine]
    lots: list[store.escrow.VisitLot]


@asking("/clinics/{clinic_id:uuid}/visits/find", act=Act.SEE_PATIENT)
async def find_visit(work: Work, runtime: Runtime, data: CardBody) -> Visit:
    """Today's visit of a card: what is reserved. That you looked is written down."""
    patient_id = await patients.find_by_card(work, keys_of(runtime), data.card_code)
    async with work.reading() as tx:
        visit = await store.visits.visit_of_patient(tx, patient_id, tx.today)
    if visit is None:
        raise NotExpectedToday(patient_id=str(patient_id))
    return await _seen(work, runtime, visit)


@query("/clinics/{clinic_id:uuid}/visits/{visit_id:uuid}", act=Act.SEE_PATIENT)
async def see_visit(work: Work, runtime: Runtime, visit_id: UUID) -> Visit:
    """A visit with its lines. That you looked is written down."""
    async with work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
    if visit is None:
        raise VisitNotFound
    return await _seen(work, runtime, visit)


async def _seen(work: Work, runtime: Runtime, visit: store.visits.VisitRow) -> Visit:
    identities = await patients.look_at(work, keys_of(runtime), [visit.patient_id], "counter")
    identity = identities.get(visit.patient_id)
    async with work.reading() as tx:
        lines = await store.visit_lines.lines_of_visit(tx, visit.visit_id)
        lots = await store.escrow.lots_of_visit(tx, visit.visit_id)
    return Visit(
        visit=visit,
        alias=identity.alias if identity else None,
        allergies=identity.allergies if identity else (),
        lines=lines,
        lots=lots,
    )


class GiveLineBody(fields.Body, frozen=True):
    line_id: UUID
    units: fields.Units


class GiveBody(fields.Body, frozen=True):
    """`lines` null: all that is reserved; else just so many units of the lines named, and the rest is owed."""

    lines: Annotated[tuple[GiveLineBody, ...], Meta(min_length=1, max_length=100)] | None = None


@command("/clinics/{clinic_id:uuid}/visits/{visit_id:uuid}/give", act=Act.GIVE)
async def give(work: Work, visit_id: UUID, data: GiveBody) -> actions.VisitChanged:
    """Hand over what is reserved, in whole or in part; the rest is owed."""
    wanted = None
    if data.lines is not None:
        wanted = {line.line_id: line.units for line in data.lines}
        if len(wanted) < len(data.lines):
            raise LineNotInVisit
    return await actions.give(work, visit_id, wanted)


@command("/clinics/{clinic_id:uuid}/visits/{visit_id:uuid}/not-come", act=Act.GIVE)
async def mark_not_come(work: Work, visit_id: UUID) -> actions.VisitChanged:
    """The patient did not come; until the day is closed they still may."""
    return await actions.mark_not_come(work, visit_id)


@command("/clinics/{clinic_id:uuid}/visits/{visit_id:uuid}/undo", act=Act.GIVE)
async def undo_last(work: Work, visit_id: UUID) -> actions.VisitChanged:
    """Undo the last giving of the visit, or that the patient did not come; within the day."""
    return await actions.undo_last(work, visit_id)


class WalkInBody(fields.Body, frozen=True):
    patient_id: UUID


@command("/clinics/{clinic_id:uuid}/walk-ins", act=Act.GIVE)
async def open_walk_in(work: Work, data: WalkInBody) -> actions.VisitChanged:
    """Somebody who is not expected: ask stock for what they need, with a short limit."""
    return await actions.open_walk_in(work, data.patient_id)


@command("/clinics/{clinic_id:uuid}/visits/{visit_id:uuid}/abandon", act=Act.GIVE)
async def abandon_walk_in(work: Work, visit_id: UUID) -> actions.VisitChanged:
    """No answer came for a walk-in: nothing is reserved, and nobody waits any more."""
    return await actions.abandon_walk_in(work, visit_id)


class OwedList(Struct, frozen=True, kw_only=True):
    owed: list[store.owed.OwedRow]


@query("/clinics/{clinic_id:uuid}/owed", act=Act.SEE_DAY)
async def list_owed(work: Work, most: Limit = 200) -> OwedList:
    """What is owed and for which days, with the reason; the first to run out on top."""
    async with work.reading() as tx:
        return OwedList(owed=await store.owed.owed_rows(tx, most))


@command("/clinics/{clinic_id:uuid}/owed/{supply_id:uuid}/cancel", act=Act.PREPARE_DAY)
async def cancel_owed(work: Work, supply_id: UUID) -> actions.OwedChanged:
    """What is owed will not be given."""
    return await actions.cancel_owed(work, supply_id)


class CallBacks(Struct, frozen=True, kw_only=True):
    call_backs: list[store.held.CallBackRow]


@query("/clinics/{clinic_id:uuid}/call-backs", act=Act.SEE_DAY)
async def list_call_backs(work: Work, most: Limit = 200) -> CallBacks:
    """Who was given of a lot before word came that it is held: call these patients."""
    async with work.reading() as tx:
        return CallBacks(call_backs=await store.held.call_backs(tx, most))


ROUTES = (
    find_visit,
    see_visit,
    give,
    mark_not_come,
    undo_last,
    open_walk_in,
    abandon_walk_in,
    list_owed,
    cancel_owed,
    list_call_backs,
)
