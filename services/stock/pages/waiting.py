"""How much waits for a person in stock, for the head of every page."""

from services.stock.registry.pages.around import number_due
from services.stock.store import transfer_seen
from shared.roles import Act
from shared.web.pages import View


async def numbers(view: View) -> dict[str, int]:
    """Transfers whose next step is ours; what the clinic's assembly should look at again."""
    found: dict[str, int] = {}
    if view.may(Act.TRANSFER) or view.may(Act.DECIDE):
        async with view.reading.reading() as tx:
            if view.may(Act.TRANSFER):
                found["transfers"] = sum((await transfer_seen.waiting_for_us(tx)).values())
            if view.may(Act.DECIDE):
                found["clinic"] = await number_due(tx, view)
    return found
