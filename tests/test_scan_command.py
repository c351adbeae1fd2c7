"""`dosis scan` and the scan operation: readings, questions and refusals, with a cell and without one."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.client import Api, ApiRefused, wait_until
from shared.roles import Role
from tests.people import Running, World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE
from tests.stock.test_gtins import NEW
from tests.typed import dosis, dosis_apart

GTIN = "02802043001024"
READING = f"]d201{GTIN}1727063010LOT1\x1d21AB1"
TOGETHER = f"01{GTIN}21AB12345172706" + "3010LOT1"


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    return tmp_path / "nowhere"


def test_a_reading_ends_with_nought_and_says_gtin_batch_expiry_and_serial(nowhere: Path) -> None:
    result = dosis(nowhere, "scan", READING, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "gtin": GTIN,
        "pack_code": GTIN[1:],
        "batch": "LOT1",
        "expires_on": "2027-06-30",
        "serial": "AB1",
        "national_numbers": {},
    }
    told = dosis(nowhere, "scan", READING)
    assert told.exit_code == 0
    said = [f"GTIN {GTIN}", "batch LOT1", "expires on 2027-06-30", "serial AB1"]
    assert told.stdout.splitlines() == [*said, "product not looked up, since no cell runs or answers here"]
    assert not nowhere.exists()


def test_a_question_ends_with_three_and_has_the_readings_it_could_be(nowhere: Path) -> None:
    result = dosis(nowhere, "scan", TOGETHER, "--json")
    assert result.exit_code == 3
    answer = json.loads(result.stdout)
    assert answer.keys() == {"question", "readings"}
    right = {"gtin": GTIN, "batch": "LOT1", "expires_on": "2027-06-30", "serial": "AB12345", "national_numbers": {}}
    text = f"(01){GTIN}(17)270630(10)LOT1(21)AB12345"
    assert {**right, "text": text} in answer["readings"]
    told = dosis(nowhere, "scan", TOGETHER)
    assert told.exit_code == 3
    assert f"batch LOT1, expires on 2027-06-30, serial AB12345; if so, send {text}\n" in told.stdout


def test_an_expiry_that_has_passed_is_said(nowhere: Path) -> None:
    told = dosis(nowhere, "scan", READING.replace("270630", "200131")).stdout.splitlines()
    assert "expires on 2020-01-31" in told
    assert "this expiry has passed" in told


def test_a_refusal_ends_with_four_and_has_its_reason(nowhere: Path) -> None:
    result = dosis(nowhere, "scan", GTIN[1:-1] + "5", "--json")
    assert result.exit_code == 4
    answer = json.loads(result.stdout)
    assert answer["reason"] == "check_digit"
    assert dosis(nowhere, "scan", GTIN[1:-1] + "5").stdout == answer["refusal"] + "\n"


def test_nothing_at_all_and_bytes_that_are_no_text_are_refused_too(nowhere: Path) -> None:
    assert dosis(nowhere, "scan", "").exit_code == 4
    odd = dosis_apart(nowhere, "scan", "01\udcff")
    assert (odd.returncode, odd.stderr) == (4, "")


def test_a_code_that_begins_with_a_dash_is_no_option(nowhere: Path) -> None:
    for text in ("-02711893", "--0102"):
        result = dosis(nowhere, "scan", text, "--json")
        assert (result.exit_code, result.stderr) == (4, "")
    assert json.loads(dosis(nowhere, "scan", "-02711893", "--json").stdout)["reason"] == "other_system"


def test_what_is_printed_may_be_typed_without_quotes(nowhere: Path) -> None:
    result = dosis(nowhere, "scan", "2802043001024", "LOT", "A123", "EXP", "06/2027")
    assert result.stdout.splitlines()[:3] == [f"GTIN {GTIN}", "batch A123", "expires on 2027-06-30"]
    assert dosis(nowhere, "scan").exit_code == 2


def test_where_a_cell_runs_the_product_is_named(world: World) -> None:
    result = dosis(world.cell.folder, "scan", AMLIBON_CODE, "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (answer["product_id"], answer["binding"]) == (str(AMLIBON), None)
    assert answer["units_per_pack"] > 1
    assert f"product {answer['product']}" in dosis(world.cell.folder, "scan", AMLIBON_CODE).stdout.splitlines()
    nobodys = READING.replace(GTIN, next(NEW))
    assert "product" not in json.loads(dosis(world.cell.folder, "scan", nobodys, "--json").stdout)
    told = dosis(world.cell.folder, "scan", nobodys).stdout.splitlines()
    assert told[-1] == "product not known: nobody has said yet what this number is"


def test_a_cell_that_is_damaged_does_not_stand_in_the_way(nowhere: Path) -> None:
    nowhere.mkdir()
    (nowhere / "cell.json").write_text("{")
    assert dosis(nowhere, "scan", READING).exit_code == 0


@pytest.mark.parametrize("service", ["stock", "donations"])
def test_the_api_reads_a_code_and_says_which_pack_it_is(running: Running, service: str) -> None:
    api = running.caller(running.world.north, Role.PARTNER_PHARMACIST)
    answer = api.ask(service, "/scan", {"text": f"]d2010{AMLIBON_CODE}1727063010LOT1\x1d21AB1"})
    assert answer["reading"]["kind"] == "recognised"
    assert (answer["reading"]["batch"], answer["reading"]["serial"]) == ("LOT1", "AB1")
    assert answer["pack"]["product"]["product"]["product_id"] == str(AMLIBON)
    assert (answer["pack"]["binding"], answer["pack"]["needs_look"]) == (None, False)
    question = api.ask(service, "/scan", {"text": TOGETHER})
    assert (question["reading"]["kind"], question["pack"]) == ("question", None)
    refusal = api.ask(service, "/scan", {"text": ""})
    assert (refusal["reading"]["kind"], refusal["reading"]["reason"]) == ("refusal", "empty")


def test_a_box_is_scanned_learnt_and_confirmed_through_the_api(running: Running) -> None:
    clinic, gtin = running.world.north, next(NEW)
    anna, kostas = (running.caller(clinic, role) for role in (Role.PARTNER_PHARMACIST, Role.CLINIC_PHARMACIST))
    opened = anna.do("donations", "/collections", {"pharmacy_id": str(clinic.pharmacies[0])})
    path = f"/collections/{opened['collection_id']}/scan"
    box = {"text": f"01{gtin}17{_next_year(running)}063010L1", "source_kind": "person"}
    assert anna.do("donations", path, box)["not_certain"]["missing"] == ["product", "units"]
    named = anna.do("donations", path, {**box, "product_id": str(AMLIBON), "units_per_pack": 30})
    assert (named["added"]["units"], named["added"]["needs_look"]) == (30, True)
    wait_until(lambda: _pack(anna, gtin) is not None, "what was learnt came back from stock")
    told = dosis(running.cell.folder, "scan", gtin).stdout.splitlines()[-1]
    assert told.endswith(", as somebody said; no pharmacist has confirmed it yet")
    waiting = kostas.get("stock", "/gtins", binding_state="learnt", most=500)["bindings"]
    assert gtin in {binding["gtin"] for binding in waiting}
    judged = kostas.do("stock", "/gtins/judge", {"gtin": gtin, "outcome": "confirm"})
    assert judged["state"] == "confirmed"
    wait_until(lambda: not _pack(anna, gtin)["needs_look"], "donations heard that it is confirmed")
    with pytest.raises(ApiRefused) as refused:
        kostas.do("stock", "/gtins", {"gtin": "05290000000018", "product_id": str(AMLIBON)})
    assert refused.value.status == 422


def _next_year(running: Running) -> str:
    today = running.cell.settings_of("stock").clock().today()
    return f"{(today.year + 1) % 100:02}"


def _pack(api: Api, gtin: str) -> Any:
    return api.ask("donations", "/scan", {"text": gtin})["pack"]
