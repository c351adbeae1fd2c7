"""A command is let in by what was last seen of a person's standing, and carried out by what its transaction sees."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.stock.actions.lots import place_lot
from services.stock.errors import LotNotFound
from services.stock.registry import actions
from shared.database import Command, Database, Work
from shared.errors import NotAllowed, NotSignedIn
from shared.identity import Access, Admission, StandingChanged, Standings, Statement
from shared.ids import new_id
from shared.roles import Act, Role
from tests.people import World
from tests.stock.clinic import OwnClinic, open_clinic

pytestmark = pytest.mark.anyio

NOT_A_LOT = UUID(int=1)


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


class Somebody:
    """A person with a session, as one process sees them."""

    def __init__(self, clinic: OwnClinic, person_id: UUID) -> None:
        self.clinic = clinic
        self.standings = Standings()
        self.statement = Statement(sub=person_id, sid=new_id(), exp=0, use="page")

    async def given(self, role: Role, place_id: UUID | None = None) -> UUID:
        clinic = self.clinic
        given = await actions.give_delegation(
            clinic.work(),
            self.statement.sub,
            role,
            place_id=place_id or clinic.clinic_id,
            decision_id=clinic.decision_id,
            from_on=clinic.today,
            until_on=clinic.today + timedelta(days=30),
        )
        return given.delegation_id

    async def end_session(self) -> None:
        work = self.clinic.work()
        async with work.transaction() as tx:
            await tx.sql.execute(
                "INSERT INTO ended_session (session_id, ended_at) VALUES ($1, $2)", self.statement.sid, tx.now
            )

    async def admitted(self, act: Act = Act.CORRECT_STOCK) -> Admission:
        admission = Admission(self.statement, act, self.clinic.clinic_id, self.standings)
        await admission.admit(self.clinic.stock.pool, self.clinic.today)
        return admission

    async def command(self, admission: Admission) -> None:
        """A command that finds no such lot, if it comes as far as that."""
        work: Work = self.clinic.world.work(self.clinic.stock, "stock", self.clinic.clinic_id, self.statement.sub)
        work.command = Command(
            operation="stock.place_lot", key=str(new_id()), request_mac=b"mac", status=201, admission=admission
        )
        with pytest.raises(LotNotFound):
            await place_lot(work, NOT_A_LOT, "Shelf 1")


@pytest.fixture
async def somebody(clinic: OwnClinic) -> Somebody:
    added = await actions.add_person(clinic.work(), f"somebody-{new_id()}", "Somebody", None)
    return Somebody(clinic, added.person_id)


async def test_who_was_let_in_before_is_let_in_without_a_question(somebody: Somebody, stock: Database) -> None:
    await somebody.given(Role.CLINIC_PHARMACIST)
    await somebody.command(await somebody.admitted())
    closed = await Database.connect(somebody.clinic.world.cell.app_url("stock"), 1)
    await closed.close()
    again = Admission(somebody.statement, Act.CORRECT_STOCK, somebody.clinic.clinic_id, somebody.standings)
    access = await again.admit(closed.pool, somebody.clinic.today)  # a closed pool answers no question
    assert access.places == {Role.CLINIC_PHARMACIST: {somebody.clinic.clinic_id}}


async def test_a_session_ended_since_does_nothing_and_is_not_let_in_again(somebody: Somebody) -> None:
    await somebody.given(Role.CLINIC_PHARMACIST)
    await somebody.command(await somebody.admitted())
    admission = await somebody.admitted()
    await somebody.end_session()
    with pytest.raises(NotSignedIn):
        await somebody.command(admission)
    with pytest.raises(NotSignedIn):
        await somebody.admitted()


async def test_a_delegation_ended_since_allows_nothing_and_lets_nobody_in_again(somebody: Somebody) -> None:
    delegation_id = await somebody.given(Role.CLINIC_PHARMACIST)
    admission = await somebody.admitted()
    await actions.end_delegation(somebody.clinic.work(), delegation_id)
    with pytest.raises(NotAllowed):
        await somebody.command(admission)
    with pytest.raises(NotAllowed):
        await somebody.admitted()


async def test_who_was_refused_is_let_in_as_soon_as_they_may(somebody: Somebody) -> None:
    await somebody.given(Role.AUDITOR)
    with pytest.raises(NotAllowed):
        await somebody.admitted()
    assert await somebody.admitted(Act.SEE_STOCK)
    await somebody.given(Role.CLINIC_PHARMACIST)
    await somebody.command(await somebody.admitted())


async def test_a_command_goes_by_the_roles_of_its_transaction(somebody: Somebody) -> None:
    """What a person may see depends on all their places: with others than before, the command begins anew."""
    await somebody.given(Role.CLINIC_PHARMACIST)
    admission = await somebody.admitted()
    await somebody.given(Role.SECRETARY)
    with pytest.raises(StandingChanged) as changed:
        await somebody.command(admission)
    assert changed.value.access == Access(
        person_id=somebody.statement.sub,
        session_id=somebody.statement.sid,
        places={
            Role.CLINIC_PHARMACIST: frozenset({somebody.clinic.clinic_id}),
            Role.SECRETARY: frozenset({somebody.clinic.clinic_id}),
        },
    )
    await somebody.command(admission)
