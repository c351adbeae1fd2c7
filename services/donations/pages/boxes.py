"""One entry of the field that boxes are logged by: it is carried out, or what isn't certain is asked."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.donations.actions import collecting
from services.donations.errors import MoreThanAPack
from services.donations.pages import entry
from services.donations.scanning import actions as scanning
from services.donations.scanning.deciding import MORE_THAN_A_PACK, SEEN_BEFORE, Missing, NotCertain, ScannedItem
from shared import known
from shared.codes import Question, Refusal
from shared.database import Work
from shared.search import is_a_name
from shared.web.pages import View
from shared.web.pages.forms import read_what_can_be

MOST_FOUND = 9
"""So many products are offered for a name: each has a digit of the keyboard."""


class YesOrNo(Struct, frozen=True, kw_only=True):
    """A question of yes or no, with its facts; `yes`: the field that says so, if a yes is possible at all."""

    asked: str
    facts: Mapping[str, object]
    yes: str | None


class Asked(Struct, frozen=True, kw_only=True):
    """What the page asks before it can add the box; `found`: the products that a name may mean."""

    box: entry.BoxForm
    not_certain: NotCertain | None = None
    product: known.KnownProduct | None = None
    found: list[known.FoundProduct] | None = None
    counted: MoreThanAPack | None = None

    @property
    def doubt(self) -> YesOrNo | None:
        if self.counted is not None:
            return YesOrNo(asked=self.counted.template, facts=self.counted.facts, yes="more_than_pack_ok")
        if self.not_certain is None or self.not_certain.asked is None:
            return None
        yes = {SEEN_BEFORE: "seen_before_ok", MORE_THAN_A_PACK: "more_than_pack_ok"}.get(self.not_certain.asked)
        return YesOrNo(asked=self.not_certain.asked, facts=self.not_certain.facts, yes=yes)

    @property
    def left(self) -> str | None:
        """What the box is called, if another may be scanned before its question is answered; None: nothing is asked."""
        if self.refusal is not None or self.found is not None or self.counted is not None:
            return None
        called = self.product.product.name if self.product else self.box.text or ""
        return "".join(filter(str.isprintable, called)) or None

    @property
    def only_pack(self) -> int | None:
        """The units of the product's packs, where all have as many; None: nobody knows."""
        sizes = {pack.units_per_pack for pack in self.product.product.packs} if self.product else set[int]()
        return sizes.pop() if len(sizes) == 1 else None

    @property
    def refusal(self) -> Refusal | None:
        """Why the code can't be read; nothing is to be answered then, and the next scan goes into the field again."""
        reading = self.not_certain.reading if self.not_certain is not None else None
        return reading if self.found is None and isinstance(reading, Refusal) else None

    @property
    def question(self) -> Question | None:
        """What the code leaves open, with readings of which one is chosen."""
        if self.not_certain is None or self.not_certain.missing or self.doubt is not None:
            return None
        reading = self.not_certain.reading
        return reading if isinstance(reading, Question) and not reading.only_lacks_product else None

    @property
    def lacks(self) -> tuple[Missing, ...]:
        """What only a person can say, in the order in which it is asked."""
        if self.not_certain is None:
            return ("expires_on", "batch", "units")
        return self.not_certain.missing or (("product",) if self.without_number else ())

    @property
    def without_number(self) -> bool:
        """Whether all of the code is certain, and it doesn't say which product it is."""
        reading = self.not_certain.reading if self.not_certain is not None else None
        return isinstance(reading, Question) and reading.only_lacks_product


class Done(NamedTuple):
    line_id: UUID
    what: str


class Doors(NamedTuple):
    """How boxes come into a collection: a partner pharmacist's while it is open, a clinic's pharmacist's afterwards."""

    by_name: Callable[[collecting.DonatedItem], Awaitable[collecting.LineChanged]]
    by_code: Callable[[ScannedItem], Awaitable[scanning.LineScanned]]
    withdraw: Callable[[UUID], Awaitable[collecting.LineChanged]] | None = None
    recount: Callable[[UUID, int], Awaitable[collecting.LineChanged]] | None = None


async def enter(view: View, box: entry.BoxForm, doors: Doors) -> Done | Asked:
    try:
        return await _carried_out(view, box, doors)
    except MoreThanAPack as counted:
        return Asked(box=box, counted=counted)


async def _carried_out(view: View, box: entry.BoxForm, doors: Doors) -> Done | Asked:
    match entry.meaning_of(box, view.today):
        case entry.Undo(line_id) if doors.withdraw is not None:
            return Done((await view.once(doors.withdraw(line_id), collecting.LineChanged)).line_id, "undone")
        case entry.Count(line_id, units) if doors.recount is not None:
            return Done((await view.once(doors.recount(line_id, units), collecting.LineChanged)).line_id, "counted")
        case entry.ByName(item):
            return Done((await view.once(doors.by_name(item), collecting.LineChanged)).line_id, "added")
        case entry.ByCode(item):
            return await _scanned(view, box, doors, item)
        case entry.Unfinished(product_id):
            return await _asked_by_name(view.reading, box, product_id)
        case _:
            raise entry.nothing_to_change()


async def _scanned(view: View, box: entry.BoxForm, doors: Doors, item: ScannedItem) -> Done | Asked:
    scanned = await view.once(doors.by_code(item), scanning.LineScanned)
    if scanned.added is not None:
        return Done(scanned.added.line.line_id, "added")
    if scanned.same_pack is not None:
        return Done(scanned.same_pack.line.line_id, "same")
    assert scanned.not_certain is not None, "what isn't added says why"
    return await _asked_by_code(view.reading, box, item.text, scanned.not_certain)


async def asked_again(view: View) -> Asked | None:
    """The same question once more, where what was typed for an answer can't be read; None: nothing was asked."""
    if view.failed is None or any(each.field == "text" for each in view.failed.problems):
        return None
    box = replace(
        read_what_can_be(entry.BoxForm, view.failed.typed), expires=None, batch=None, batch_asked=False, units=None
    )
    match entry.meaning_of(box, view.today) if box.text is not None or box.product_id is not None else None:
        case entry.Unfinished(product_id):
            return await _asked_by_name(view.reading, box, product_id)
        case entry.ByCode(item):
            asked = await scanning.what_is_asked(view.reading, item)
            return await _asked_by_code(view.reading, box, item.text, asked) if asked is not None else None
        case _:
            return None


async def _asked_by_name(work: Work, box: entry.BoxForm, product_id: UUID) -> Asked:
    async with work.reading() as tx:
        return Asked(box=box, product=await known.product_of(tx.sql, tx.clinic_id, product_id))


async def _asked_by_code(work: Work, box: entry.BoxForm, text: str, not_certain: NotCertain) -> Asked:
    """A text that is no code may be a name; and of a number that nobody knows, the product is asked by its name."""
    async with work.reading() as tx:
        if isinstance(not_certain.reading, Refusal) and is_a_name(text):
            found = await known.products_named(tx.sql, tx.clinic_id, text, MOST_FOUND)
            return Asked(box=box, not_certain=not_certain, found=found)
        if box.name is not None and box.product_id is None:
            found = await known.products_named(tx.sql, tx.clinic_id, box.name, MOST_FOUND)
            return Asked(box=box, not_certain=not_certain, found=found)
        if box.product_id is not None:
            product = await known.product_of(tx.sql, tx.clinic_id, box.product_id)
            return Asked(box=box, not_certain=not_certain, product=product)
    product = not_certain.pack.product if not_certain.pack else None
    return Asked(box=box, not_certain=not_certain, product=product)
