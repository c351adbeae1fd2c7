"""Values beyond their bounds, in body, path, query and key: refused, never a fault, never stored."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from shared.ids import new_id
from tests.edge import Edge, why_no_problem
from tests.operations import OPERATIONS, PAST_DAY

Bodies = dict[tuple[str, str], dict[str, Any]]

BAD_NUMBERS = (10**400, 2**63, -(2**63) - 1, -1, 1.5, "1", True, None, [], {})
BAD_TEXTS = (
    "",
    "\xad\u3164",
    "a\u202eb",
    "x" * 5000,
    "a\0b",
    "bell\a",
    "a\u001b[2J",
    "c1\u0085",
    "line\u0000",
    "\ud800",
    5,
    True,
    [],
    {},
)
BAD_DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "2026-1-1", "20260101", "", 20260101, [], {})
BAD_IDS = ("", "nope", "00000000-0000-0000-0000-00000000000g", "a\0b", 5, None, [], {})
MAY_BE_NONE = {"reevaluates"}
BAD_FLAGS = ("true", 1, 0, [], {})
BAD_LISTS = ("", 5, {}, [[]], [None], ["\0"] * 5, [10**400], ["x"] * 3000)


def _bad_values(good: Any) -> tuple[Any, ...]:
    """What can't stand where such a value stands."""
    if isinstance(good, bool):
        return BAD_FLAGS
    if isinstance(good, int):
        return BAD_NUMBERS
    if isinstance(good, list):
        return BAD_LISTS
    if re.fullmatch(r"\d{4}-\d\d-\d\d", good):
        return BAD_DAYS
    return BAD_IDS if re.fullmatch(r"[0-9a-f-]{36}", good) else BAD_TEXTS


@pytest.fixture(scope="module")
def good(edge: Edge) -> Bodies:
    """Commands as they should be, each with its plain fields."""
    today = edge.cell.settings_of("stock").clock().today()
    later, api = str(today + timedelta(days=300)), edge.api
    product_id = api.get("stock", "/products", text="amlodipine")["products"][0]["product"]["product_id"]
    pharmacy, decision = str(edge.clinic.pharmacies[0]), str(edge.clinic.decision_id)
    collection = api.do("donations", "/collections", {"pharmacy_id": pharmacy})["collection_id"]
    patient = api.do("dispense", "/patients", {"alias": "Demo"})["patient_id"]
    line = {"product_id": product_id, "batch": "B1", "expires_on": later, "opened": False, "units": 5}
    therapy = {"product_id": product_id, "per_intake": "1/2", "starts_on": str(today), "until_on": later}
    lines = f"/collections/{collection}/lines"
    line_id = api.do("donations", lines, {**line, "source_kind": "person"})["line_id"]
    return {
        ("donations", "/collections"): {"pharmacy_id": pharmacy},
        ("donations", lines): {**line, "source_kind": "person", "source_name": "Demo"},
        ("donations", f"{lines}/{line_id}/recount"): {"units": 4, "opened": True, "more_than_pack_ok": False},
        ("stock", "/decisions"): {
            "body": "Assembly",
            "text": "So.",
            "decided_on": str(today),
            "reevaluate_on": later,
            "reevaluates": decision,
        },
        ("stock", "/people"): {
            "sign_in_name": f"demo-{new_id()}",
            "display_name": "Demo",
            "password": "a long password",
        },
        ("stock", "/pharmacies"): {"name": "Demo", "from_on": str(today), "until_on": later},
        ("stock", "/policies"): {"name": "least_remaining_months", "value": 3, "decision_id": decision},
        ("stock", "/gtins"): {"gtin": "05290000000031", "product_id": product_id},
        ("stock", f"/products/{product_id}/judge"): {"reason": "So.", "controlled": True, "substitution_group": "x"},
        ("dispense", "/patients"): {"alias": "Demo", "language": "el", "allergies": ["x"], "cycle_days": 28},
        ("dispense", "/closures"): {"day_on": later, "reason": "Holiday"},
        ("dispense", "/pharmacy-weekdays"): {"weekdays": [1, 4]},
        ("dispense", f"/patients/{patient}/therapy-lines"): {
            **therapy,
            "only_this_product": False,
            "prescribed_by": "Demo",
            "schedule": {"every": "day", "times": 2},
        },
    }


