"""Every operation, as every role, with every kind of standing and token: who may, may; who may not, is refused."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy import operator
from deploy.cell import SERVICES
from deploy.client import Api, wait_until
from shared.ids import new_id
from shared.roles import ALLOWED, Act, Role
from tests import forging
from tests.operations import GUARDED, OPERATIONS
from tests.people import Clinic, Running
from tests.standing import count_rows, delegate, end_delegation, new_person, wait_until_heard

OPEN_TO_ALL = {"/sign-in"}
ONES_OWN = {"/me", "/me/sessions/{session_id:uuid}/end"}

# By hand, so that a slip of the pen in the table of roles, or an operation under the wrong act, is noticed.
PHARMACIST, COUNTER, SECRETARY = Role.CLINIC_PHARMACIST, Role.COUNTER_VOLUNTEER, Role.SECRETARY
PARTNER, AUDITOR, DECISIONS = Role.PARTNER_PHARMACIST, Role.AUDITOR, Role.DECISIONS_DELEGATE
BY_HAND: Mapping[str, set[Role]] = {
    "open_collection": {PARTNER},
    "recount_line": {PARTNER},
    "hand_in_collection": {PARTNER},
    "list_collections": {PARTNER, PHARMACIST, AUDITOR},
    "check_line": {PHARMACIST},
    "list_lots": set(Role) - {PARTNER},
    "write_off_units": {PHARMACIST},
    "correct_lot": {PHARMACIST},
    "ship_transfer": {PHARMACIST, Role.TRANSFERS_DELEGATE},
    "list_surplus": set(Role) - {PARTNER},
    "list_neighbour_surplus": set(Role) - {PARTNER},
    "offer_surplus": {PHARMACIST, Role.TRANSFERS_DELEGATE},
    "withdraw_surplus": {PHARMACIST, Role.TRANSFERS_DELEGATE},
    "judge_product": {PHARMACIST},
    "scan": set(Role) - {AUDITOR, DECISIONS},
    "scan_line": {PARTNER},
    "scan_extra_line": {PHARMACIST},
    "list_gtins": set(Role),
    "learn_gtin": {PHARMACIST},
    "judge_gtin": {PHARMACIST},
    "give_delegation": {DECISIONS},
    "set_policy": {DECISIONS},
    "register_patient": {PHARMACIST, SECRETARY},
    "see_patient": {PHARMACIST, COUNTER, SECRETARY},
    "plan_therapy": {PHARMACIST},
    "forget_patient": {PHARMACIST, SECRETARY},
    "see_day": {PHARMACIST, COUNTER, SECRETARY, AUDITOR},
    "prepare_pharmacy_day": {PHARMACIST},
    "reopen_pharmacy_day": {PHARMACIST},
    "give": {PHARMACIST, COUNTER},
    "undo_last": {PHARMACIST, COUNTER},
}


def test_every_operation_has_an_act_or_is_a_known_exception() -> None:
    without = {operation.path for operation in OPERATIONS if operation.act is None}
    assert without == OPEN_TO_ALL | ONES_OWN
    public = {path for s in SERVICES.values() for r in s.routes if r.opt.get("public") for path in r.paths}
    assert public == OPEN_TO_ALL
    assert all("{clinic_id:uuid}" in operation.path for operation in GUARDED)


def test_the_table_of_roles_says_what_was_written_by_hand() -> None:
    said = {o.name: set(ALLOWED[o.act]) for o in OPERATIONS if o.act is not None and o.name in BY_HAND}
    assert said == BY_HAND


def test_an_auditor_sends_nothing() -> None:
    sent = {o.name for o in GUARDED if o.method != "GET" and o.act is not None and AUDITOR in ALLOWED[o.act]}
    assert not sent


def test_a_partner_pharmacist_only_looks_at_clinic_and_catalogue_outside_donations() -> None:
    may = {(o.service, o.method, o.act) for o in GUARDED if o.act is not None and PARTNER in ALLOWED[o.act]}
    outside = {(method, act) for service, method, act in may if service != "donations"}
    # What a code says is asked in a body, and nothing is stored.
    assert outside == {("GET", Act.SEE_CLINIC), ("GET", Act.SEE_CATALOGUE), ("POST", Act.SCAN)}


@dataclass(frozen=True)
class People:
    """A person for every role and standing, and a token for each; None: no token."""

    own: dict[Role, str]
    nobody: str
    not_begun: dict[Role, str]
    over: dict[Role, str]
    ended: dict[Role, str]
    session_ended: dict[Role, str]


@pytest.fixture(scope="module")
def people(running: Running) -> People:
    cell, clinic = running.cell, running.world.north
    standing: dict[str, dict[Role, str]] = {"not_begun": {}, "over": {}, "ended": {}}
    days = {"not_begun": (1, 30), "over": (-30, -1), "ended": (0, 30)}
    given: list[UUID] = []
    ended: list[UUID] = []
    for kind, (begins, ends) in days.items():
        for role in Role:
            person_id, _ = new_person(cell)
            given.append(delegate(cell, clinic, person_id, role, begins=begins, ends=ends))
            if kind == "ended":
                ended.append(given[-1])
                end_delegation(cell, clinic, given[-1])
            standing[kind][role] = running.token(person_id)
    wait_until_heard(cell, given, ended=ended)
    own = {role: running.token(person_id) for role, person_id in clinic.people.items()}
    session_ended = {role: _ended_token(running, person_id) for role, person_id in clinic.people.items()}
    return People(own=own, nobody=running.token(new_person(cell)[0]), session_ended=session_ended, **standing)


def _ended_token(running: Running, person_id: UUID) -> str:
    """A token that was good, and was ended by its own person."""
    signed = asyncio.run(operator.make_token(running.cell, str(person_id), "ended"))
    Api(running.urls, signed.token, running.world.north.clinic_id).do("stock", f"me/sessions/{signed.session_id}/end")
    ended = "SELECT count(*) FROM ended_session WHERE session_id = $1"
    for service in SERVICES:
        wait_until(
            lambda s=service: count_rows(running.cell, s, ended, signed.session_id) == 1,
            f"{service} heard that the session ended",
        )
    return signed.token


def _walk(running: Running, service: str, clinic: Clinic, tokens: Mapping[Role, str | None]) -> dict[str, Any]:
    """What each operation with an act answers to each role's token: {"role operation": status}."""
    answers: dict[str, Any] = {}
    with httpx.Client(trust_env=False, timeout=30) as http:
        for operation in OPERATIONS:
            if operation.service != service or operation.path in OPEN_TO_ALL:
                continue
            for role, token in tokens.items():
                headers = {"Idempotency-Key": str(new_id())}
                if token is not None:
                    headers["Authorization"] = f"Bearer {token}"
                answer = http.request(
                    operation.method,
                    operation.url(running.urls, clinic.clinic_id),
                    headers=headers,
                    json=None if operation.method == "GET" else {},
                )
                answers[f"{role} {operation.name}"] = answer.status_code
    return answers


