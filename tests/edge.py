"""Somebody with every role at a clinic where nobody else works, who sends what no good program would."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from deploy.cell import SERVICES, Cell
from deploy.client import Api
from shared.ids import new_id
from tests.people import Clinic, Running
from tests.standing import delegate_all, new_clinic

# Every row of a clinic, whatever table it stands in, and what a person's requests leave behind.
TABLES_OF_CLINIC = """
SELECT table_name
FROM information_schema.columns
WHERE table_schema = 'public' AND column_name = 'clinic_id'
ORDER BY table_name
"""


# What the others know of stock's registry and catalogue comes by events, some of them from before the test began.
PROJECTED = {"clinic", "partnership", "policy", "product_override"}


class Rows:
    """How many rows there are of a clinic and of a person, over connections that are kept."""

    def __init__(self, cell: Cell, clinic_id: UUID, person_id: UUID) -> None:
        self.of = (clinic_id, person_id)
        self.runner = asyncio.Runner()
        self.connections = {name: self.runner.run(asyncpg.connect(cell.owner_url(name))) for name in SERVICES}
        self.statements = {name: self.runner.run(_counting(each, name)) for name, each in self.connections.items()}

    def count(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for service, connection in self.connections.items():
            rows = self.runner.run(connection.fetch(self.statements[service], *self.of))
            found |= {f"{service}.{row['name']}": row["rows"] for row in rows}
        return found

    def close(self) -> None:
        for connection in self.connections.values():
            self.runner.run(connection.close())
        self.runner.close()


async def _counting(connection: asyncpg.Connection, service: str) -> str:
    by_event = PROJECTED if service != "stock" else set[str]()
    tables = [
        row["table_name"] for row in await connection.fetch(TABLES_OF_CLINIC) if row["table_name"] not in by_event
    ]
    counts = [f"SELECT '{t}' AS name, count(*) AS rows FROM {t} WHERE clinic_id = $1" for t in tables]
    for t in ("idempotency", "outbox"):
        counts.append(f"SELECT '{t} of person', count(*) FROM {t} WHERE person_id = $2")
    return " UNION ALL ".join(counts)


@dataclass
class Edge:
    cell: Cell
    urls: dict[str, str]
    clinic: Clinic
    person_id: UUID
    token: str
    http: httpx.Client
    rows: Rows

    @property
    def api(self) -> Api:
        """The same person's well-behaved program."""
        return Api(self.urls, self.token, self.clinic.clinic_id)

    def url(self, service: str, path: str) -> str:
        return f"{self.urls[service]}/{service}/api/clinics/{self.clinic.clinic_id}{path}"

    def post(self, url: str, content: Any = None, **headers: str) -> httpx.Response:
        """Bytes or JSON as they are, under a key of their own unless one is named."""
        sent = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(content, dict | list):
            return self.http.post(url, json=content, headers=sent)
        return self.http.post(url, content=content, headers=sent)

    def stored(self) -> dict[str, int]:
        """How many rows each table of each service has of this clinic and this person."""
        return self.rows.count()

    def close(self) -> None:
        self.http.close()
        self.rows.close()


def make_edge(running: Running) -> Edge:
    clinic = new_clinic(running.cell, "Demo clinic Edge")
    person_id = delegate_all(running.cell, clinic)
    token = running.token(person_id)
    http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)
    rows = Rows(running.cell, clinic.clinic_id, person_id)
    return Edge(running.cell, running.urls, clinic, person_id, token, http, rows)


def why_no_problem(answer: httpx.Response) -> str | None:
    """None when this is a refusal as it should be: 4xx, and problem details that say what to do."""
    if not 400 <= answer.status_code < 500:
        return f"answered {answer.status_code}: {answer.text[:200]}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} is told as {answer.headers.get('content-type')}"
    problem = answer.json()
    missing = {"type", "title", "status", "detail"} - {name for name, value in problem.items() if value}
    if missing or problem["status"] != answer.status_code:
        return f"the problem of {answer.status_code} lacks {missing}: {problem}"
    told = " ".join([problem["detail"], *(field["problem"] for field in problem["fields"])])
    return None if len(problem["detail"].split()) >= 4 and "Traceback" not in told else f"says nothing: {told}"