def _send(edge: Edge, address: tuple[str, str], body: dict[str, Any]) -> Any:
    # Python's encoder writes a lone surrogate as an escape, and any number in full.
    return edge.post(edge.url(*address), json.dumps(body).encode())


def test_the_commands_below_are_taken_when_nothing_is_wrong_with_them(edge: Edge, good: Bodies) -> None:
    answers = {address: _send(edge, address, body) for address, body in good.items()}
    assert {address: a.text for address, a in answers.items() if a.status_code != 201} == {}


@pytest.mark.usefixtures("nothing_is_stored")
def test_no_field_takes_a_value_beyond_its_bounds(edge: Edge, good: Bodies) -> None:
    wrong: dict[str, str] = {}
    for address, body in good.items():
        for name, value in body.items():
            for bad in () if isinstance(value, dict) else _bad_values(value):
                if bad is None and name in MAY_BE_NONE:
                    continue
                if why := why_no_problem(_send(edge, address, {**body, name: bad})):
                    wrong[f"{address[1]} {name}={bad!r:.60}"] = why
    assert wrong == {}


@pytest.mark.usefixtures("nothing_is_stored")
def test_an_unknown_field_is_refused_by_name(edge: Edge, good: Bodies) -> None:
    for address, body in good.items():
        answer = _send(edge, address, {**body, "nobody_knows_this": 1})
        assert why_no_problem(answer) is None
        assert "nobody_knows_this" in answer.text


@pytest.mark.usefixtures("nothing_is_stored")
def test_a_field_that_is_sent_twice_is_refused_by_name(edge: Edge, good: Bodies) -> None:
    """One of them would be passed over in silence, and another reader would take the other one."""
    for address, body in good.items():
        for name, value in body.items():
            twice = f'{{"{name}": {json.dumps(value)}, {json.dumps(body)[1:]}'
            answer = edge.post(edge.url(*address), twice.encode())
            assert (answer.status_code, why_no_problem(answer)) == (400, None)
            assert answer.json()["fields"][0]["field"] == name


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(
    "schedule",
    [
        '{"every": "day", "times": 2, "times": 3}',
        '{"every": "day", "every": "hours", "times": 2}',
        '{"every": "days", "days": 2, "tims": 3}',
        '{"every": "days", "days": 2, "times": 3.0}',
    ],
)
def test_nor_is_one_taken_that_is_sent_twice_or_misspelt_further_in(edge: Edge, good: Bodies, schedule: str) -> None:
    address = next(address for address in good if address[1].endswith("/therapy-lines"))
    plain = {name: value for name, value in good[address].items() if name != "schedule"}
    answer = edge.post(edge.url(*address), f'{{"schedule": {schedule}, {json.dumps(plain)[1:]}'.encode())
    assert (answer.status_code, why_no_problem(answer)) == (400, None)


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("units", [0, 1_000_001])
@pytest.mark.parametrize("command", ["/lines", "/recount"])
def test_units_are_one_to_a_million(edge: Edge, good: Bodies, command: str, units: int) -> None:
    address = next(address for address in good if address[1].endswith(command))
    answer = _send(edge, address, {**good[address], "units": units})
    assert why_no_problem(answer) is None
    assert answer.json()["fields"][0]["field"] == "units"


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(
    "batch", ["", " ", "   ", " B1", "B1 ", "\u00a0", "🙂", "AB\U0001f600", "B1\n", "B1\t", "x" * 21, "é"]
)
def test_a_batch_is_what_can_be_printed_on_a_pack(edge: Edge, good: Bodies, batch: str) -> None:
    address = next(address for address in good if address[1].endswith("/lines"))
    assert why_no_problem(_send(edge, address, {**good[address], "batch": batch})) is None


