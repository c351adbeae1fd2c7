"""Boxes as a partner pharmacist gets them over the counter, with the codes that are on them."""

from datetime import date
from typing import NamedTuple

from tests.browser.scanner import GS

GOOD = date(2029, 6, 30)


class Box(NamedTuple):
    """`ean` as it stands under the bars; of a product of the seed catalogue."""

    name: str
    ean: str
    units: int


SALOSPIR = Box("SALOSPIR GR.TAB 160MG/TAB", "2801925519015", 20)
AMLIBON = Box("AMLIBON BES TAB 5MG/TAB", "2802818801057", 30)
NORMODIN = Box("NORMODIN TAB 5MG/TAB", "2802585801014", 14)
NORVALET = Box("NORVALET CAPS 10MG/CAP", "2802676702022", 30)
ATORVALET = Box("ATORVALET F.C.TAB 20MG/TAB", "2802790602062", 30)
XANAX = Box("XANAX TAB 0,5MG/TAB", "9520000000110", 30)
BOXES = (SALOSPIR, AMLIBON, NORMODIN, NORVALET, ATORVALET)


def data_matrix(box: Box, batch: str, serial: str, expires: date = GOOD) -> str:
    """Number, expiry, batch and serial, as a prescription pack has them since 2025."""
    return f"010{box.ean}17{expires:%y%m%d}10{batch}{GS}21{serial}"


def data_matrix_without_separators(box: Box, batch: str, expires: date = GOOD) -> str:
    """In an order in which nothing can run together: only the batch has no fixed length, and it is the last."""
    return f"010{box.ean}17{expires:%y%m%d}10{batch}"
