"""Somebody with a browser that has no JavaScript: reads pages, fills in their forms, and follows where they lead."""

from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx

from shared.identity import COOKIE
from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token
from tests.people import Clinic, Running

FORM = "application/x-www-form-urlencoded"


class Page(HTMLParser):
    """What stands on a page: its text, and the address of each form with its hidden fields."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.path = urlsplit(str(answer.url)).path
        self.html = answer.text
        self.forms: dict[str, dict[str, str]] = {}
        self.values: dict[str, str] = {}
        self.filled: dict[str, dict[str, str]] = {}
        """What stands in the fields of each form, by its address."""
        self._form = ""
        self._text: list[str] = []
        self.feed(answer.text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = has.get("action", "")
            self.forms[self._form] = {}
        if tag == "input" and "name" in has:
            if has.get("type") == "hidden":
                self.forms[self._form][has["name"]] = has.get("value", "")
            else:
                self.values[has["name"]] = has.get("value", "")
                self.filled.setdefault(self._form, {})[has["name"]] = has.get("value", "")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


class Visitor:
    """Signed in with a token of the tests; in English, for these tests tell what pages do, not how they say it."""

    def __init__(self, running: Running, clinic: Clinic, role: Role | None, language: str = "en") -> None:
        self.urls = running.urls
        self.clinic_id: UUID = clinic.clinic_id
        self.token = running.token(clinic.people[role]) if role is not None else ""
        cookies = {"dosis_language": language} | ({COOKIE: self.token} if self.token else {})
        self.client = httpx.Client(cookies=cookies, trust_env=False, follow_redirects=False)

    def url(self, path: str) -> str:
        """The service that a path names; of the cell of the tests each listens by itself."""
        service = path.split("/")[1]
        return self.urls.get(service, self.urls["stock"]) + path

    def answer(self, path: str) -> httpx.Response:
        return self.client.get(self.url(path), headers={"Accept": "text/html"})

    def get(self, path: str) -> Page:
        answer = self.answer(path)
        if answer.status_code == 303:
            return self.get(answer.headers["Location"])
        return Page(answer)

    def sent(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """A form as it is sent, with nothing added."""
        body = urlencode(fields).encode()
        return self.client.post(self.url(path), content=body, headers={"Content-Type": FORM, "Accept": "text/html"})

    def post(self, path: str, **fields: str) -> Page:
        """A form of a page, with a new key, followed to where it leads."""
        carried = {"key": str(new_id()), "csrf": csrf_token(self.token)}
        answer = self.sent(path, carried | fields)
        while answer.status_code == 307:
            answer = self.sent(answer.headers["Location"], carried | fields)
        if answer.status_code == 303:
            return self.get(answer.headers["Location"])
        return Page(answer)
