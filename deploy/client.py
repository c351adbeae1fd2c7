"""A caller of the API, as a person's program would be: one bearer token, one key for each command."""

import time
from typing import Any
from uuid import UUID

import httpx

from shared.ids import new_id

PATIENCE_SECONDS = 20.0


class ApiRefused(Exception):
    """The API said no: its problem details."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title')}: {problem.get('detail')} {problem.get('facts')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        return str(self.problem.get("type", "")).rpartition(":")[2]


class Api:
    """Calls to the three services as one person at one clinic. A lost answer is asked for again, same key."""

    def __init__(self, urls: dict[str, str], token: str, clinic_id: UUID | str) -> None:
        self.urls = urls
        self.clinic_id = str(clinic_id)
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(headers=headers, timeout=30, trust_env=False)

    def at(self, clinic_id: UUID | str) -> "Api":
        other = object.__new__(Api)
        other.urls, other.http, other.clinic_id = self.urls, self.http, str(clinic_id)
        return other

    def get(self, service: str, path: str, **params: Any) -> Any:
        """Look at something of this clinic; `path` goes on after the clinic."""
        return self._send("GET", self._url(service, path), params=params, key=None, body=None)

    def ask(self, service: str, path: str, body: Any) -> Any:
        return self._send("POST", self._url(service, path), params={}, key=None, body=body)

    def do(self, service: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """A command, under a new key unless one is given."""
        return self._send("POST", self._url(service, path), params={}, key=key or str(new_id()), body=body)

    def _url(self, service: str, path: str) -> str:
        base = f"{self.urls[service]}/{service}/api"
        return f"{base}/clinics/{self.clinic_id}{path}" if path.startswith("/") or not path else f"{base}/{path}"

    def _send(self, method: str, url: str, *, params: dict[str, Any], key: str | None, body: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.http.request(method, url, params=params, headers=headers, json=body)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
                continue
            in_flight = answer.status_code == 409 and answer.json().get("type", "").endswith("still-being-done")
            if (in_flight or answer.status_code == 503) and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            if answer.status_code >= 400:
                raise ApiRefused(answer.status_code, answer.json())
            return answer.json()


def wait_until(holds: Any, what: str, seconds: float = 20) -> Any:
    """Ask until the answer is true; returns it. Raises TimeoutError naming what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)
