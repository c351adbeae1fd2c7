"""What is meant by one entry of the intake's field. Pure decisions; nothing is guessed."""

import re
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.donations.actions.collecting import DonatedItem
from services.donations.rules import Storage
from services.donations.scanning.deciding import ScannedItem
from shared import fields
from shared.codes import Recognised, read_code
from shared.codes.days import day_printed
from shared.language import N_
from shared.policies import SourceKind
from shared.web.pages.forms import NEEDED, FieldProblem, FormWrong, day_typed

UNDO = ("-", "−")
_UNITS = re.compile(r"[0-9]{1,4}")

NO_EXPIRY = N_("Type the expiry as month and year, like 0627 or 06/2027.")
NOTHING_TO_CHANGE = N_("There is no box yet that this could change.")


class BoxForm(Struct, frozen=True, kw_only=True):
    """`text`: a scan, a name, a number of units or a minus. `last`: the line that the page shows as the last one.

    `name`: what a box whose number nobody knows is called on it.
    `left`: the box whose question stood on the page, and was not answered.
    `batch_asked`: the page asked for the batch, so that nothing typed means that it can't be read.
    """

    text: fields.Scan | None = None
    last: UUID | None = None
    left: str | None = None
    name: fields.Name | None = None
    product_id: UUID | None = None
    expires: str | None = None
    batch: fields.Batch | None = None
    batch_asked: bool = False
    units: fields.Units | None = None
    units_per_pack: fields.Units | None = None
    opened: bool = False
    seen_before_ok: bool = False
    more_than_pack_ok: bool = False
    another_pack: bool = False
    source_kind: SourceKind = SourceKind.PERSON
    source_name: fields.Name | None = None
    storage: Storage = Storage.ROOM

    def kept(self) -> dict[str, str | None]:
        """What holds for the next box too, as long as nobody changes it."""
        return {
            "source_kind": None if self.source_kind is SourceKind.PERSON else self.source_kind.value,
            "storage": None if self.storage is Storage.ROOM else self.storage.value,
        }


class Undo(NamedTuple):
    line_id: UUID


class Count(NamedTuple):
    line_id: UUID
    units: int


class ByName(NamedTuple):
    item: DonatedItem


class ByCode(NamedTuple):
    item: ScannedItem


class Unfinished(NamedTuple):
    """A product was chosen by its name, and the rest is still to be asked."""

    product_id: UUID


Meaning = Undo | Count | ByName | ByCode | Unfinished


def meaning_of(box: BoxForm, today: date) -> Meaning:
    """Raises FormWrong where nothing was typed, or a field can't be read."""
    if box.text is None:
        if box.product_id is None:
            raise FormWrong(problems=[FieldProblem("text", NEEDED)])
        return _by_name(box, box.product_id, today)
    if box.text in UNDO:
        return Undo(_last(box))
    if _UNITS.fullmatch(box.text) and int(box.text):
        return Count(_last(box), int(box.text))
    return _by_code(box, box.text, today)


def _last(box: BoxForm) -> UUID:
    if box.last is None:
        raise nothing_to_change()
    return box.last


def nothing_to_change() -> FormWrong:
    return FormWrong(problems=[FieldProblem("text", NOTHING_TO_CHANGE)])


def _by_name(box: BoxForm, product_id: UUID, today: date) -> Meaning:
    if scanned := _code_in_expiry(box, today):
        return _by_code(box, scanned, today)
    expires_on = _expiry(box, today)
    if expires_on is None or box.units is None:
        return Unfinished(product_id)
    return ByName(
        DonatedItem(
            product_id=product_id,
            code=None,
            batch=box.batch,
            expires_on=expires_on,
            opened=box.opened,
            units=box.units,
            source_kind=box.source_kind,
            source_name=box.source_name,
            storage=box.storage,
        )
    )


def _by_code(box: BoxForm, text: str, today: date) -> ByCode:
    if scanned := _code_in_expiry(box, today):
        # The box's other code came where its expiry was asked: it says the expiry itself.
        box, text = replace(box, expires=None, batch=None, batch_asked=False, product_id=None), scanned
    return ByCode(
        ScannedItem(
            text=text,
            source_kind=box.source_kind,
            source_name=box.source_name,
            storage=box.storage,
            opened=box.opened,
            units=box.units,
            units_per_pack=box.units_per_pack,
            product_id=box.product_id,
            batch=box.batch,
            batch_unreadable=box.batch_asked and box.batch is None,
            expires_on=_expiry(box, today),
            seen_before_ok=box.seen_before_ok,
            more_than_pack_ok=box.more_than_pack_ok,
            another_pack=box.another_pack,
        )
    )


def _expiry(box: BoxForm, today: date) -> date | None:
    return None if box.expires is None else expiry_typed(box.expires, today)


def expiry_typed(text: str, today: date) -> date:
    """An expiry as a person types it: a day in the order of the country, or as it is printed; raises FormWrong."""
    day = day_typed(text) or day_printed(text, today)
    if day is None:
        raise FormWrong(problems=[FieldProblem("expires", NO_EXPIRY)])
    return day


def expiry_shown(day: date) -> str:
    """As it is typed: 06/2027 for the end of a month, else the day."""
    is_last = (day + timedelta(days=1)).day == 1
    return f"{day:%m/%Y}" if is_last else f"{day.day}/{day.month}/{day.year}"


def _code_in_expiry(box: BoxForm, today: date) -> str | None:
    if box.expires is None or day_printed(box.expires, today) is not None:
        return None
    return box.expires if isinstance(read_code(box.expires, today), Recognised) else None