def _unlike(answers: Mapping[str, int], expected: Mapping[str, int | None]) -> dict[str, int]:
    """The answers that are not as expected; None: neither 401 nor 403 nor a fault."""
    return {
        name: status
        for name, status in answers.items()
        if (status in (401, 403) or status >= 500 if expected[name] is None else status != expected[name])
    }


def _by_role(service: str, *, at_home: bool) -> dict[str, int | None]:
    """403 where no role allows it; what is one's own is open to all who are signed in."""
    return {
        f"{role} {o.name}": None if o.act is None or (at_home and role in ALLOWED[o.act]) else 403
        for role in Role
        for o in OPERATIONS
        if o.service == service
    }


@pytest.mark.parametrize("service", SERVICES)
def test_each_role_may_at_its_own_clinic_just_what_the_table_says(
    running: Running, people: People, service: str
) -> None:
    answers = _walk(running, service, running.world.north, people.own)
    assert answers
    assert not _unlike(answers, _by_role(service, at_home=True))


@pytest.mark.parametrize("service", SERVICES)
def test_no_role_counts_at_another_clinic(running: Running, people: People, service: str) -> None:
    answers = _walk(running, service, running.world.south, people.own)
    assert not _unlike(answers, _by_role(service, at_home=False))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["nobody", "not_begun", "over", "ended"])
def test_without_a_delegation_in_force_today_nothing_is_allowed(
    running: Running, people: People, service: str, kind: str
) -> None:
    tokens = dict.fromkeys(Role, people.nobody) if kind == "nobody" else getattr(people, kind)
    answers = _walk(running, service, running.world.north, tokens)
    assert not _unlike(answers, _by_role(service, at_home=False))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "made", [forging.forged, forging.changed, forging.expired, forging.unsigned, forging.signed_with_public_key]
)
def test_a_token_that_stock_did_not_sign_as_it_stands_opens_nothing(
    running: Running, people: People, service: str, made: Any
) -> None:
    tokens = {role: made(running.cell, token) for role, token in people.own.items()}
    answers = _walk(running, service, running.world.north, tokens)
    assert answers
    assert set(answers.values()) == {401}


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_token_nothing_opens(running: Running, service: str) -> None:
    answers = _walk(running, service, running.world.north, dict.fromkeys(Role))
    assert answers
    assert set(answers.values()) == {401}


@pytest.mark.parametrize("service", SERVICES)
def test_an_ended_session_opens_nothing(running: Running, people: People, service: str) -> None:
    answers = _walk(running, service, running.world.north, people.session_ended)
    assert answers
    assert set(answers.values()) == {401}
