"""Two clinics of one cell that ask, send and receive; each sees only its own side."""

from uuid import UUID

import msgspec

from services.stock.actions import transfer
from services.stock.actions.transfer import CountedLot, WantedLine
from services.stock.store import transfer as store
from shared.database import Database
from shared.events.stock import AgreedLine
from shared.outbox import envelope
from tests.people import World
from tests.stock.clinic import AMLIBON, OF_CLINICS, OwnClinic, deliver, open_clinic


class TwoClinics:
    """One asks, the other sends; what one tells reaches the other only when it is carried."""

    def __init__(self, world: World, asking: OwnClinic, sending: OwnClinic) -> None:
        self.world = world
        self.asking = asking
        self.sending = sending
        self._carried: set[UUID] = set()

    async def carry(self) -> None:
        """What either has told the network since the last time, into the inbox of the cell's stock."""
        stock = self.asking.stock
        rows = await stock.pool.fetch(OF_CLINICS, [self.asking.clinic_id, self.sending.clinic_id])
        new = [row for row in rows if row["subject"].startswith("net.") and row["event_id"] not in self._carried]
        self._carried.update(row["event_id"] for row in new)
        await deliver(self.world, "stock", [envelope("stock", row) for row in new], stock)

    async def ask(self, *wanted: tuple[UUID, int], note: str | None = None) -> UUID:
        """Ask, and let it be heard."""
        lines = [WantedLine(product_id=product_id, units=units) for product_id, units in wanted]
        asked = await transfer.request_transfer(self.asking.work(), self.sending.clinic_id, lines, note)
        assert asked.state == "requested"
        await self.carry()
        return asked.transfer_id

    async def agree(self, transfer_id: UUID, *units: int) -> None:
        """Agree to so many units of each line in its order, and let it be heard."""
        lines = [AgreedLine(line_number=number, units=n) for number, n in enumerate(units, start=1)]
        agreed = await transfer.agree_transfer(self.sending.work(), transfer_id, lines)
        assert agreed.state == "agreed"
        await self.carry()

    async def ship(self, transfer_id: UUID) -> None:
        shipped = await transfer.ship_transfer(self.sending.work(), transfer_id)
        assert shipped.state == "shipped"
        await self.carry()

    async def shipped(self, units: int, *, asked: int | None = None) -> UUID:
        """A transfer of so many tablets that is on its way."""
        transfer_id = await self.ask((AMLIBON, asked or units))
        await self.agree(transfer_id, units)
        await self.ship(transfer_id)
        return transfer_id

    async def receive(self, transfer_id: UUID, *counts: CountedLot) -> store.State:
        received = await transfer.receive_transfer(self.asking.work(), transfer_id, counts)
        await self.carry()
        return received.state

    async def both_tell(self, transfer_id: UUID) -> store.TransferRow:
        """The row, which is the same on both sides but for whose it is."""
        asking = await side_of(self.asking, transfer_id)
        sending = await side_of(self.sending, transfer_id)
        assert (asking[0].side, sending[0].side) == ("asking", "sending")
        assert asking[0].other_clinic_id == self.sending.clinic_id
        assert sending[0].other_clinic_id == self.asking.clinic_id
        told, heard = asking[0], sending[0]
        assert (told.state, told.note, told.reason) == (heard.state, heard.note, heard.reason)
        assert asking[1] == sending[1]
        left = told.state not in ("requested", "agreed", "declined")
        shipped = [msgspec.structs.replace(lot, lot_id=None) for lot in sending[2] if left]
        assert [msgspec.structs.replace(lot, lot_id=None) for lot in asking[2]] == shipped
        return asking[0]


async def side_of(
    clinic: OwnClinic, transfer_id: UUID
) -> tuple[store.TransferRow, list[store.TransferLine], list[store.TransferLot]]:
    """A clinic's own rows of a transfer."""
    async with clinic.work().reading() as tx:
        found = await store.find_transfer(tx, transfer_id)
        assert found is not None
        return found, await store.lines_of(tx, transfer_id), await store.lots_of(tx, transfer_id)


def counted(units: int, number: int = 1, product_id: UUID | None = None) -> CountedLot:
    return CountedLot(lot_number=number, units=units, product_id=product_id)


async def two_clinics(world: World, stock: Database) -> TwoClinics:
    """Two new clinics that have heard of each other."""
    both = TwoClinics(world, await open_clinic(world, stock), await open_clinic(world, stock))
    await both.carry()
    return both
