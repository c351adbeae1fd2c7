"""A partner pharmacy and its clinic, as donations sees them, for the tests of its collecting."""

from typing import Any
from uuid import UUID

import msgspec

from services.donations import store
from services.donations.actions import checking, collecting
from services.donations.actions.collecting import CollectionChanged, DonatedItem, LineChanged
from services.donations.rules import Storage
from shared.database import Database, Work
from shared.policies import SourceKind
from shared.roles import Role
from tests.people import World
from tests.stock.clinic import AMLIBON, OwnClinic, carry, open_clinic


class Pharmacy:
    """The partner pharmacy of a clinic that no other test knows."""

    def __init__(self, clinic: OwnClinic, donations: Database) -> None:
        self.clinic = clinic
        self.donations = donations
        self.mine = frozenset({clinic.pharmacy_id})

    def work(self, role: Role = Role.PARTNER_PHARMACIST) -> Work:
        people = self.clinic.clinic.people
        return self.clinic.world.work(self.donations, "donations", self.clinic.clinic_id, people[role])

    def at_the_clinic(self) -> Work:
        return self.work(Role.CLINIC_PHARMACIST)

    def an_item(self, **changes: Any) -> DonatedItem:
        """Thirty sealed tablets from a person, good for more than a year."""
        usual = DonatedItem(
            product_id=AMLIBON,
            code=None,
            batch="D1",
            expires_on=self.clinic.day(400),
            opened=False,
            units=30,
            source_kind=SourceKind.PERSON,
            source_name=None,
            storage=Storage.ROOM,
        )
        return msgspec.structs.replace(usual, **changes)

    async def open(self) -> UUID:
        opened = await collecting.open_collection(self.work(), self.mine, self.clinic.pharmacy_id)
        assert opened.state == "open"
        return opened.collection_id

    async def add(self, collection_id: UUID, **changes: Any) -> LineChanged:
        return await collecting.add_line(self.work(), self.mine, collection_id, self.an_item(**changes))

    async def hand_in(self, collection_id: UUID) -> CollectionChanged:
        return await collecting.hand_in_collection(self.work(), self.mine, collection_id)

    async def handed_in(self, *items: dict[str, Any]) -> tuple[UUID, list[UUID]]:
        """A collection of these items that waits at the clinic: its id and its lines'."""
        collection_id = await self.open()
        lines = [await self.add(collection_id, **changes) for changes in items]
        await self.hand_in(collection_id)
        return collection_id, [line.line_id for line in lines]

    async def check(self, collection_id: UUID, line_id: UUID, outcome: Any, **more: Any) -> LineChanged:
        if outcome in ("hold", "refuse"):
            more.setdefault("reason_text", "The box is wet.")
        check = checking.Check(outcome=outcome, **more)
        return await checking.check_line(self.at_the_clinic(), collection_id, line_id, check)

    async def collection(self, collection_id: UUID) -> store.collections.CollectionRow:
        async with self.work().reading() as tx:
            found = await store.collections.find_collection(tx, collection_id)
        assert found is not None
        return found

    async def line(self, collection_id: UUID, line_id: UUID) -> store.lines.LineRow:
        async with self.work().reading() as tx:
            lines = await store.lines.lines_of(tx, collection_id)
        return next(line for line in lines if line.line_id == line_id)

    async def waiting(self, state: store.lines.LineState) -> list[UUID]:
        """The lines that stay in donations in a state, the oldest first."""
        async with self.work().reading() as tx:
            return [line.line_id for line in await store.lines.waiting_lines(tx, [state], 100)]


async def open_pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    """A new clinic with its pharmacy, known to donations."""
    clinic = await open_clinic(world, stock)
    await carry(world, clinic)
    return Pharmacy(clinic, donations)
