"""What the tests of the catalogue's files share: real packs, and small files made for one test."""

import csv
from pathlib import Path

from services.stock.catalogue import OpenReason, Reading
from shared.catalogue import Product

DATA_FOLDER = Path(__file__).parents[3] / "shared" / "data"
UNICOM_FILE = DATA_FOLDER / "unicom_greece_packs.csv"
BULLETIN_FILE = DATA_FOLDER / "greek_bulletin_part.psv"
NO_DATA = "the real packs do not stand beside the project (../shared/data)"


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def reasons(found: Reading) -> list[OpenReason]:
    return [gap.reason for row in found.open_rows for gap in row.gaps]


def named(found: Reading, name: str) -> Product:
    return next(product for product in found.products if product.name == name)
