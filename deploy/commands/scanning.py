"""Reading a code at the command line, with or without a cell."""

import sys
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import rich_click as click
from msgspec import to_builtins

from deploy.commands.common import cell_folder, print_json, run, this_cell
from deploy.commands.telling import NOT_SET_UP
from deploy.embedded import DidNotStart
from shared import gtins
from shared.clock import Clock
from shared.codes import Possible, Question, Reading, Recognised, Refusal, read_code
from shared.database import AWAY

QUESTION, REFUSAL = 3, 4
"""How the command ends where there is no certain reading."""
TIME_ZONE = ZoneInfo("Europe/Athens")
CONNECT_SECONDS = 3
NO_ANSWER = (DidNotStart, OSError, asyncpg.InsufficientResourcesError, *AWAY, *NOT_SET_UP)
"""A cell that is damaged, away, full, or not set up."""


# A code may begin with a dash, and what is printed has spaces.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="TEXT", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def scan(words: tuple[str, ...], as_json: bool) -> None:
    """Read the code TEXT as a scanner sends it, or as it is printed: EAN, GS1, Digital Link, LOT … EXP ….

    It ends with 0 for a reading, 3 for a question, 4 for a refusal. It needs no cell; where one runs, it names the
    product.
    """
    demo_days = cell_folder() / "demo-days" if (cell_folder() / "demo").exists() else None
    today = Clock(time_zone=TIME_ZONE, demo_days_path=demo_days).today()
    reading = read_code(" ".join(words), today)
    known = run(_known_pack(reading.gtin)) if isinstance(reading, Recognised) else NOT_LOOKED_UP
    if as_json:
        print_json(_fields(reading, known.pack))
    else:
        sys.stdout.write("\n".join(_lines(reading, known, today)) + "\n")
    sys.exit({Recognised: 0, Question: QUESTION, Refusal: REFUSAL}[type(reading)])


class Known(NamedTuple):
    """What a cell that runs here knows of a number. `looked_up`: one does run."""

    pack: gtins.KnownPack | None
    looked_up: bool


NOT_LOOKED_UP = Known(None, looked_up=False)


async def _known_pack(gtin: str) -> Known:
    if not (cell_folder() / "cell.json").exists():
        return NOT_LOOKED_UP
    try:
        cell = this_cell()
        if not cell.postgres.is_running():
            return NOT_LOOKED_UP
        connection = await asyncpg.connect(cell.app_url("stock"), timeout=CONNECT_SECONDS)
        try:
            return Known(await gtins.pack_of(connection, None, gtin), looked_up=True)
        finally:
            await connection.close()
    except NO_ANSWER:
        return NOT_LOOKED_UP  # The reading stands without the product's name.


def _fields(reading: Reading, pack: gtins.KnownPack | None) -> dict[str, Any]:
    fields: dict[str, Any] = to_builtins(reading)
    del fields["kind"]
    if pack is not None:
        fields |= {
            "product_id": str(pack.product.product.product_id),
            "product": pack.product.product.name,
            "units_per_pack": pack.units_per_pack,
            "binding": pack.binding.state if pack.binding else None,
        }
    return fields


def _lines(reading: Reading, known: Known, today: date) -> list[str]:
    match reading:
        case Recognised():
            return [*_told(reading), *_told_of_expiry(reading, today), _told_of_pack(known)]
        case Question():
            return [reading.question, *(_offered(number, each) for number, each in enumerate(reading.readings, 1))]
        case Refusal():
            return [reading.refusal]


def _told(reading: Recognised | Possible) -> list[str]:
    told = {
        "GTIN": reading.gtin,
        "batch": reading.batch,
        "expires on": reading.expires_on,
        "serial": reading.serial,
        **{f"national number ({ai})": number for ai, number in reading.national_numbers.items()},
    }
    return [f"{name} {value if value is not None else '-'}" for name, value in told.items()]


def _offered(number: int, possible: Possible) -> str:
    instead = f"; if so, send {possible.text}" if possible.text is not None else ""
    return f"  {number}. {', '.join(_told(possible))}{instead}"


def _told_of_expiry(reading: Recognised, today: date) -> list[str]:
    return ["this expiry has passed"] if reading.expires_on is not None and reading.expires_on < today else []


def _told_of_pack(known: Known) -> str:
    if not known.looked_up:
        return "product not looked up, since no cell runs or answers here"
    if known.pack is None:
        return "product not known: nobody has said yet what this number is"
    look = ", as somebody said; no pharmacist has confirmed it yet" if known.pack.needs_look else ""
    return f"product {known.pack.product.product.name}{look}"
