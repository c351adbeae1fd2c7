"""What of dispense stands on the clinic's page, which stock serves: the pharmacy's days, and what waits here."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, page
from shared.web.parked import count_parked, words


@page("/clinics/{clinic_id:uuid}/fragments/clinic", act=Act.SEE_CLINIC)
async def show_part_of_clinic(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        kept = await store.calendar.calendar_of(tx, tx.today)
        closures = await store.calendar.closures(tx, tx.today)
    return view.plain(
        "dispense/part_of_clinic.html",
        weekdays=sorted(kept.weekdays),
        closures=len(closures),
        service="dispense",
        parked=await count_parked(view),
        tables=words,
    )


PAGES = (show_part_of_clinic,)
