"""Who sends the load: threads with one connection each.

Python's own http.client, since it costs a tenth of what httpx does: on the same machine the sender takes from
the services what it uses itself. What it uses is not counted.
"""

import http.client
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from shared.ids import new_id

T = TypeVar("T")


class Caller:
    """One client at one clinic: a connection kept open to each service."""

    def __init__(self, urls: dict[str, str], token: str, clinic_id: object) -> None:
        self.clinic_id = clinic_id
        self._token = token
        self._connections = {
            name: http.client.HTTPConnection(urlsplit(url).netloc, timeout=120) for name, url in urls.items()
        }

    def do(self, service: str, path: str, body: Any = None) -> Any:
        """A command under a new key."""
        return self._send("POST", service, path, None if body is None else msgspec.json.encode(body))

    def get(self, service: str, path: str) -> Any:
        return msgspec.json.decode(self.get_raw(service, path))

    def get_raw(self, service: str, path: str) -> bytes:
        return self._sent("GET", service, path, None, {})

    def get_page(self, service: str, path: str) -> bytes:
        """A page of the clinic, as it comes to somebody who is signed in."""
        url = f"/{service}/clinics/{self.clinic_id}{path}"
        return self._answered("GET", service, url, None, {"Authorization": f"Bearer {self._token}"})

    def _send(self, method: str, service: str, path: str, body: bytes | None) -> Any:
        headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
        return msgspec.json.decode(self._sent(method, service, path, body, headers))

    def _sent(self, method: str, service: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        url = f"/{service}/api/clinics/{self.clinic_id}{path}"
        return self._answered(method, service, url, body, {"Authorization": f"Bearer {self._token}", **headers})

    def _answered(self, method: str, service: str, url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        connection = self._connections[service]
        connection.request(method, url, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {url}: {answer.status} {content.decode(errors='replace')}")
        return content

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def side_by_side(work: Sequence[Callable[[], T]]) -> list[T]:
    """Each in a thread of its own, all at once; what one raises is raised."""
    with ThreadPoolExecutor(len(work)) as threads:
        return [done.result() for done in [threads.submit(one) for one in work]]


def dealt(things: Sequence[T], hands: int) -> list[list[T]]:
    """Things dealt out evenly."""
    return [list(things[hand::hands]) for hand in range(hands)]
