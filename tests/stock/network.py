"""Events as another service or another cell would send them, made by hand."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from services.stock.actions import transfer
from services.stock.actions.transfer import WantedLine
from shared.events import Envelope, Event
from shared.events import stock as events
from shared.events.stock import ProductName
from shared.ids import new_id
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, OwnClinic, deliver

TABLETS = ProductName(codes=(AMLIBON_CODE,), name="AMLIBON")
UNHEARD_OF = ProductName(codes=("2809999999999",), name="A brand that only they know")


def sent(producer: str, clinic_id: UUID, aggregate_id: UUID, version: int, event: Event) -> bytes:
    """An envelope as it stands on the bus."""
    return msgspec.json.encode(
        Envelope(
            event_id=new_id(),
            producer=producer,
            aggregate_id=aggregate_id,
            version=version,
            clinic_id=clinic_id,
            person_id=None,
            request_id=f"test-{new_id()}",
            recorded_at=datetime.now(UTC),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
    )


class FarClinic:
    """A clinic of another cell: nothing but what it sends."""

    def __init__(self, home: OwnClinic) -> None:
        self.home = home
        self.clinic_id = new_id()

    def says(self, side_id: UUID, version: int, event: Event) -> bytes:
        return sent("stock", self.clinic_id, side_id, version, event)

    async def hear(self, *envelopes: bytes) -> None:
        """Let these arrive at our cell."""
        await deliver(self.home.world, "stock", list(envelopes), self.home.stock)

    async def announce(self) -> None:
        await self.hear(self.says(new_id(), 1, events.ClinicAnnounced(name="Far clinic")))

    async def asked_by_us(self, units: int) -> UUID:
        wanted = [WantedLine(product_id=AMLIBON, units=units)]
        return (await transfer.request_transfer(self.home.work(), self.clinic_id, wanted, None)).transfer_id

    def agreed(self, transfer_id: UUID, units: int) -> events.TransferAgreed:
        line = events.AgreedLine(line_number=1, units=units)
        return events.TransferAgreed(transfer_id=transfer_id, to_clinic_id=self.home.clinic_id, lines=(line,))

    def shipped(self, transfer_id: UUID, units: int, product: ProductName = TABLETS) -> events.TransferShipped:
        lot = events.ShippedLot(
            lot_number=1,
            line_number=1,
            product=product,
            batch="FAR",
            expires_on=self.home.day(300),
            opened=False,
            units=units,
        )
        return events.TransferShipped(transfer_id=transfer_id, to_clinic_id=self.home.clinic_id, lots=(lot,))

    def requested(self, transfer_id: UUID, units: int, to_clinic_id: UUID | None = None) -> events.TransferRequested:
        line = events.RequestedLine(line_number=1, product=TABLETS, units=units)
        to_id = to_clinic_id or self.home.clinic_id
        return events.TransferRequested(transfer_id=transfer_id, to_clinic_id=to_id, lines=(line,))
