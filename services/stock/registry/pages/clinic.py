"""The clinic at a glance: what is due on top, then all that there is of it, with numbers."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.stock.registry import listing, store
from services.stock.registry.pages.around import base_of, held_due, shortened
from services.stock.registry.pages.policies import otherwise_than_usual
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, page
from shared.web.parked import count_parked, words
from shared.words import ROLES

MOST_DUE = 6
"""So many of a kind stand on the clinic's own page; the others behind a link."""


@page("/clinics/{clinic_id:uuid}/clinic", act=Act.SEE_CLINIC)
async def show_clinic(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        clinic = await store.find_clinic(tx.sql, tx.clinic_id)
        held = await held_due(tx, view)
        decisions = await listing.decisions_due(tx, 1, MOST_DUE)
        counts = await listing.counts(tx)
        changed = otherwise_than_usual(await known.policies_of(tx.sql, tx.clinic_id))
    return await view.page(
        "stock/clinic/clinic.html",
        base=base_of(clinic_id),
        clinic=clinic,
        held=held[:MOST_DUE],
        more_held=len(held) - MOST_DUE,
        decisions=decisions,
        counts=counts,
        changed=changed,
        service="stock",
        parked=await count_parked(view),
        tables=words,
        roles=ROLES,
        shortened=shortened,
    )


PAGES = (show_clinic,)
