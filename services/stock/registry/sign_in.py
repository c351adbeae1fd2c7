"""Signing in: stock alone holds the private key. What it gives is a signed statement that every service checks."""

import asyncio
from datetime import timedelta
from typing import Literal
from uuid import UUID

from argon2.exceptions import VerificationError
from msgspec import Struct

from services.stock.errors import PersonNotFound, SessionNotFound, SignInRefused, TooManySignIns
from services.stock.registry import rules, store
from services.stock.registry.actions import HASHER
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.identity import SESSION_HOURS, TOKEN_DAYS, Statement, sign
from shared.ids import new_id

_HASHING = asyncio.Semaphore(2)
_NOBODYS_HASH = HASHER.hash("nobody signs in with this")


class SignedIn(Struct, frozen=True, kw_only=True):
    """A session, and the statement that proves it."""

    person_id: UUID
    session_id: UUID
    token: str


class SessionChanged(Struct, frozen=True, kw_only=True):
    session_id: UUID


async def sign_in(work: Work, typed_name: str, password: str, private_key_pem: str) -> SignedIn:
    """A session of at most 16 hours for a page. Five wrong tries in a row make a minute's wait."""
    sign_in_name = rules.sign_in_name_of(typed_name)
    async with work.reading() as tx:
        password_hash = await store.password_hash_of(tx.sql, sign_in_name)
    # Hashing is slow on purpose: it holds no connection, and only so many go on at once. A name that nobody has
    # takes as long as a wrong password.
    async with _HASHING:
        fits = await asyncio.to_thread(_fits, password_hash, password)
    async with work.transaction() as tx:
        person = await store.find_for_sign_in(tx.sql, sign_in_name)
        if person and rules.must_wait(person.failed_sign_ins, person.last_failed_at, tx.now):
            raise TooManySignIns
        if person and fits and person.password_hash == password_hash:
            await store.forget_failures(tx, person.person_id)
            return await _start(tx, person.person_id, "page", "", private_key_pem)
        if person:
            await store.count_failure(tx, person.person_id)
    raise SignInRefused


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        return HASHER.verify(password_hash or _NOBODYS_HASH, password) and password_hash is not None
    except VerificationError:
        return False


async def make_token(work: Work, person_id: UUID, label: str, private_key_pem: str) -> SignedIn:
    """A bearer token for a program, good for 90 days or until it is ended."""
    async with work.transaction() as tx:
        if await store.find_person(tx.sql, person_id) is None:
            raise PersonNotFound
        return await _start(tx, person_id, "program", label, private_key_pem)


async def _start(
    tx: Transaction, person_id: UUID, use: Literal["page", "program"], label: str, private_key_pem: str
) -> SignedIn:
    lasts = timedelta(hours=SESSION_HOURS) if use == "page" else timedelta(days=TOKEN_DAYS)
    session = store.SessionRow(session_id=new_id(), use=use, label=label, started_at=tx.now, ends_at=tx.now + lasts)
    await store.start_session(tx, person_id, session)
    statement = Statement(sub=person_id, sid=session.session_id, exp=int(session.ends_at.timestamp()), use=use)
    return SignedIn(person_id=person_id, session_id=session.session_id, token=sign(statement, private_key_pem))


async def end_session(work: Work, session_id: UUID) -> SessionChanged:
    """End one's own sign-in or token; it holds in every service within a second or two."""
    async with work.transaction() as tx:
        assert tx.person_id is not None
        if not await store.end_session(tx, session_id, tx.person_id):
            raise SessionNotFound
        tx.emit(session_id, events.SessionEnded(session_id=session_id, ended_at=tx.now))
        return tx.done(SessionChanged(session_id=session_id))
