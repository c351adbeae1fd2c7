"""What the pages of stock show alike: amounts in packs, expiries with their bands, and where a list goes on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.stock import words as tables
from services.stock.rules.expiry import Band, band_of
from services.stock.rules.ledger import Account
from services.stock.store.lots import LotRow
from shared import known
from shared import words as shared_tables
from shared.catalogue import Product
from shared.database import Transaction
from shared.errors import BadRequest
from shared.language import N_, Words
from shared.web.pages import View
from shared.words import UNITS

LOTS_A_PAGE = 30

BAND_KINDS: Mapping[Band, str] = {
    Band.EXPIRED: "no",
    Band.UNDER_30: "ask",
    Band.UNDER_90: "soon",
    Band.UNDER_180: "wait",
    Band.LATER: "yes",
}


class NoSuchPlace(BadRequest):
    title = N_("This list can't be shown from there")
    detail = N_("Begin again at the top of the list.")


def after_of(text: str) -> tuple[date, UUID] | None:
    """Where a list goes on, as `next_after` wrote it."""
    if not text:
        return None
    day, _, lot_id = text.partition("_")
    try:
        return date.fromisoformat(day), UUID(lot_id)
    except ValueError as problem:
        raise NoSuchPlace from problem


def id_asked(view: View, name: str) -> UUID | None:
    """A lot that something was just done with, so that it can be undone; None: none is named."""
    try:
        return UUID(view.asked(name))
    except ValueError:
        return None


def cut(found: Sequence[LotRow]) -> tuple[Sequence[LotRow], str | None]:
    """A page of lots, of which one more than fits was asked for, and where the next one begins."""
    if len(found) <= LOTS_A_PAGE:
        return found, None
    last = found[LOTS_A_PAGE - 1]
    return found[:LOTS_A_PAGE], f"{last.expires_on}_{last.lot_id}"


async def products_of(tx: Transaction, lots: Iterable[LotRow]) -> dict[UUID, known.KnownProduct]:
    return await known.products(tx.sql, tx.clinic_id, list({lot.product_id for lot in lots}))


class Shown(Struct, frozen=True):
    """A band in words, and the kind of its colour."""

    text: str
    kind: str


class Showing:
    """Says units and days in the reader's language. A plain class: a page's templates ask it."""

    def __init__(self, view: View, products: Mapping[UUID, known.KnownProduct]) -> None:
        self.words = view.words
        self.today = view.today
        self.products = products
        self.tables = tables
        self.names = shared_tables

    def amount(self, units: int, product_id: UUID | None, *, opened: bool = False) -> str:
        """2 packs of 30 and 14 tablets, where the product has packs of one size only; what is opened is no whole pack.

        Of a product that nobody here knows, just the number.
        """
        found = self.products.get(product_id) if product_id else None
        if found is None:
            return self.words.number(units)
        return self.words.units(units, found.product.unit) if opened else amount(self.words, units, found.product)

    def lot_amount(self, units: int, lot: LotRow) -> str:
        return self.amount(units, lot.product_id, opened=lot.opened)

    def band(self, expires_on: date) -> Shown:
        band = band_of(expires_on, self.today)
        return Shown(self.words.gettext(tables.BANDS[band]), BAND_KINDS[band])

    def moved(self, source: str, target: str) -> str:
        """A movement in plain words."""
        accounts = Account(source), Account(target)
        if accounts in tables.MOVED:
            return self.words.gettext(tables.MOVED[accounts])
        one, other = (self.words.gettext(tables.ACCOUNTS[each]) for each in accounts)
        return f"{one} → {other}"

    def content_name(self, product: Product) -> str:
        """What a plan of this product counts: tablets, doses, ml."""
        return unit_name(self.words, product.content_unit)

    def typed_day(self, day: date) -> str:
        """A day as people type it."""
        return f"{day:%d/%m/%Y}"


def amount(words: Words, units: int, product: Product) -> str:
    size = pack_size(product)
    return words.packs(units, size, product.unit) if size else words.units(units, product.unit)


def pack_size(product: Product) -> int | None:
    """How many are in a pack; None where that may differ."""
    sizes = {pack.units_per_pack for pack in product.packs}
    return sizes.pop() if len(sizes) == 1 else None


def unit_name(words: Words, unit: str) -> str:
    """Tablets: what the numbers of a column count."""
    if unit not in UNITS:
        return unit
    return words.ngettext(*UNITS[unit], 2).replace("{n}", "").strip()
