"""What a prepared day has, for the tests of preparing."""

from uuid import UUID

from services.dispense import store
from tests.dispense.clinic import OwnClinic


async def lines_of_today(clinic: OwnClinic) -> list[store.visit_lines.VisitLine]:
    async with clinic.work.reading() as tx:
        today = await store.days.find_day(tx, clinic.today)
        assert today is not None
        return await store.visit_lines.lines_of_day(tx, today.day_id)


async def reserved(clinic: OwnClinic, patient_id: UUID) -> int:
    return (await clinic.line(patient_id)).reserved_units
