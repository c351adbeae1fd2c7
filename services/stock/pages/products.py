"""What the clinic has, looked for by name, substance or code; and one product with its lots."""

import re
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.pages.showing import LOTS_A_PAGE, Showing, after_of, cut
from services.stock.rules.expiry import WITHIN_DAYS
from services.stock.store import choosing, shelf, surplus
from shared import fields, gtins, known
from shared.codes import Question, Recognised, read_code
from shared.database import Transaction, Work
from shared.language import N_
from shared.roles import Act
from shared.search import Found as Likeness
from shared.search import is_a_name
from shared.web.pages import View, page
from shared.web.pages.forms import FieldProblem, FormWrong, Typed, read_as
from shared.web.pages.view import failed_form

MOST_LOOKED_AT = 60
"""So many products are looked for: what is here stands before what is only in the catalogue."""
MOST_NOT_HERE = 10
_LIKE_A_CARD = re.compile(r"\w{5}-?\w{5}")

NOBODY_KNOWS = N_("Nobody has met the number {gtin} yet. Look for the medicine by its name.")


class Search(Struct, frozen=True, kw_only=True):
    text: fields.Scan = ""


class Found(Struct, frozen=True, kw_only=True):
    """Products for what was typed: those that are here with their units, and those that only the catalogue knows."""

    here: list[tuple[known.FoundProduct, shelf.ProductTotals]] = []
    not_here: list[known.FoundProduct] = []

    @property
    def only_alike_here(self) -> bool:
        """Nothing that is here is called so: it is only like what was typed."""
        return all(match.match is Likeness.SIMILAR for match, _ in self.here)

    @property
    def only_alike(self) -> bool:
        """Nor is anything else: what was typed may as well be somebody's name."""
        return self.only_alike_here and all(match.match is Likeness.SIMILAR for match in self.not_here)


@page("/clinics/{clinic_id:uuid}/products", act=Act.SEE_STOCK)
async def show_products(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """Without a search an overview; a scanned code leads straight to its product."""
    return await found_products(work, view, clinic_id, asked_in(view, "text"))


async def found_products(work: Work, view: View, clinic_id: UUID, typed: Typed) -> Response[Any]:
    """What a form finds by name leads to an address, to which the browser's way back leads without sending it again.
    What finds nothing by its own name is shown at once, and stands in no address."""
    try:
        search = read_as(Search, typed)
        async with work.reading() as tx:
            product_id = await scanned_product(tx, view, search.text)
            if product_id is not None:
                return view.go(f"/stock/clinics/{clinic_id}/products/{product_id}")
            found = await _named(tx, search.text) if search.text else None
            if found and not found.only_alike and view.request.method == "POST" and not view.failed:
                return view.go(f"/stock/clinics/{clinic_id}/products", text=search.text)
            overview = None if found else await shelf.overview(tx)
    except FormWrong as wrong:
        view.failed = failed_form(f"/stock/clinics/{clinic_id}/find", typed, wrong)
        found = overview = None
    products = {each.product.product_id: each for each, _ in found.here} if found else {}
    return await view.page(
        "stock/products.html",
        text=next(iter(typed["text"]), "").strip(),
        found=found,
        overview=overview,
        within_days=WITHIN_DAYS,
        show=Showing(view, products),
    )


def asked_in(view: View, *names: str) -> Typed:
    """What stands behind the question mark of the address, as if a form had sent it."""
    return {name: tuple(view.request.query_params.getall(name, [])) for name in names}


def like_a_card(text: str) -> bool:
    """Whether it may be the code of a patient's card, as far as stock can tell."""
    return _LIKE_A_CARD.fullmatch(text) is not None


async def scanned_product(tx: Transaction, view: View, text: str) -> UUID | None:
    """The product of a code; None: it is a name. Raises FormWrong for a code that leads nowhere."""
    if not text:
        return None
    match read_code(text, view.today):
        case Recognised(gtin=gtin):
            pack = await gtins.pack_of(tx.sql, tx.clinic_id, gtin)
            if pack is None:
                raise FormWrong(problems=[FieldProblem("text", NOBODY_KNOWS, {"gtin": gtin})])
            return pack.product.product.product_id
        case Question(question=question) if not is_a_name(text):
            raise FormWrong(problems=[FieldProblem("text", question)])
        case _:
            return None


async def _named(tx: Transaction, text: str) -> Found:
    matches = await known.products_named(tx.sql, tx.clinic_id, text, MOST_LOOKED_AT)
    totals = await shelf.totals_of(tx, [match.product.product_id for match in matches])
    return Found(
        here=[(match, totals[match.product.product_id]) for match in matches if match.product.product_id in totals],
        not_here=[match for match in matches if match.product.product_id not in totals][:MOST_NOT_HERE],
    )


@page("/clinics/{clinic_id:uuid}/products/{product_id:uuid}", act=Act.SEE_STOCK)
async def show_product(work: Work, view: View, product_id: UUID) -> Response[Any]:
    """A product's facts, and its lots: what expires first on top."""
    after = after_of(view.asked("after"))
    async with work.reading() as tx:
        found = await known.product_of(tx.sql, tx.clinic_id, product_id)
        alike = await choosing.products_of_groups(tx.sql, tx.clinic_id, [found.substitution_group])
        totals = await shelf.totals_of(tx, [product_id, *(each.product_id for each in alike)])
        lots, following = cut(await shelf.page_of_product(tx, product_id, after, LOTS_A_PAGE + 1))
        spare = await surplus.units_of(tx, [lot.lot_id for lot in lots])
        products = await known.products(tx.sql, tx.clinic_id, [product_id, *totals])
    return await view.page(
        "stock/product.html",
        known=found,
        product=found.product,
        totals=totals.get(product_id, shelf.ProductTotals()),
        alike=[
            (each, totals[each.product_id])
            for each in alike
            if each.product_id in totals and each.product_id != product_id
        ],
        lots=lots,
        spare=spare,
        following=following,
        show=Showing(view, products),
    )


PAGES = (show_products, show_product)
