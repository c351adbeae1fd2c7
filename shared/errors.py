"""The errors that a person can cause or must know of, one base type per HTTP family.

DosisError
├── BadRequest        400  the request can't be read
├── NotSignedIn       401
├── NotAllowed        403
├── NotFound          404
├── Conflict          409  something else got there first, or it is already so
├── Refused           422  a rule of the work forbids it
├── TooMany           429
└── Unavailable       503  a part is away; try again

Each service's `errors.py` has leaves of this tree, named for the fact. `shared.web.problems` turns them into
RFC 9457 problem details; nothing else knows of HTTP. What a programmer did wrong is an assert.

Titles and details are English here and translated where they are shown. Only an operator meets an error outside these
families; it stays English.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar


class DosisError(Exception):
    """A fact that stops what was wanted: `detail` says what to do about it.

    `facts` are values beside the sentence (units, days, ids); never a patient's name. A detail that is given when it is
    raised names those that stand in it: `{day}`.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    detail: ClassVar[str] = "Try again; if it stays so, tell the person who runs this cell."

    def __init__(self, detail: str | None = None, **facts: object) -> None:
        self.template = detail or type(self).detail
        self.facts: Mapping[str, object] = facts
        self.said = self.template.format_map({name: _in_english(fact) for name, fact in facts.items()})
        super().__init__(self.said)

    @property
    def code(self) -> str:
        """The fact's name as a machine word: LotExpired → lot-expired."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-")


def _in_english(fact: object) -> str:
    if isinstance(fact, tuple):
        return ", ".join(_in_english(one) for one in fact)
    return fact.replace("_", " ") if isinstance(fact, StrEnum) else str(fact)


class BadRequest(DosisError):
    status = 400
    title = "The request can't be read"
    detail = "Look at the documentation of this operation and send it again."


class NotSignedIn(DosisError):
    status = 401
    title = "You are not signed in"
    detail = "Sign in, or send a valid token in the Authorization header."


class NotAllowed(DosisError):
    status = 403
    title = "Your delegation does not allow this here"
    detail = "Ask the clinic's assembly for a delegation that covers it."


class NotFound(DosisError):
    status = 404
    title = "There is no such thing here"
    detail = "Look at the list again: it may belong to another clinic, or never have been."


class Conflict(DosisError):
    status = 409
    title = "That has changed in the meantime"
    detail = "Look at it again before you go on."


class Refused(DosisError):
    status = 422
    title = "A rule of the work forbids this"
    detail = "Change what was asked."


class TooMany(DosisError):
    status = 429
    title = "Too many tries"
    detail = "Wait a minute and try again."


class Unavailable(DosisError):
    status = 503
    title = "A part of Dosis can't be reached"
    detail = "Try again in a moment."


class IdempotencyKeyMissing(BadRequest):
    title = "The Idempotency-Key header is missing"
    detail = "Send a new random key with every new command, and the same key when you repeat one."


class StillBeingDone(Conflict):
    title = "The same command is being carried out right now"
    detail = "Wait a second and send it again with the same key: you will get its answer."


class KeyUsedForAnotherRequest(Refused):
    title = "This Idempotency-Key was used for another request"
    detail = "Send a new key with a new command."