@pytest.mark.parametrize("batch", ["B", "x" * 20, "B 1", "A  B", "ΑΒΓ-1", '%&/"'])
def test_a_batch_is_kept_as_it_is_printed(edge: Edge, good: Bodies, batch: str) -> None:
    address = next(address for address in good if address[1].endswith("/lines"))
    answer = _send(edge, address, {**good[address], "batch": batch})
    assert answer.status_code == 201, answer.text
    path = address[1].removesuffix("/lines")
    assert batch in [line["batch"] for line in edge.api.get(address[0], path)["lines"]]


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(
    "amount", ["0", "0/1", "1/0", "½½", "½ ½", "1e9", "-1", "1001", "1/1001", "1 3/2", ".", " ", "١", "1" * 20, "1\n"]
)
def test_no_amount_at_once_is_nothing_endless_or_a_riddle(edge: Edge, good: Bodies, amount: str) -> None:
    address = next(address for address in good if address[1].endswith("/therapy-lines"))
    assert why_no_problem(_send(edge, address, {**good[address], "per_intake": amount})) is None


@pytest.mark.parametrize("amount", ["½", "1½", "1 1/2", "0,5", "0.25", "⅓", "1⁄2"])
def test_an_amount_is_taken_as_people_write_it(edge: Edge, good: Bodies, amount: str) -> None:
    address = next(address for address in good if address[1].endswith("/therapy-lines"))
    assert _send(edge, address, {**good[address], "per_intake": amount}).status_code == 201


UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff"
NO_LINE = (" ", "   ", "\u00a0", "\u3000 \u2003", *(f"De{each}mo" for each in UNSEEN), *UNSEEN)
NAMES_AND_LINES = (
    ("/people", "sign_in_name"),
    ("/people", "display_name"),
    ("/pharmacies", "name"),
    ("/patients", "alias"),
    ("/closures", "reason"),
    ("/judge", "reason"),
    ("/judge", "substitution_group"),
)


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(("command", "name"), NAMES_AND_LINES)
def test_a_name_or_line_is_not_blank_and_holds_nothing_that_cannot_be_seen(
    edge: Edge, good: Bodies, command: str, name: str
) -> None:
    """Two names would look like one, or a line be read otherwise than it was written."""
    address = next(address for address in good if address[1].endswith(command))
    answers = {bad: _send(edge, address, {**good[address], name: bad}) for bad in NO_LINE}
    assert {ascii(bad): why for bad, answer in answers.items() if (why := why_no_problem(answer))} == {}
    assert {answer.json()["fields"][0]["field"] for answer in answers.values()} == {name}


@pytest.mark.parametrize("alias", ["Ελένη", "محمد علي", " Anna\u00a0Maria ", "张 伟", "🙂", "O'Neill-Ζ."])
def test_a_name_is_taken_in_any_writing(edge: Edge, good: Bodies, alias: str) -> None:
    address = next(address for address in good if address[1] == "/patients")
    assert _send(edge, address, {**good[address], "alias": alias}).status_code == 201


# Days, ids and numbers outside the body


def _at(edge: Edge, name: str, value: str) -> dict[str, Any]:
    """The answer of every operation with such a thing in its path, when this stands in its place."""
    answers: dict[str, Any] = {}
    for operation in OPERATIONS:
        if f"{{{name}" not in operation.path:
            continue
        path = re.sub(rf"{{{name}:\w+}}", value, operation.path)
        path = re.sub(r"{clinic_id:uuid}", str(edge.clinic.clinic_id), path)
        path = re.sub(r"{\w+:date}", PAST_DAY, re.sub(r"{\w+:uuid}", str(new_id()), path))
        url = f"{edge.urls[operation.service]}/{operation.service}/api{path}"
        answers[operation.name] = edge.http.get(url) if operation.method == "GET" else edge.post(url, b"")
    assert answers
    return answers


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(
    "day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "1e9", "-1", "%00"]
)
def test_a_day_in_the_path_is_a_day_that_can_be_reckoned_with(edge: Edge, day: str) -> None:
    assert {name: why for name, answer in _at(edge, "day_on", day).items() if (why := why_no_problem(answer))} == {}


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("name", ["clinic_id", "lot_id", "collection_id", "patient_id", "visit_id", "transfer_id"])
@pytest.mark.parametrize("value", ["nope", "0", "%00", "%ff", "..%2f..", "00000000-0000-0000-0000-00000000000g"])
def test_an_id_in_the_path_that_is_none_is_not_found(edge: Edge, name: str, value: str) -> None:
    assert {n: why for n, answer in _at(edge, name, value).items() if (why := why_no_problem(answer))} == {}


