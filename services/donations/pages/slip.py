"""The paper that goes with a bag: its number as a code and in digits, and what is in it."""

from pathlib import Path

from services.donations import store
from shared import slips
from shared.language import Words
from shared.printing import pdf, qr_svg

TEMPLATE = Path(__file__).parent.parent / "templates" / "donations" / "slip.typ"


async def printed(
    collection: store.collections.CollectionRow,
    lines: list[store.lines.LineRow],
    clinic_name: str,
    words: Words,
) -> bytes:
    number = slips.slip_number(collection.collection_id)
    there = [line for line in lines if line.state != "withdrawn"]
    refused = sum(line.state == "refused" for line in there)
    data = {
        "clinic": clinic_name,
        "pharmacy": collection.pharmacy_name or "",
        "day": words.day((collection.handed_in_at or collection.opened_at).date()),
        "number": slips.slip_number_shown(collection.collection_id),
        "code": qr_svg(number),
        "boxes": words.ngettext("%(num)d box", "%(num)d boxes", len(there)) % {"num": len(there)},
        "refused": words.ngettext("%(num)d of them not accepted", "%(num)d of them not accepted", refused)
        % {"num": refused}
        if refused
        else "",
        "lines": [[str(line.line_number), line.product_name, words.month(line.expires_on)] for line in there],
        "heads": [words.gettext("No."), words.gettext("Medicine"), words.gettext("Expiry")],
    }
    return await pdf(TEMPLATE, words.gettext("Slip of a collection"), data)
