"""Each operation against its own description, with many made-up requests: none is answered otherwise than it says.

DOSIS_FUZZ_CASES says how many random cases an operation gets.
"""

import asyncio
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from litestar.exceptions import LitestarDeprecationWarning
from schemathesis import Case
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from deploy.cell import SERVICES
from deploy.check import check_cell
from shared.ids import new_id
from shared.web.docs import describe
from tests.people import Running
from tests.real_things import RealThings, make_real_things

USUAL_CASES = 25
CASES = int(os.environ.get("DOSIS_FUZZ_CASES", USUAL_CASES))
CONFIG: Mapping[str, Any] = {
    # Our token is sent with every case; what is answered without one, or to a false one, the permissions' tests say.
    "generation": {"with-security-parameters": False},
    "phases": {
        # Cases at the bounds of each schema take longer to draw than to send: in `make fuzz` only.
        "coverage": {"enabled": CASES > USUAL_CASES},
        # The descriptions hold no examples.
        "examples": {"enabled": False},
    },
}
HELD: tuple[CheckFunction, ...] = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.missing_required_header,
    checks.unsupported_method,
)


def _described(service: str) -> Any:
    with warnings.catch_warnings():
        # What a later Litestar will want to be written otherwise, at every operation.
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        description = json.loads(describe(service, SERVICES[service].routes, version("dosis")))
    return schemathesis.openapi.from_dict(description, config=SchemathesisConfig.from_dict(dict(CONFIG)))


DESCRIPTIONS = {service: _described(service) for service in SERVICES}
ANSWERS: dict[str, Counter[int]] = {}
"""By operation: how often each status was answered."""


@pytest.fixture(scope="module")
def real(running: Running) -> RealThings:
    return make_real_things(running)


@pytest.fixture(scope="module")
def session(real: RealThings) -> Iterator[requests.Session]:
    with requests.Session() as kept:
        kept.trust_env = False
        kept.headers["Authorization"] = f"Bearer {real.token}"
        yield kept


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_that_is_served_is_the_one_that_is_tested(running: Running, service: str) -> None:
    served = httpx.get(f"{running.urls[service]}/{service}/api/schema/openapi.json", trust_env=False)
    assert served.json() == DESCRIPTIONS[service].raw_schema


@pytest.mark.parametrize("service", SERVICES)
def test_no_object_that_is_sent_takes_further_fields(service: str) -> None:
    """They may be a misspelt intention, however far in they stand."""
    schemas: Mapping[str, Any] = DESCRIPTIONS[service].raw_schema["components"]["schemas"]
    bodies = [
        o["requestBody"]
        for path in DESCRIPTIONS[service].raw_schema["paths"].values()
        for o in path.values()
        if "requestBody" in o
    ]
    reached: set[str] = set()
    while (
        named := set(re.findall(r"#/components/schemas/(\w+)", json.dumps([bodies, *map(schemas.get, reached)])))
        - reached
    ):
        reached |= named
    objects = {name for name in reached if schemas[name].get("type") == "object"}
    assert objects
    assert {name for name in objects if schemas[name].get("additionalProperties") is not False} == set()


@schemathesis.pytest.parametrize(**DESCRIPTIONS)  # pyright: ignore[reportUntypedFunctionDecorator]
@settings(
    max_examples=CASES,
    # The same cases at every run: what fails today fails tomorrow.
    derandomize=True,
    # A request through a process and a database takes as long as the machine lets it.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_an_operation_answers_as_it_is_described(
    case: Case[Any], running: Running, real: RealThings, session: requests.Session
) -> None:
    invalid = _is_invalid(case)
    _make_real(case, real)
    response = case.call(base_url=running.urls[case.path.split("/")[1]], session=session)
    ANSWERS.setdefault(case.operation.label, Counter())[response.status_code] += 1
    if response.status_code == 201:
        real.learn(case.path_parameters, response.json())
    if _is_valid(case) and response.status_code == 400:
        # What no schema can say (an order, days of this age) is refused in other words.
        told = [field["problem"] for field in response.json()["fields"]]
        assert not [each for each in told if each.startswith(("Expected", "Object", "Invalid"))], told
    case.validate_response(response, checks=[*HELD, checks.negative_data_rejection] if invalid else list(HELD))


def _is_valid(case: Case[Any]) -> bool:
    return case.meta is not None and not any(case.meta.is_negative_at(place) for place in ParameterLocation)


def _is_invalid(case: Case[Any]) -> bool:
    """Body or query break their schema. A path that did is mended below, and a header's bounds aren't all told."""
    places = (ParameterLocation.BODY, ParameterLocation.QUERY)
    return case.meta is not None and any(case.meta.is_negative_at(place) for place in places)


def _make_real(case: Case[Any], real: RealThings) -> None:
    """Name things that are there, part of the time; and give a command a key of its own, unless that is the point."""
    negative = case.meta.is_negative_at if case.meta else lambda _place: False
    body_is_valid, header_is_valid = not negative(ParameterLocation.BODY), not negative(ParameterLocation.HEADER)
    case.path_parameters = real.name_path(case.path, case.path_parameters)
    if not negative(ParameterLocation.QUERY):
        case.query = real.name_body(case.path, case.query, case.path_parameters)
    if body_is_valid and isinstance(case.body, dict):
        case.body = real.name_body(case.path, case.body, case.path_parameters)
    if header_is_valid and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(new_id())


@pytest.mark.usefixtures("running", "real", "session")  # so that pytest keeps it after the fuzz
def test_the_fuzz_went_deeper_than_refusals() -> None:
    """Cases that are all refused for the token, or for things that aren't there, would say nothing."""
    operations = [result.ok().label for schema in DESCRIPTIONS.values() for result in schema.get_all_operations()]
    cases = sum(answered.total() for answered in ANSWERS.values())
    never = {o: dict(each) for o, each in sorted(ANSWERS.items()) if not any(status < 300 for status in each)}
    print(f"{len(ANSWERS)} operations, {cases} cases, never done: {never}")  # noqa: T201 - shown with -s
    if set(operations) - ANSWERS.keys():
        pytest.skip("only a part of the operations was tried")
    assert len(never) < len(operations) / 4


def test_after_the_fuzz_every_service_says_the_same_of_every_unit(running: Running, real: RealThings) -> None:
    found = asyncio.run(check_cell(running.cell)).differences
    assert [difference for difference in found if difference.clinic_id == real.clinic.clinic_id] == []
