"""Somebody at a browser: signed in or not, at a PC or with a phone, in Greek or in English, and watched for trouble."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from shared.identity import COOKIE
from shared.roles import Role
from tests.people import NORTH, Running, sign_in_name_of

PASSWORD = "a password of the tests"
LANGUAGE_COOKIE = "dosis_language"
Language = Literal["el", "en"]
_LOCALES = {"el": "el-GR", "en": "en-GB"}


class Size(NamedTuple):
    name: str
    width: int
    height: int
    touch: bool


PC = Size("pc", 1366, 768, touch=False)
PHONE = Size("phone", 390, 844, touch=True)
SIZES = (PC, PHONE)
LANGUAGES: tuple[Language, ...] = ("el", "en")


@dataclass
class Watch:
    """What went wrong on the pages of one test: an error in the console, a failed or a foreign request."""

    url: str
    trouble: list[str] = field(default_factory=list[str])
    expected: set[int] = field(default_factory=set[int])
    """Statuses over 399 that the test means to get."""

    def over(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A status that was expected is told by the browser in the console too.
        if message.type == "error" and not any(f"status of {status} " in message.text for status in self.expected):
            self.trouble.append(f"console: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob", "about") and asked.netloc != urlsplit(self.url).netloc:
            self.trouble.append(f"elsewhere: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.trouble.append(f"{response.status}: {response.request.method} {response.url}")

    def _on_failed(self, request: Request) -> None:
        # Who goes on to another page, or downloads a file, breaks off a request: that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.trouble.append(f"failed ({request.failure}): {request.method} {request.url}")


@dataclass
class Visits:
    """`visit(Role.SECRETARY, "/dispense/patients", PHONE, "en")` is a page; each has a browser profile of its own."""

    browser: Browser
    running: Running
    watch: Watch
    sessions: dict[str, str]
    """Who has signed in already: one sign-in is enough for all tests."""
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])

    def __call__(
        self, who: Role | str | None = None, path: str | None = None, size: Size = PC, language: Language = "el"
    ) -> Page:
        """A page of somebody: by role at the northern clinic, by sign-in name, or of nobody; at a path, or blank."""
        context = self.browser.new_context(
            base_url=self.watch.url,
            viewport={"width": size.width, "height": size.height},
            has_touch=size.touch,
            is_mobile=size.touch,
            locale=_LOCALES[language],
            timezone_id="Europe/Athens",
        )
        self.contexts.append(context)
        cookies = {LANGUAGE_COOKIE: language}
        if who is not None:
            cookies[COOKIE] = self._session(sign_in_name_of(who, NORTH) if isinstance(who, Role) else who)
        context.add_cookies([{"name": name, "value": value, "url": self.watch.url} for name, value in cookies.items()])
        # Also over windows that a page opens itself.
        context.on("page", self.watch.over)
        page = context.new_page()
        if path is not None:
            page.goto(path)
        return page

    def _session(self, sign_in_name: str) -> str:
        if sign_in_name not in self.sessions:
            answer = httpx.post(
                f"{self.watch.url}/stock/api/sign-in",
                json={"sign_in_name": sign_in_name, "password": PASSWORD},
                trust_env=False,
            )
            answer.raise_for_status()
            self.sessions[sign_in_name] = answer.cookies[COOKIE]
        return self.sessions[sign_in_name]

    def close(self) -> None:
        for context in self.contexts:
            context.close()
