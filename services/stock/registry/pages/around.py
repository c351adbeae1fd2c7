"""What the clinic's pages have in common: where they are, and what of the delegations is to be spoken of."""

from uuid import UUID

from services.stock.registry import listing, rules
from shared.database import Transaction
from shared.web.pages import View


def base_of(clinic_id: UUID) -> str:
    return f"/stock/clinics/{clinic_id}/clinic"


async def held_due(tx: Transaction, view: View) -> list[listing.Held]:
    """The delegations that are to be spoken of, what ends first on top."""
    of_late = await listing.held_of_late(tx)
    due = {term.delegation_id for term in rules.terms_due([each.term(view.zone) for each in of_late], tx.today)}
    return [each for each in of_late if each.delegation_id in due]


async def number_due(tx: Transaction, view: View) -> int:
    """Decisions whose day of re-evaluation has come, and delegations that end soon or lately did."""
    return (await listing.counts(tx)).decisions_due + len(await held_due(tx, view))


def shortened(text: str, most: int) -> str:
    """How a text begins, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"
