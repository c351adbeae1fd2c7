"""Units move, and what the clinic has told the others that they may have stays true."""

from collections.abc import Sequence
from uuid import UUID

from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots, surplus
from shared.database import Transaction


async def move_units(
    tx: Transaction, step: BusinessStep, movements: Sequence[Movement], operation_id: UUID | None = None
) -> None:
    """Through the ledger's door; where less is on the shelf now than others were told of, they are told anew.

    A lot that is held has nothing on its shelf.
    """
    await lots.post(tx, step, movements, operation_id)
    left = {movement.lot_id for movement in movements if movement.source is Account.SHELF}
    if left:
        for told in await surplus.lower_to_shelf(tx, list(left)):
            tx.emit(told.surplus_id, told)
