"""A page as one person sees it: in their language, at their clinic, with what they typed where it was refused."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Struct

from shared.database import AlreadyAnswered, Work
from shared.errors import Conflict, DosisError, NotAllowed
from shared.identity import COOKIE, Access, require
from shared.ids import new_id
from shared.language import LANGUAGES, N_, Words, words_in
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.admitting import AnyRequest, work_of
from shared.web.pages.forms import FieldProblem, FormWrong, Typed, read_as, read_rows
from shared.web.pages.templating import rendered

T = TypeVar("T", bound=Struct)

LANGUAGE_COOKIE = "dosis_language"
OWN_FIELDS = ("csrf", "key")

# Who and where, for the head of every page.
HEAD = """
SELECT (SELECT display_name FROM person WHERE person_id = $1) AS person_name,
       (SELECT name FROM clinic WHERE clinic_id = $2) AS clinic_name
"""


class SentBefore(Conflict):
    title = N_("This form was sent already, with something else in it")
    detail = N_("Look whether that was carried out. If this is to be done too, send it again.")


class Failed(Struct, frozen=True, kw_only=True):
    """A form that wasn't carried out: which, why, and what had been typed."""

    path: str
    typed: Typed
    error: DosisError
    problems: tuple[FieldProblem, ...] = ()


class Back(Struct, frozen=True, kw_only=True):
    """`key`: the digit that leads there; empty: none."""

    path: str
    text: str
    key: str


class View:
    """What a page's handler shows itself with. A plain class: it is not data for Litestar to look through."""

    def __init__(self, request: AnyRequest, *, failed: Failed | None = None) -> None:
        self.request = request
        self.failed = failed
        self.access: Access | None = request.scope["state"].get("access")
        self.clinic_id: UUID | None = request.path_params.get("clinic_id")
        self.language = language_of(request)
        self.counted: Mapping[str, int] = {}
        self.back: Back | None = None
        self._fields: dict[str, tuple[str, str]] = {}

    @property
    def runtime(self) -> Runtime:
        return self.request.scope["state"]["runtime"]

    @property
    def words(self) -> Words:
        return words_in(self.language)

    @property
    def today(self) -> date:
        return self.runtime.clock.today()

    def asked(self, name: str) -> str:
        """A part of the address behind the question mark; empty: it isn't there."""
        return self.request.query_params.get(name, "")

    @property
    def page_number(self) -> int:
        """Which page of a long list is asked for, from 1."""
        asked = self.asked("page")
        return max(1, int(asked)) if re.fullmatch(r"[0-9]{1,5}", asked) else 1

    @property
    def zone(self) -> tzinfo:
        return self.runtime.clock.time_zone

    def local(self, moment: datetime) -> datetime:
        """A moment as the clocks of the clinic show it."""
        return moment.astimezone(self.zone)

    @property
    def path(self) -> str:
        """Where to come back to: this page, or the one that a form was sent from."""
        if self.request.method != "GET":
            sent_from = urlsplit(self.request.headers.get("referer", ""))
            return way_back(sent_from.path + (f"?{sent_from.query}" if sent_from.query else ""))
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def reading(self) -> Work:
        """Work that only looks, also where the request itself was a form."""
        return work_of(self.request, self.clinic_id)

    def may(self, act: str) -> bool:
        """Whether a role held today allows the act at this clinic: what isn't allowed isn't offered."""
        if self.access is None or self.clinic_id is None:
            return False
        try:
            require(self.access, Act(act), self.clinic_id)
        except NotAllowed:
            return False
        return True

    # Forms

    def typed(self, kind: type[T]) -> T:
        """The form that was sent; raises FormWrong with the problem of each field."""
        return read_as(kind, self.request.scope["state"]["typed"])

    def typed_rows(self, kind: type[T], numbers: Iterable[int]) -> dict[int, T]:
        """The numbered rows of the form that was sent; raises FormWrong with the problems of them all."""
        return read_rows(kind, self.request.scope["state"]["typed"], numbers)

    async def once(self, doing: Awaitable[T], kind: type[T]) -> T:
        """What an action gave, now or when this form was first sent."""
        try:
            return await doing
        except AlreadyAnswered as first:
            return msgspec.json.decode(first.answer, type=kind)

    def value(self, path: str, field: str, default: object = "") -> str:
        """What stands in a form's field: what was typed where it was refused, else the default."""
        if self.failed is not None and self.failed.path == path:
            return next(iter(self.failed.typed.get(field, ())), "")
        return "" if default is None else str(default)

    def problem_of(self, path: str, field: str, label: str, at: str = "") -> str:
        """What is wrong with a form's field that is being drawn; empty: nothing. `at`: its id, if it isn't its name."""
        if self.failed is None or self.failed.path != path:
            return ""
        self._fields[field] = (at or field, label)
        return self._told(field)

    def _told(self, field: str) -> str:
        assert self.failed is not None
        told = [each for each in self.failed.problems if each.field == field]
        return " ".join(self.words.say(each.text, **each.facts) for each in told)

    def marked(self) -> list[dict[str, str]]:
        """What is wrong with each field of the page that was drawn, as it is called there, with the way to it."""
        assert self.failed is not None
        found: list[dict[str, str]] = []
        for name in dict.fromkeys(each.field for each in self.failed.problems):
            at, label = self._fields.get(name, (name, ""))
            between = " " if label.endswith(("?", ";")) else ": "
            found.append({"text": label + between + self._told(name) if label else self._told(name), "href": f"#{at}"})
        return found

    def lead_back(self, path: str, text: str, key: str) -> None:
        """What the page says of the way back while it is drawn."""
        self.back = Back(path=path, text=text, key=key)

    def key(self, path: str) -> str:
        """A form's idempotency key: what was refused keeps its own, for nobody knows what became of it.

        A key that something else was done under is of no more use.
        """
        if self.failed is None or self.failed.path != path or isinstance(self.failed.error, SentBefore):
            return str(new_id())
        return next(iter(self.failed.typed.get("key", ())), "") or str(new_id())

    @property
    def csrf(self) -> str:
        return csrf_token(self.request.cookies.get(COOKIE, ""))

    # Answers

    async def page(self, template: str, *, status: int = 200, **context: Any) -> Response[str]:
        """The page, with the head that all pages have."""
        pool = self.runtime.database.pool
        head = await pool.fetchrow(HEAD, self.access.person_id if self.access else None, self.clinic_id)
        if self.clinic_id is not None:
            counting: Counting = self.request.scope["state"]["counting"]
            self.counted = await counting(self)
        return self.plain(template, status=status, head=head, **context)

    def plain(self, template: str, *, status: int = 200, **context: Any) -> Response[str]:
        """The page without what stands in the database."""
        if self.failed is not None and status == 200:
            status = self.failed.error.status
        text = rendered(template, self.language, {"view": self, **context})
        return Response(text, status_code=status, media_type="text/html")

    def pdf(self, file_name: str, content: bytes) -> Response[bytes]:
        """Paper, shown in the browser, from where it is printed. The name tells nothing of a person."""
        shown = {"Content-Disposition": f'inline; filename="{file_name}"'}
        return Response(content, media_type="application/pdf", headers=shown)

    def go(self, path: str, **query: object) -> Response[str]:
        """After a form: the page that shows what became of it, so that a reload does nothing twice."""
        return go(path, **query)


