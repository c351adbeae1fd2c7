"""Every operation of the three services, as their own tables of contents list them."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from litestar.handlers import HTTPRouteHandler

from deploy.cell import SERVICES
from shared.roles import Act

PAST_DAY = "2001-01-01"
"""Nothing can be prepared on it."""


@dataclass(frozen=True)
class Operation:
    service: str
    name: str
    path: str
    method: str
    act: Act | None
    has_body: bool
    is_command: bool

    def url(self, urls: Mapping[str, str], clinic_id: UUID) -> str:
        """At the clinic; every other thing in the path is one that nobody has."""

        def fill(found: re.Match[str]) -> str:
            if found[1] == "clinic_id":
                return str(clinic_id)
            return {"uuid": str(uuid4()), "date": PAST_DAY}[found[2]]

        return f"{urls[self.service]}/{self.service}/api" + re.sub(r"{(\w+):(\w+)}", fill, self.path)


def _operations(service: str) -> Iterator[Operation]:
    for handler in SERVICES[service].routes:
        assert isinstance(handler, HTTPRouteHandler)
        for path in handler.paths:
            for method in handler.http_methods:
                yield Operation(
                    service=service,
                    name=handler.fn.__name__,
                    path=path,
                    method=method,
                    act=handler.opt.get("act"),
                    has_body="data" in inspect.signature(handler.fn).parameters,
                    is_command=bool(handler.opt.get("command")),
                )


OPERATIONS = [operation for service in SERVICES for operation in _operations(service)]
GUARDED = [operation for operation in OPERATIONS if operation.act is not None]
