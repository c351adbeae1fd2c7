"""What is owed to patients: seen, and cancelled when it will not be given."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store, words
from services.dispense.actions import counter as actions
from services.dispense.errors import OwedNotFound
from services.dispense.pages.people import identities_of
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page

MOST = 200


@page("/clinics/{clinic_id:uuid}/owed", act=Act.SEE_DAY)
async def show_owed(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """Whose days run out first stands on top."""
    async with work.reading() as tx:
        rows = await store.owed.owed_rows(tx, MOST)
        products = await known.products(tx.sql, tx.clinic_id, [row.product_id for row in rows])
    identities = await identities_of(view, list({row.patient_id for row in rows}), "owed")
    return await view.page(
        "dispense/owed.html",
        base=f"/dispense/clinics/{clinic_id}/owed",
        rows=rows,
        products=products,
        identities=identities,
        reasons=words.OWED_REASONS,
    )


@page("/clinics/{clinic_id:uuid}/owed/{supply_id:uuid}", act=Act.PREPARE_DAY)
async def show_cancel_owed(work: Work, view: View, clinic_id: UUID, supply_id: UUID) -> Response[Any]:
    """What cancelling means, before it is done."""
    async with work.reading() as tx:
        row = await store.owed.find_owed(tx, supply_id)
        if row is None:
            raise OwedNotFound
        product = await known.product_of(tx.sql, tx.clinic_id, row.product_id)
    identities = await identities_of(view, [row.patient_id], "owed")
    return await view.page(
        "dispense/cancel_owed.html",
        base=f"/dispense/clinics/{clinic_id}/owed",
        row=row,
        product=product.product,
        who=identities.get(row.patient_id),
    )


@form("/clinics/{clinic_id:uuid}/owed/{supply_id:uuid}/cancel", act=Act.PREPARE_DAY)
async def cancel_owed_by_form(work: Work, view: View, clinic_id: UUID, supply_id: UUID) -> Response[Any]:
    await view.once(actions.cancel_owed(work, supply_id), actions.OwedChanged)
    return view.go(f"/dispense/clinics/{clinic_id}/owed")


PAGES = (show_owed, show_cancel_owed, cancel_owed_by_form)