Counting = Callable[[View], Awaitable[Mapping[str, int]]]
"""How much waits for this person at one service, by the last part of the address of the menu's entry."""


def go(path: str, **query: object) -> Response[str]:
    told = "&".join(f"{name}={quote(str(value))}" for name, value in query.items() if value is not None)
    return Response(
        "", status_code=303, media_type="text/html", headers={"Location": path + (f"?{told}" if told else "")}
    )


def way_back(path: str) -> str:
    """Where to go on: an address of this site, else the first page."""
    ours = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if ours and "\\" not in path else "/"


def language_of(request: AnyRequest) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def csrf_token(session: str, nonce: str = "") -> str:
    """Proof that a form is from a page of this session; another each time, so that compression tells nothing of it."""
    nonce = nonce or secrets.token_urlsafe(9)
    return nonce + "." + hmac.new(session.encode(), f"form {nonce}".encode(), hashlib.sha256).hexdigest()


def is_csrf_token(session: str, token: str) -> bool:
    return hmac.compare_digest(csrf_token(session, token.partition(".")[0] or "-").encode(), token.encode())


def failed_form(path: str, typed: Typed, error: DosisError) -> Failed:
    problems = error.problems if isinstance(error, FormWrong) else ()
    return Failed(path=path, typed=typed, error=error, problems=problems)


def said_of(typed: Mapping[str, tuple[str, ...]]) -> bytes:
    """What makes a form the same when it is sent again: all that a person typed, and not the proof beside it."""
    return msgspec.json.encode(sorted((name, values) for name, values in typed.items() if name not in OWN_FIELDS))
