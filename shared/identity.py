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
    roles = ", ".join(sorted(role.replace("_", " ") for role in ALLOWED[act]))
    raise NotAllowed(f"This needs a delegation in force today at this clinic, as: {roles}.")
