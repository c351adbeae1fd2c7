"""No table, event, stored answer, log or file of a cell holds who a patient is, though they were served in all."""

import asyncio
import base64
import contextlib
from collections.abc import Iterable
from typing import Any

import asyncpg
import pytest

from deploy.cell import SERVICES, Cell
from deploy.client import ApiRefused, wait_until
from services.dispense.sealing import ClinicKeys, card_mac
from shared.ids import new_id
from shared.roles import Role
from tests.dispense.clinic import NORVASC
from tests.people import Running

ALIAS = "Καναρίνι Canaryalias"
CONTACT = "canary-contact-6987654321"
ALLERGY = "canaryallergen"
PRESCRIBER = "Dr. Canaryprescriber"
SEEN_BY_ALL = "control-reason-that-is-no-secret"

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


def spelled(word: str) -> list[str]:
    """A word as it would stand in a table's text: itself, as bytea's hex, as base64 from any place in it."""
    plain = word.encode()
    coded = [base64.b64encode(plain[start:]).decode()[:-4].lower() for start in range(3)]
    return [word.lower(), word.encode("unicode_escape").decode().lower(), plain.hex(), *coded]


async def rows_with(cell: Cell, words: Iterable[str]) -> list[tuple[str, str, str]]:
    """(service, table, word) for every row of every table in which a word stands, whatever its column."""
    found: list[tuple[str, str, str]] = []
    for service in SERVICES:
        owner = await asyncpg.connect(cell.owner_url(service))
        for table in await owner.fetch(TABLES):
            name = table["table_name"]
            rows = [row[0].lower() for row in await owner.fetch(f'SELECT whole::text FROM "{name}" AS whole')]
            found += [
                (service, name, word)
                for word in words
                if any(spelling in row for row in rows for spelling in spelled(word))
            ]
        await owner.close()
    return found


def files_with(cell: Cell, words: Iterable[str]) -> list[tuple[str, str]]:
    """(file, word) for every file of the cell: settings, logs, PostgreSQL's write-ahead log, NATS's store."""
    found: list[tuple[str, str]] = []
    for path in cell.folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                content = path.read_bytes()
                found += [(str(path.relative_to(cell.folder)), word) for word in words if word.encode() in content]
    return found


@pytest.fixture(scope="module")
def canaries(running: Running) -> list[str]:
    """A patient's whole way through the running services, with what people mistype on it; what nobody may find."""
    clinic = running.world.north
    pharmacist = running.caller(clinic, Role.CLINIC_PHARMACIST)
    counter = running.caller(clinic, Role.COUNTER_VOLUNTEER)
    today = running.cell.settings_of("dispense").clock().today()

    def do(path: str, body: Any = None, key: str | None = None) -> Any:
        return pharmacist.do("dispense", path, body, key=key)

    who = {"alias": ALIAS, "contact": CONTACT, "allergies": [ALLERGY, "amlodipine"]}
    key = str(new_id())
    patient_id = do("/patients", who, key)["patient_id"]
    assert do("/patients", who, key)["patient_id"] == patient_id
    card = pharmacist.get("dispense", f"/patients/{patient_id}")["identity"]["card_code"]
    product = pharmacist.get("dispense", "/products", text=NORVASC)["products"][0]["product"]
    line = {
        "product_id": product["product_id"],
        "per_intake": "1",
        "schedule": {"every": "day", "times": 1},
        "starts_on": str(today),
        "prescribed_by": PRESCRIBER,
    }
    assert do(f"/patients/{patient_id}/therapy-lines", line)["alerts"] == ["allergy"]
    seen = pharmacist.get("dispense", f"/patients/{patient_id}")["therapy_lines"]
    assert [line["prescribed_by"] for line in seen] == [PRESCRIBER]
    for path, wrong in (
        ("/patients", {**who, "passport": ALIAS}),
        ("/patients", {**who, "cycle_days": ALIAS}),
        ("/patients", {**who, "alias": ALIAS * 20}),
        (f"/patients/{patient_id}/therapy-lines", {**line, "per_intake": PRESCRIBER}),
        (f"/patients/{patient_id}/therapy-lines", {**line, "product_id": str(new_id())}),
    ):
        with pytest.raises(ApiRefused):
            do(path, wrong)
    with pytest.raises(ApiRefused):
        do("/patients", {**who, "alias": ALIAS + "!"}, key)
    with pytest.raises(ApiRefused):
        pharmacist.ask("dispense", "/patients/find", {"card_code": card[:-1]})
    do("/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    do("/closures", {"day_on": str(today.replace(year=today.year + 1)), "reason": SEEN_BY_ALL})
    day = f"/pharmacy-days/{today}"
    do(f"{day}/prepare")
    expected = pharmacist.get("dispense", f"{day}/expected")["patients"]
    assert ALIAS in {one["alias"] for one in expected}
    seen = wait_until(
        lambda: (
            not (found := counter.ask("dispense", "/visits/find", {"card_code": card}))["lines"][0]["waits"] and found
        ),
        "stock has answered",
    )
    assert seen["alias"] == ALIAS
    with contextlib.suppress(ApiRefused):  # nothing may be reserved: the walk through the services is what counts
        counter.do("dispense", f"/visits/{seen['visit']['visit_id']}/give", {})
    return [ALIAS, CONTACT, ALLERGY, PRESCRIBER, card, card.replace("-", "")]


def test_no_row_of_any_table_holds_who_a_patient_is(running: Running, canaries: list[str]) -> None:
    assert asyncio.run(rows_with(running.cell, canaries)) == []


def test_no_log_or_file_of_the_cell_holds_who_a_patient_is(running: Running, canaries: list[str]) -> None:
    assert files_with(running.cell, canaries) == []
    assert (running.cell.folder / "dispense.log").read_bytes()


def test_what_is_no_secret_is_found_in_rows_and_files(running: Running, canaries: list[str]) -> None:
    """The look through tables and files sees what stands there: text, and the bytes of a column."""
    assert asyncio.run(rows_with(running.cell, [SEEN_BY_ALL])) == [("dispense", "closure", SEEN_BY_ALL)]
    assert files_with(running.cell, [SEEN_BY_ALL])
    indexing = ClinicKeys(running.cell.clinic_keys).indexing(running.world.north.clinic_id)
    mac = card_mac(indexing, canaries[-2]).hex()
    assert asyncio.run(rows_with(running.cell, [mac])) == [("dispense", "patient_index", mac)]
