"""Signing in, seen from every service: a signed statement, and what this service knows of delegations.

Stock alone holds the private key. Each service checks a statement's signature by itself, then its own tables:
the session isn't ended, and a delegation in force today allows this act at this clinic. No request waits for
another service.
"""

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal
from uuid import UUID

import asyncpg
import jwt
import msgspec
from msgspec import Struct

from shared.errors import NotAllowed, NotSignedIn
from shared.roles import ALLOWED, Act, Role

COOKIE = "dosis_session"
SESSION_HOURS = 16
TOKEN_DAYS = 90


class Statement(Struct, frozen=True, kw_only=True):
    """What stock says of somebody who signed in: who, in which session, until when."""

    sub: UUID
    sid: UUID
    exp: int
    """Seconds since 1970; at most 16 hours on for a sign-in, 90 days for a program's token."""
    use: Literal["page", "program"]


def sign(statement: Statement, private_key_pem: str) -> str:
    """A JWT (RFC 7519) signed with Ed25519."""
    return jwt.encode(msgspec.to_builtins(statement), private_key_pem, algorithm="EdDSA")


def read_statement(token: str, public_key_pem: str, now: datetime) -> Statement:
    """The statement in a token, if its signature and time hold; else NotSignedIn."""
    try:
        statement = _verified(token, public_key_pem)
    except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError) as problem:
        raise NotSignedIn("This token can't be read. Sign in again, or make a new token.") from problem
    if datetime.fromtimestamp(statement.exp, UTC) <= now:
        raise NotSignedIn("This sign-in has reached its end. Sign in again, or make a new token.")
    return statement


@functools.lru_cache(maxsize=256)
def _verified(token: str, public_key_pem: str) -> Statement:
    """What is signed. The same bytes under the same key hold whenever they are looked at, so they are once.

    What can change is asked at every request: the time, by the caller; the session and the delegations, by the
    database.
    """
    claims = jwt.decode(token, public_key_pem, algorithms=["EdDSA"], options={"verify_exp": False, "verify_sub": False})
    return msgspec.convert(claims, Statement)


# Is the session ended, and which roles does the person hold today at this clinic or its partner pharmacies?
STANDING = """
SELECT
    EXISTS (SELECT FROM ended_session WHERE session_id = $2) AS ended,
    coalesce((
        SELECT array_agg(DISTINCT delegation.role || ' ' || delegation.place_id)
        FROM delegation
        WHERE delegation.delegate_id = $1
            AND delegation.from_on <= $4
            AND delegation.until_on >= $4
            AND delegation.ended_at IS NULL
            AND (
                delegation.place_id = $3
                OR EXISTS (
                    SELECT
                    FROM partnership
                    WHERE partnership.clinic_id = $3
                        AND partnership.pharmacy_id = delegation.place_id
                        AND partnership.from_on <= $4
                        AND (partnership.until_on IS NULL OR partnership.until_on >= $4)
                )
            )
    ), '{}') AS roles
"""


class Access(Struct, frozen=True, kw_only=True):
    """A person's standing at a clinic: each role held today, and where."""

    person_id: UUID
    session_id: UUID
    places: Mapping[Role, frozenset[UUID]]

    def pharmacies(self, act: Act, clinic_id: UUID) -> frozenset[UUID] | None:
        """The pharmacies this person may do it for; None: all, by a role at the clinic itself that allows it.

        Another role there widens nothing: a partner pharmacist who is also the secretary has one pharmacy still.
        """
        if any(clinic_id in self.places.get(role, frozenset()) for role in ALLOWED[act]):
            return None
        return self.places.get(Role.PARTNER_PHARMACIST, frozenset())


async def find_access(pool: asyncpg.Pool, statement: Statement, clinic_id: UUID | None, today: date) -> Access:
    """The person's standing at a clinic; NotSignedIn when the session was ended."""
    row = await pool.fetchrow(STANDING, statement.sub, statement.sid, clinic_id, today)
    assert row is not None
    return _access_of(statement, row)


def _access_of(statement: Statement, row: asyncpg.Record) -> Access:
    if row["ended"]:
        raise NotSignedIn("This sign-in was ended. Sign in again, or make a new token.")
    places: dict[Role, set[UUID]] = {}
    for held in row["roles"]:
        role, place_id = held.split(" ")
        places.setdefault(Role(role), set()).add(UUID(place_id))
    return Access(
        person_id=statement.sub,
        session_id=statement.sid,
        places={role: frozenset(ids) for role, ids in places.items()},
    )


def require(access: Access, act: Act, clinic_id: UUID) -> None:
    """Raise NotAllowed unless a role held today allows the act at this clinic."""
    for role in ALLOWED[act] & access.places.keys():
        # A partner pharmacist's delegation is at the pharmacy; every other role counts at the clinic only.
        if role is Role.PARTNER_PHARMACIST or clinic_id in access.places[role]:
            return
    roles = tuple(sorted(ALLOWED[act]))
    raise NotAllowed("This needs a delegation in force today at this clinic, as: {roles}.", roles=roles)


class StandingChanged(Exception):
    """Somebody's roles are others than when their command was let in: it is carried out as they are now."""

    def __init__(self, access: Access) -> None:
        super().__init__()
        self.access = access


class Standings:
    """What was last seen of people's standing at clinics, so that a command asks for it only once.

    By it a command's body is read or not; what counts is what the command's own transaction hears. It refuses
    nobody: who seems not to be allowed is asked for anew.
    """

    MOST = 2_000

    def __init__(self) -> None:
        self._seen: dict[tuple[UUID, UUID, UUID | None], Access] = {}

    def seen(self, statement: Statement, clinic_id: UUID | None) -> Access | None:
        return self._seen.get((statement.sub, statement.sid, clinic_id))

    def keep(self, access: Access, clinic_id: UUID | None) -> None:
        if len(self._seen) >= self.MOST:
            self._seen.clear()
        self._seen[access.person_id, access.session_id, clinic_id] = access

    def forget(self, access: Access, clinic_id: UUID | None) -> None:
        self._seen.pop((access.person_id, access.session_id, clinic_id), None)


class Admission:
    """By what a command was let in, to be confirmed in its transaction."""

    def __init__(self, statement: Statement, act: Act | None, clinic_id: UUID | None, standings: Standings) -> None:
        self.statement = statement
        self.act = act
        self.clinic_id = clinic_id
        self.standings = standings
        self.access: Access | None = None

    async def admit(self, pool: asyncpg.Pool, today: date) -> Access:
        """The person's standing as it was last seen, if it allows the act, else as it is; raises as `confirm`."""
        seen = self.standings.seen(self.statement, self.clinic_id)
        if seen is None or not self._allows(seen):
            seen = await find_access(pool, self.statement, self.clinic_id, today)
            self._require(seen)
            self.standings.keep(seen, self.clinic_id)
        self.access = seen
        return seen

    def confirm(self, row: asyncpg.Record) -> None:
        """Raise NotSignedIn, NotAllowed or StandingChanged unless STANDING's answer is what it was let in by."""
        assert self.access is not None, "a command is admitted before it is confirmed"
        before = self.access
        self.standings.forget(before, self.clinic_id)
        self.access = _access_of(self.statement, row)
        self._require(self.access)
        self.standings.keep(self.access, self.clinic_id)
        if self.access != before:
            raise StandingChanged(self.access)

    def _allows(self, access: Access) -> bool:
        try:
            self._require(access)
        except NotAllowed:
            return False
        return True

    def _require(self, access: Access) -> None:
        if self.act is not None:
            assert self.clinic_id is not None, "an operation with an act names its clinic in the path"
            require(access, self.act, self.clinic_id)
