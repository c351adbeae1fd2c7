"""Signing in: passwords, wrong tries, sessions and tokens, and how they end everywhere."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.stock.errors import (
    PersonNameTaken,
    PersonNotFound,
    SessionNotFound,
    SignInRefused,
    TooManySignIns,
)
from services.stock.registry import actions, rules, sign_in, store
from shared.database import Database, Work
from shared.errors import NotSignedIn
from shared.events.stock import SessionEnded
from shared.identity import Statement, find_access, read_statement
from shared.ids import new_id
from tests.people import World
from tests.stock.clinic import OwnClinic, carry, open_clinic, owner_rows

pytestmark = pytest.mark.anyio

PASSWORD = "a long enough password"


class Person:
    """Somebody with a password, and their own work."""

    def __init__(self, clinic: OwnClinic, name: str, person_id: UUID) -> None:
        self.clinic = clinic
        self.name = name
        self.person_id = person_id
        self.key = clinic.world.cell.signing_key.read_text()

    def work(self) -> Work:
        return self.clinic.world.work(self.clinic.stock, "stock", self.clinic.clinic_id, self.person_id)

    async def enter(self, password: str = PASSWORD, work: Work | None = None) -> sign_in.SignedIn:
        nobody = work or self.clinic.world.work(self.clinic.stock, "stock")
        return await sign_in.sign_in(nobody, self.name, password, self.key)

    async def token(self, label: str) -> sign_in.SignedIn:
        return await sign_in.make_token(self.work(), self.person_id, label, self.key)

    def statement(self, signed: sign_in.SignedIn) -> Statement:
        now = self.work().clock.now()
        return read_statement(signed.token, self.clinic.world.cell.public_key(), now)

    async def sessions(self) -> list[tuple[UUID, str, str]]:
        async with self.work().reading() as tx:
            found = await store.sessions_of(tx, self.person_id)
        return [(session.session_id, session.use, session.label) for session in found]


@pytest.fixture
async def person(world: World, stock: Database) -> Person:
    clinic = await open_clinic(world, stock)
    name = f"person-{new_id()}"
    added = await actions.add_person(clinic.work(), name, "A person", PASSWORD)
    return Person(clinic, name, added.person_id)


async def test_a_password_is_kept_as_an_argon2id_hash_of_its_own_and_nowhere_else(person: Person, world: World) -> None:
    twin = await actions.add_person(person.clinic.work(), f"twin-{new_id()}", "A twin", PASSWORD)
    query = "SELECT password_hash FROM person WHERE person_id = ANY($1)"
    rows = await owner_rows(world, "stock", query, [person.person_id, twin.person_id])
    hashes = {row["password_hash"] for row in rows}
    assert len(hashes) == 2, "salted"
    assert all(kept.startswith("$argon2id$") for kept in hashes)
    told = await owner_rows(world, "stock", "SELECT data::text AS data FROM outbox ORDER BY number DESC LIMIT 50")
    assert not any(PASSWORD in row["data"] or "argon2" in row["data"] for row in told)


async def test_who_signs_in_gets_a_signed_statement_for_at_most_sixteen_hours(person: Person) -> None:
    signed = await person.enter()
    statement = person.statement(signed)
    assert (statement.sub, statement.sid, statement.use) == (person.person_id, signed.session_id, "page")
    now = person.work().clock.now()
    lasts = timedelta(seconds=statement.exp - now.timestamp())
    assert timedelta(hours=15, minutes=59) < lasts <= timedelta(hours=16)
    assert await person.sessions() == [(signed.session_id, "page", "")]
    public_key = person.clinic.world.cell.public_key()
    with pytest.raises(NotSignedIn):
        read_statement(signed.token, public_key, now + timedelta(hours=17))
    header, claims, signature = signed.token.split(".")
    forged = f"{header}.{claims[:-2]}{'AA' if claims[-2:] != 'AA' else 'BB'}.{signature}"
    with pytest.raises(NotSignedIn):
        read_statement(forged, public_key, now)


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(person: Person) -> None:
    refusals: list[SignInRefused] = []
    nobody = Person(person.clinic, f"nobody-{new_id()}", new_id())
    without = await actions.add_person(person.clinic.work(), f"without-{new_id()}", "Uses tokens only", None)
    async with person.work().reading() as tx:
        kept = await store.find_person(tx.sql, without.person_id)
    assert kept is not None
    tokens_only = Person(person.clinic, kept.sign_in_name, kept.person_id)
    for who, password in ((person, "another password"), (nobody, PASSWORD), (tokens_only, "nobody signs in with this")):
        with pytest.raises(SignInRefused) as refused:
            await who.enter(password)
        refusals.append(refused.value)
    assert len({(refusal.said, tuple(refusal.facts)) for refusal in refusals}) == 1
    assert await person.sessions() == []


async def test_after_five_wrong_tries_in_a_row_even_the_right_password_waits_a_minute(
    person: Person, tmp_path: Path
) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await person.enter("another password")
    for password in (PASSWORD, "another password"):
        with pytest.raises(TooManySignIns):
            await person.enter(password)
    tomorrow = person.clinic.work_later(1, tmp_path)
    assert (await person.enter(work=tomorrow)).person_id == person.person_id
    assert (await person.enter()).person_id == person.person_id, "the wrong tries are forgotten"


async def test_wrong_tries_are_counted_only_in_a_row(person: Person) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                await person.enter("another password")
        assert (await person.enter()).person_id == person.person_id


async def test_a_token_is_for_a_program_and_holds_ninety_days(person: Person) -> None:
    token = await person.token("The scale in the back room")
    statement = person.statement(token)
    assert (statement.sub, statement.use) == (person.person_id, "program")
    lasts = timedelta(seconds=statement.exp - person.work().clock.now().timestamp())
    assert timedelta(days=89) < lasts <= timedelta(days=90)
    assert await person.sessions() == [(token.session_id, "program", "The scale in the back room")]
    with pytest.raises(PersonNotFound):
        await sign_in.make_token(person.work(), new_id(), "Nobody's", person.key)


async def test_a_session_that_was_ended_holds_in_no_service_any_more(
    person: Person, stock: Database, donations: Database, dispense: Database
) -> None:
    signed, token = await person.enter(), await person.token("kept")
    await sign_in.end_session(person.work(), signed.session_id)
    [told] = [event for event in await person.clinic.told() if isinstance(event, SessionEnded)]
    assert told.session_id == signed.session_id
    assert [session_id for session_id, _, _ in await person.sessions()] == [token.session_id]
    await carry(person.clinic.world, person.clinic)
    for database in (stock, donations, dispense):
        with pytest.raises(NotSignedIn):
            await find_access(database.pool, person.statement(signed), None, person.clinic.today)
        kept = await find_access(database.pool, person.statement(token), None, person.clinic.today)
        assert kept.person_id == person.person_id


async def test_one_ends_only_ones_own_sessions_and_each_once(person: Person) -> None:
    signed = await person.enter()
    with pytest.raises(SessionNotFound):
        await sign_in.end_session(person.clinic.work(), signed.session_id)
    await sign_in.end_session(person.work(), signed.session_id)
    for session_id in (signed.session_id, new_id()):
        with pytest.raises(SessionNotFound):
            await sign_in.end_session(person.work(), session_id)
    assert len(await person.clinic.told_of(SessionEnded)) == 1


# However it is typed


@pytest.mark.parametrize(
    ("typed", "name"),
    [("ANNA", "anna"), (" anna\u00a0", "anna"), ("ΚΏΣΤΑΣ", "κώστας"), ("κώστασ", "κώστας"), ("Kω\u0301", "kώ")],
)
def test_a_sign_in_name_has_one_form_and_keeps_it(typed: str, name: str) -> None:
    assert rules.sign_in_name_of(typed) == name
    assert rules.sign_in_name_of(name) == name


@pytest.mark.parametrize("typed", ["{name}", " {name} ", "{NAME}"])
async def test_nobody_can_take_a_name_that_only_looks_another(person: Person, typed: str) -> None:
    name = typed.format(name=person.name, NAME=person.name.upper())
    with pytest.raises(PersonNameTaken):
        await actions.add_person(person.clinic.work(), name, "Somebody else", None)
    nobody = person.clinic.world.work(person.clinic.stock, "stock")
    assert (await sign_in.sign_in(nobody, name, PASSWORD, person.key)).person_id == person.person_id
