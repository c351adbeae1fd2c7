"""A patient as their pages show them. That somebody looked is written down, as by the API."""

from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct

from services.dispense import directions, store
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import PatientNotFound
from services.dispense.rules import planning
from shared import known
from shared.database import Transaction, Work
from shared.exact import fraction_of
from shared.language import Words
from shared.moieties import is_known_moiety
from shared.runtime import Runtime

MOST_GIVEN = 100
MOST_OWED = 50


class Line(Struct, frozen=True, kw_only=True):
    """A line of a plan, with the product as it is known today."""

    row: store.patients.TherapyLineRow
    product: known.KnownProduct
    prescribed_by: str | None
    covered_through: date | None

    def taken(self, words: Words) -> str:
        unit = self.product.product.content_unit
        return directions.in_words(words, fraction_of(self.row.per_intake), self.row.schedule, unit)

    def runs(self, today: date) -> bool:
        """Whether it is taken today or will be."""
        return self.row.until_on is None or self.row.until_on >= max(today, self.row.starts_on)

    @property
    def never(self) -> bool:
        """It was taken out before its first day."""
        return self.row.until_on is not None and self.row.until_on < self.row.starts_on


class Seen(Struct, frozen=True, kw_only=True):
    """`identity` is None once the person is forgotten; `final_on`: then no backup has it any more either."""

    patient_id: UUID
    identity: actions.Identity | None
    patient: store.patients.PatientRow
    lines: list[Line]
    given: list[store.patients.GivenRow]
    owed: list[store.owed.OwedRow]
    next_on: date | None

    @property
    def unknown_allergies(self) -> list[str]:
        """What no substance is called: nothing can be compared with it."""
        named = actions.named_in(self.identity.allergies) if self.identity else []
        return [each.strip() for each in named if not is_known_moiety(each.strip())]


async def seen(work: Work, runtime: Runtime, patient_id: UUID, purpose: str = "patient") -> Seen:
    """Raises PatientNotFound, also where the patient is another clinic's."""
    identities = await actions.look_at(work, keys_of(runtime), [patient_id], purpose)
    async with work.reading() as tx:
        patient = await store.patients.find_patient(tx, patient_id)
        if patient is None:
            raise PatientNotFound
        return Seen(
            patient_id=patient_id,
            identity=identities.get(patient_id),
            patient=patient,
            lines=await _lines(tx, runtime, patient),
            given=await store.patients.given_to(tx, patient_id, MOST_GIVEN),
            owed=await store.owed.owed_rows(tx, MOST_OWED, patient_id),
            next_on=await _next_on(tx, patient_id),
        )


async def _lines(tx: Transaction, runtime: Runtime, patient: store.patients.PatientRow) -> list[Line]:
    assert tx.clinic_id is not None
    rows = await store.patients.therapy_lines_of(tx, patient.patient_id)
    products = await known.products(tx.sql, tx.clinic_id, list({row.product_id for row in rows}))
    covered = await store.plans.covered_through(tx, patient.patient_id)
    keys = keys_of(runtime)
    return [
        Line(
            row=row,
            product=products[row.product_id],
            prescribed_by=actions.prescriber_of(keys, tx.clinic_id, patient, row),
            covered_through=covered.get(row.therapy_line_id, row.covered_through),
        )
        for row in rows
    ]


async def _next_on(tx: Transaction, patient_id: UUID) -> date | None:
    calendar = await store.calendar.calendar_of(tx, tx.today)
    day = await store.days.find_day(tx, tx.today)
    from_on = tx.today + timedelta(days=1) if day is not None and day.state == "closed" else tx.today
    plans = await store.plans.plans(tx, from_on, patient_id)
    return planning.next_expected(plans, from_on, calendar)


def final_on(forgotten_on: date, runtime: Runtime) -> date:
    return forgotten_on + timedelta(days=runtime.settings.backup_retention_days)


def base_of(clinic_id: UUID) -> str:
    return f"/dispense/clinics/{clinic_id}/patients"


def address_of(clinic_id: UUID, patient_id: UUID) -> str:
    return f"{base_of(clinic_id)}/{patient_id}"
