"""A day on paper: what to take from which shelf, and a label for each pack of each bag."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store
from services.dispense.actions import patients
from services.dispense.errors import DayNotPrepared
from services.dispense.label_words import directions, label_words
from services.dispense.pages.people import identities_of
from shared import known
from shared.catalogue import Ingredient
from shared.database import Transaction, Work
from shared.language import N_, Words
from shared.printing import pdf
from shared.roles import Act
from shared.web.pages import View, page

HEADS = (N_("Shelf"), N_("Medicine"), N_("Batch"), N_("Expiry"), N_("Units"))
TEMPLATES = Path(__file__).parent.parent / "templates" / "dispense"


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/pick-list.pdf", act=Act.SEE_DAY)
async def print_pick_list(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """By shelf, then product: what to take off for all bags together. It names nobody."""
    async with work.reading() as tx:
        day = await _day(tx, day_on)
        picks = await store.papers.picks_of_day(tx, day.day_id)
        products = await known.products(tx.sql, tx.clinic_id, [pick.product_id for pick in picks])
        clinic = await store.papers.clinic(tx)
    data = {
        "clinic": clinic.name,
        "day": view.words.day(day_on),
        "heads": [view.words.gettext(each) for each in HEADS],
        "lines": pick_rows(picks, products, view.words),
    }
    return view.pdf("pick-list.pdf", await pdf(TEMPLATES / "pick_list.typ", view.words.gettext("Pick list"), data))


def pick_rows(
    picks: Sequence[store.papers.Pick], products: Mapping[UUID, known.KnownProduct], words: Words
) -> list[list[str]]:
    """Shelf 2 comes before shelf 10; what has no place comes last."""
    rows: list[list[str]] = []
    for pick in sorted(picks, key=lambda pick: (pick.place is None, _by_number(pick.place or ""))):
        known_product = products.get(pick.product_id)
        opened = f" ({words.gettext('opened')})" if pick.opened else ""
        rows.append(
            [
                pick.place or "–",
                pick.product_name + opened,
                pick.batch or "–",
                words.month(pick.expires_on),
                words.units(pick.units, known_product.product.unit) if known_product else words.number(pick.units),
            ]
        )
    return rows


def _by_number(place: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", place)]


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/labels.pdf", act=Act.SEE_PATIENT)
async def print_labels(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """In each patient's own language, with their card's code and never their name."""
    async with work.reading() as tx:
        day = await _day(tx, day_on)
        rows = await store.papers.labels_of_day(tx, day.day_id)
        products = await known.products(tx.sql, tx.clinic_id, list({row.product_id for row in rows}))
        clinic = await store.papers.clinic(tx)
    identities = await identities_of(view, list({row.patient_id for row in rows}), "labels")
    labels = labels_of(rows, products, identities, day_on)
    data = {"clinic": clinic.name, "phone": clinic.phone or "", "labels": labels}
    return view.pdf("labels.pdf", await pdf(TEMPLATES / "labels.typ", view.words.gettext("Labels"), data))


def labels_of(
    rows: Sequence[store.papers.LabelRow],
    products: Mapping[UUID, known.KnownProduct],
    identities: Mapping[UUID, patients.Identity],
    day_on: date,
) -> list[dict[str, object]]:
    """One for each lot of each line, in the order of the cards; of who was forgotten there is none."""
    labels: list[dict[str, object]] = []
    for row in sorted(rows, key=lambda row: _card(identities, row)):
        if row.patient_id in identities:
            labels.append(_label(row, products.get(row.product_id), identities[row.patient_id], day_on))
    return labels


def _card(identities: Mapping[UUID, patients.Identity], row: store.papers.LabelRow) -> str:
    return identities[row.patient_id].card_code if row.patient_id in identities else ""


def _label(
    row: store.papers.LabelRow, known_product: known.KnownProduct | None, who: patients.Identity, day_on: date
) -> dict[str, object]:
    language = label_words(who.language)
    product = known_product.product if known_product else None
    amount = language.amount(Fraction(row.units), product.unit if product else "")
    return {
        "card": who.card_code,
        "medicine": row.product_name,
        "substance": " + ".join(substance_of(each) for each in product.ingredients) if product else "",
        "units": amount,
        "how": directions(language, row.per_intake, row.schedule, product.content_unit if product else ""),
        "expiry": f"{language.expires} {row.expires_on:%m/%Y}",
        "batch": f"{language.batch} {row.batch or '–'}",
        "day": f"{day_on:%d/%m/%Y}",
        "language": language.language,
        "rtl": language.right_to_left,
    }


def substance_of(ingredient: Ingredient) -> str:
    strength = f" {ingredient.strength} {ingredient.strength_unit or ''}".rstrip() if ingredient.strength else ""
    return ingredient.moiety + strength


async def _day(tx: Transaction, day_on: date) -> store.days.DayRow:
    day = await store.days.find_day(tx, day_on)
    if day is None or day.prepared_at is None:
        raise DayNotPrepared
    return day


PAGES = (print_pick_list, print_labels)
