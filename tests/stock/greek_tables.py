"""The tables of Greek names that a pharmacist can read and extend, and what a name's reading looks like in them.

`greek_names.psv`: a name, and what it says: brand; strengths joined by " + "; their unit; form group; how many of what
are in the pack; how much is in each. "?" is what must stay open.
`bulletin_part.psv`: every row of the bulletin's part in the data folder, as the catalogue must have it.
"""

import csv
from pathlib import Path

from services.stock.catalogue.names import PackName

TABLES = Path(__file__).with_name("tables")
OPEN = "?"


def table(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE))


def as_written(name: PackName) -> dict[str, str]:
    """What was read, as the table writes it."""
    return {
        "brand": name.brand or OPEN,
        "strengths": " + ".join(name.strengths) or OPEN,
        "strength_unit": name.strength_unit or OPEN,
        "form_group": name.form_group or OPEN,
        "pack": f"{name.units_per_pack or OPEN} {name.unit or OPEN}",
        "content": f"{name.content_per_unit} {name.content_unit}" if name.content_per_unit else OPEN,
    }