WOULD_GIVE = {"from_on": "2030-01-01", "through_on": "2030-01-28", "per_day": "1"}


def _would_give(edge: Edge, good: Bodies, **changed: str) -> Any:
    product_id = next(body["product_id"] for body in good.values() if "product_id" in body)
    url = edge.url("stock", f"/products/{product_id}/would-give")
    return edge.http.get(url, params={**WOULD_GIVE, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        *({"from_on": day} for day in ("0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "now", "")),
        *({"through_on": day} for day in ("0001-01-01", "9999-12-31", "2029-12-31", "2031-02-01", "2030-02-30")),
        {"from_on": "9999-12-31", "through_on": "9999-12-31"},
        {"from_on": "0001-01-01", "through_on": "0001-01-01"},
        *({"per_day": number} for number in ("0", "-1", "1.5", "1/2", "1e9", str(2**63), "9" * 400, "١", "")),
        {"per_day_divided_by": "0"},
    ],
    ids=str,
)
def test_a_question_about_days_and_amounts_has_bounds(edge: Edge, good: Bodies, changed: dict[str, str]) -> None:
    assert _would_give(edge, good).status_code == 200
    assert why_no_problem(_would_give(edge, good, **changed)) is None


@pytest.mark.parametrize(
    "path",
    [
        "/lots?most=501",
        "/lots?most=0",
        f"/lots?most={10**400}",
        "/lots?most=5&most=6",
        "/lots?expires_within_days=3661",
        f"/lots?expires_within_days={2**63}",
        "/lots?expire_within_days=30",
        "/lots?after=9999-12-31_00000000",
        "/lots?after=0000-00-00_00000000-0000-0000-0000-000000000000",
        "/lots?product_id=nope",
        "/surplus?skip=-1",
        "/surplus?skip=1000001",
        "/neighbours/surplus?most=501",
        "/neighbours/surplus?text=",
        "/neighbours/surplus?text=a%00b",
        "/neighbours/surplus?text=" + "x" * 121,
        "/products?text=",
        "/products?text=a&text=b",
        "/products?text=a%00b",
        "/products?text=a%0a",
        "/products?text=" + "x" * 121,
        "/products/by-code?code=280%00",
        "/products/by-code?code=280%0a",
        "/products/by-code?code=" + "1" * 21,
        "/products/by-code",
        f"/lots/00000000-0000-0000-0000-000000000000?after={2**63}",
        "/people?work=1",
    ],
)
def test_a_query_parameter_is_known_sent_once_and_within_its_bounds(edge: Edge, path: str) -> None:
    answer = edge.http.get(edge.url("stock", path))
    assert (answer.status_code, why_no_problem(answer)) == (400, None)


@pytest.mark.usefixtures("nothing_is_stored")
def test_a_command_takes_no_query(edge: Edge, good: Bodies) -> None:
    for (service, path), body in good.items():
        assert why_no_problem(edge.post(edge.url(service, f"{path}?units=5"), body)) is None


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize(
    "key", ["", "short", "x" * 81, "x" * 5000, "κλειδί-κλειδί", "with a space", "tab\tin the key", "é" * 10]
)
def test_a_key_is_eight_to_eighty_plain_characters(edge: Edge, good: Bodies, key: str) -> None:
    for (service, path), body in good.items():
        headers = {b"Idempotency-Key": key.encode()}
        answer = edge.http.post(edge.url(service, path), json=body, headers=headers)
        assert (answer.status_code, why_no_problem(answer)) == (400, None)
        assert "key" in answer.json()["detail"].lower()


@pytest.mark.usefixtures("nothing_is_stored")
def test_a_command_without_a_key_is_told_to_send_one(edge: Edge, good: Bodies) -> None:
    for (service, path), body in good.items():
        answer = edge.http.post(edge.url(service, path), json=body)
        assert (answer.status_code, why_no_problem(answer)) == (400, None)
        assert answer.json()["type"] == "urn:dosis:problem:idempotency-key-missing"
        assert "Send a new random key" in answer.json()["detail"]
