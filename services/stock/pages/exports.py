"""The list of lots to take along: for a spreadsheet as CSV or XLSX, and on paper. All rows, not just a page."""

import asyncio
import csv
import io
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import xlsxwriter
from litestar import Response

from services.stock import words as tables
from services.stock.pages.lots import within_of
from services.stock.pages.showing import amount, products_of, unit_name
from services.stock.rules.expiry import Within, band_of, days_of
from services.stock.store import shelf
from services.stock.store.lots import LotRow
from shared.database import Work
from shared.errors import Refused
from shared.known import KnownProduct
from shared.language import N_, Words
from shared.printing import pdf
from shared.roles import Act
from shared.web.pages import View, page

MOST_ROWS = 20_000
MOST_PRINTED = 3000
TEMPLATE = Path(__file__).parent.parent / "templates" / "stock" / "lots.typ"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these is carried out by a spreadsheet, whoever wrote it."""
HEADS = (
    N_("Medicine"),
    N_("Expiry"),
    N_("Time left"),
    N_("Batch"),
    N_("Pack"),
    N_("On the shelf"),
    N_("Reserved"),
    N_("Quarantine"),
    N_("On the way"),
    N_("Counted in"),
    N_("Place"),
    N_("On hold because"),
)
WIDTHS = (44, 12, 18, 16, 12, 12, 12, 12, 12, 18, 18, 30)

Cell = str | int | date
Products = dict[UUID, KnownProduct]


class TooManyRows(Refused):
    title = N_("This list is too long for that")
    detail = N_("Choose fewer days.")


@page("/clinics/{clinic_id:uuid}/lots.csv", act=Act.SEE_STOCK)
async def lots_as_csv(work: Work, view: View) -> Response[Any]:
    within = within_of(view)
    lots, products = await _all_of(work, within, MOST_ROWS)
    content = await asyncio.to_thread(_csv, lots, products, view.words, view.today)
    return _file(view, within, "csv", "text/csv", content)


@page("/clinics/{clinic_id:uuid}/lots.xlsx", act=Act.SEE_STOCK)
async def lots_as_xlsx(work: Work, view: View) -> Response[Any]:
    within = within_of(view)
    lots, products = await _all_of(work, within, MOST_ROWS)
    content = await asyncio.to_thread(_xlsx, lots, products, view.words, view.today)
    return _file(view, within, "xlsx", XLSX, content)


@page("/clinics/{clinic_id:uuid}/lots.pdf", act=Act.SEE_STOCK)
async def lots_on_paper(work: Work, view: View) -> Response[Any]:
    within, words = within_of(view), view.words
    lots, products = await _all_of(work, within, MOST_PRINTED)
    async with work.reading() as tx:
        clinic_name = await shelf.clinic_name(tx)
    data = {
        "clinic": clinic_name,
        "day": words.day(view.today),
        "number": words.ngettext("%(num)d lot", "%(num)d lots", len(lots)) % {"num": len(lots)},
        "heads": [words.gettext(head) for head in (N_("Medicine"), N_("Expiry"), N_("Batch"), N_("Here"), N_("Place"))],
        "lines": [_printed(lot, products, words, view.today) for lot in lots],
    }
    return view.pdf(_name(view, within, "pdf"), await pdf(TEMPLATE, words.gettext(tables.WITHIN[within]), data))


async def _all_of(work: Work, within: Within, most: int) -> tuple[list[LotRow], Products]:
    async with work.reading() as tx:
        lots = await shelf.page_of_lots(tx, days_of(within, tx.today), None, most + 1)
        if len(lots) > most:
            raise TooManyRows("It has more than {most} lots: choose fewer days.", most=most)
        return lots, await products_of(tx, lots)


def _row(lot: LotRow, products: Products, words: Words, today: date) -> tuple[Cell, ...]:
    found = products.get(lot.product_id)
    condition = tables.CONDITIONS["yes" if lot.opened else "no"]
    return (
        lot.product_name,
        lot.expires_on,
        words.gettext(tables.BANDS[band_of(lot.expires_on, today)]),
        lot.batch or words.gettext("unreadable"),
        words.gettext(condition),
        lot.shelf,
        lot.reserved,
        lot.quarantine,
        lot.in_transit,
        unit_name(words, found.product.unit) if found else "",
        lot.place or "",
        lot.held_reason or "",
    )


def _printed(lot: LotRow, products: Products, words: Words, today: date) -> list[str]:
    found = products.get(lot.product_id)
    units = lot.shelf + lot.reserved + lot.quarantine + lot.in_transit
    opened = tables.CONDITIONS["yes"]
    condition = [words.gettext(opened)] if lot.opened else []
    held = [words.say("on hold: {reason}", reason=lot.held_reason)] if lot.held_reason else []
    return [
        " · ".join([lot.product_name, *condition, *held]),
        words.day(lot.expires_on),
        lot.batch or words.gettext("unreadable"),
        _amount(words, units, lot, found),
        lot.place or "",
    ]


def _amount(words: Words, units: int, lot: LotRow, found: KnownProduct | None) -> str:
    if found is None:
        return words.number(units)
    return words.units(units, found.product.unit) if lot.opened else amount(words, units, found.product)


def _csv(lots: list[LotRow], products: Products, words: Words, today: date) -> bytes:
    """A spreadsheet in Greek parts columns by semicolons, as it needs the comma for decimals."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";" if words.language == "el" else ",")
    writer.writerow([words.gettext(head) for head in HEADS])
    writer.writerows([_harmless(cell) for cell in _row(lot, products, words, today)] for lot in lots)
    return written.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _xlsx(lots: list[LotRow], products: Products, words: Words, today: date) -> bytes:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
        for column, (head, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, words.gettext(head), bold)
        sheet.freeze_panes(1, 1)
        for number, lot in enumerate(lots, 1):
            for column, cell in enumerate(_row(lot, products, words, today)):
                # By its kind, and never by what it looks like: a text stays a text, also one that begins with "=".
                match cell:
                    case str():
                        sheet.write_string(number, column, cell)
                    case date():
                        sheet.write_datetime(number, column, datetime.combine(cell, time()), day)
                    case int():
                        sheet.write_number(number, column, cell)
    return written.getvalue()


def _file(view: View, within: Within, ending: str, media_type: str, content: bytes) -> Response[bytes]:
    shown = {"Content-Disposition": f'attachment; filename="{_name(view, within, ending)}"'}
    return Response(content, media_type=media_type, headers=shown)


def _name(view: View, within: Within, ending: str) -> str:
    return f"lots-{'expired' if within == '0' else within}-{view.today}.{ending}"


PAGES = (lots_as_csv, lots_as_xlsx, lots_on_paper)
