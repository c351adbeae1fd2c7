"""What the scan box of every page leads to in stock: a box, a medicine's name, a transfer's note."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.stock.pages.products import found_products, like_a_card, show_products
from services.stock.pages.transfers.listing import numbered, transfer_of_note
from shared import known, slips
from shared.codes import Recognised, read_code
from shared.language import N_
from shared.roles import Act
from shared.search import is_a_name
from shared.web.pages import View, form
from shared.web.pages.finding import FindForm, handed_on
from shared.web.pages.forms import FieldProblem, FormWrong, Typed

NOT_OPENED = N_(
    "This looks like a card or a slip. No such code is known here, or your task does not open it. Look at it again."
)


@form("/clinics/{clinic_id:uuid}/find", act=Act.SEE_STOCK, again=show_products)
async def find_by_form(view: View, clinic_id: UUID) -> Response[Any]:
    """What may be a card or a slip is for the other services to look at first."""
    text = view.typed(FindForm).text
    note = await transfer_of_note(view, clinic_id, text)
    if note is not None:
        return note
    handed = None if await _is_ours(text, view) else handed_on(view)
    if handed is not None:
        return handed
    transfer_id = await numbered(view, text)
    if transfer_id is not None:
        return view.go(f"/stock/clinics/{clinic_id}/transfers/{transfer_id}")
    if slips.bits_of_slip(text) is not None or (like_a_card(text) and not text.isalpha()):
        raise FormWrong(problems=[FieldProblem("text", NOT_OPENED)])
    typed: Typed = {"text": (text,)}
    return await found_products(view.reading, view, clinic_id, typed)


async def _is_ours(text: str, view: View) -> bool:
    """A box's code, or a name; ten letters may be a card's too, if no medicine is called so."""
    if isinstance(read_code(text, view.today), Recognised):
        return True
    if not like_a_card(text) or not is_a_name(text):
        return is_a_name(text)
    async with view.reading.reading() as tx:
        return text.isalpha() and bool(await known.products_named(tx.sql, tx.clinic_id, text, 1))


PAGES = (find_by_form,)
