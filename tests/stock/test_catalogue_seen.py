"""Through the API and the command line: rows listed and completed, who decided what is seen, and previews."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.client import ApiRefused
from services.stock.catalogue.reasons import IN_WORDS, OpenReason
from shared.catalogue import product_id_for
from shared.roles import Role
from tests.people import Running
from tests.stock.catalogue_files import BULLETIN_FILE, UNICOM_FILE, write_csv
from tests.stock.clinic import AMLIBON, NORMODIN
from tests.stock.test_catalogue_french import FRENCH_FILE, sample
from tests.stock.test_catalogue_items import ITEM
from tests.stock.test_catalogue_reading import UNICOM_ROW
from tests.typed import dosis

COMPLETION: dict[str, Any] = {
    "reason": "Read on the box.",
    "name": "MADE UP CAPS 5MG/CAP",
    "ingredients": [{"moiety": "ΑΜΛΟΔΙΠΙΝΗ", "strength": "5", "strength_unit": "mg"}],
    "form_group": "oral_solid",
    "form": "capsule, hard",
    "route": "oral",
    "unit": "capsule",
    "content_per_unit": 1,
    "content_unit": "capsule",
    "units_per_pack": 28,
    "pack_label": "BTx28",
}


def test_a_pharmacist_completes_a_row_that_an_import_left_open(running: Running, tmp_path: Path) -> None:
    name = f"MADE UP {uuid4()}"
    row = UNICOM_ROW | {"full_name": f"{name} BTx28", "barcode_280": "", "eof_code": "", "pack_size": ""}
    file = write_csv(tmp_path / "left-open.csv", [row])
    told = json.loads(dosis(running.cell.folder, "catalogue", "import", str(file), "--json").stdout)
    assert (told["new"], told["open_rows"]) == (0, 1)
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    listed = pharmacist.get("stock", "/catalogue/open-rows", most=500)
    assert listed["waiting"] == len(listed["rows"])
    (waiting,) = [one for one in listed["rows"] if one["source"] == "left-open.csv"]
    assert (waiting["row_number"], waiting["gaps"][0]["reason"]) == (2, "pack_size_missing")
    assert waiting["known"]["substances"] == ["amlodipine"]
    path = f"/catalogue/open-rows/{waiting['row_key']}/complete"
    with pytest.raises(ApiRefused) as refused:
        running.caller(running.world.north, Role.COUNTER_VOLUNTEER).do("stock", path, COMPLETION)
    assert refused.value.status == 403
    product_id = pharmacist.do("stock", path, COMPLETION)["product_id"]
    seen = pharmacist.get("stock", f"/products/{product_id}")
    assert seen["product"]["ingredients"] == [{"moiety": "amlodipine", "strength": "5", "strength_unit": "mg"}]
    (correction,) = seen["corrections"]
    assert (correction["reason"], correction["completed_row"]) == ("Read on the box.", True)
    assert correction["corrected_by"] == str(running.world.north.people[Role.CLINIC_PHARMACIST])
    again = json.loads(dosis(running.cell.folder, "catalogue", "import", str(file), "--json").stdout)
    assert (again["new"], again["changed"], again["open_rows"]) == (0, 0, 0)


def test_the_rows_that_wait_are_found_by_name_code_file_and_reason(running: Running, tmp_path: Path) -> None:
    name, source = f"WAITING {uuid4()}", f"{uuid4()}.csv"
    coded = UNICOM_ROW | {"full_name": f"{name} BTx28", "barcode_280": "2802559701029", "eof_code": "255970102"}
    rows = [coded | {"pack_size": ""}, coded | {"barcode_280": "", "eof_code": "", "moiety": ""}]
    file = write_csv(tmp_path / source, rows)
    told = dosis(running.cell.folder, "catalogue", "import", str(file)).stdout
    assert "2 rows wait" in told and f"dosis catalogue open --source {source}" in told
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)

    def found(**asked: str) -> list[int]:
        listed = pharmacist.get("stock", "/catalogue/open-rows", **asked)
        assert listed["waiting"] == len(listed["rows"])
        return [row["row_number"] for row in listed["rows"]]

    assert found(text=name.lower()) == found(source=source) == [2, 3]
    assert found(text="255970102", source=source) == [2]
    assert found(source=source, reason="substance_missing") == [3]
    assert found(source="nowhere.csv") == []
    with pytest.raises(ApiRefused):
        found(reason="because")
    listed = dosis(running.cell.folder, "catalogue", "open", "--source", source).stdout
    assert "its substance is missing" in listed and "2802559701029" in listed
    (row,) = dosis(
        running.cell.folder, "catalogue", "open", "--text", "255970102", "--source", source, "--json"
    ).stdout.splitlines()
    assert json.loads(row)["gaps"][0]["reason"] == "pack_size_missing"


def test_a_preview_for_people_counts_new_labels_and_lists_none(running: Running, tmp_path: Path) -> None:
    rows = [UNICOM_ROW | {"full_name": f"LABELLED {uuid4()} BTx14", "barcode_280": "", "eof_code": "999999901"}]
    args = (running.cell.folder, "catalogue", "import")
    dosis(*args, str(write_csv(tmp_path / "first.csv", rows)))
    told = dosis(*args, str(write_csv(tmp_path / "second.csv", [rows[0] | {"pack_local": "ANEW"}])), "--preview").stdout
    assert "1 of the changed products change only in how a pack is printed" in told
    assert "LABELLED" not in told


def test_every_reason_has_its_words() -> None:
    assert set(IN_WORDS) == set(OpenReason)


def test_a_product_shows_what_this_clinic_decided_who_when_and_why(running: Running) -> None:
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    body = {"reason": "Our patients don't bear it.", "substitution_group": "ours"}
    pharmacist.do("stock", f"/products/{NORMODIN}/judge", body)
    seen = pharmacist.get("stock", f"/products/{NORMODIN}")
    judged = seen["judgement"]
    assert (judged["reason"], judged["substitution_group"], judged["controlled"]) == (body["reason"], "ours", None)
    assert judged["judged_by"] == str(running.world.north.people[Role.CLINIC_PHARMACIST])
    assert judged["judged_by_name"] and judged["judged_at"]
    assert seen["substitution_group"] == "ours"
    elsewhere = running.caller(running.world.south, Role.CLINIC_PHARMACIST).get("stock", f"/products/{NORMODIN}")
    assert elsewhere["judgement"] is None
    assert elsewhere["substitution_group"] != "ours"
    pharmacist.do("stock", f"/products/{NORMODIN}/judge", {"reason": "We were wrong."})
    assert pharmacist.get("stock", f"/products/{NORMODIN}")["substitution_group"] == elsewhere["substitution_group"]


def test_a_corrected_pack_is_seen_with_its_reason_and_is_told(running: Running) -> None:
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    before = pharmacist.get("stock", f"/products/{AMLIBON}")["product"]["packs"]
    code, units = before[0]["code"], before[0]["units_per_pack"]
    for size, why in ((units + 1, "Counted."), (units, "Counted again.")):
        body = {"reason": why, "packs": [{"code": code, "units_per_pack": size}]}
        pharmacist.do("stock", f"/products/{AMLIBON}/correct", body)
        seen = pharmacist.get("stock", f"/products/{AMLIBON}")
        assert seen["product"]["packs"][0]["units_per_pack"] == size
        assert seen["corrections"][-1]["reason"] == why
    with pytest.raises(ApiRefused) as refused:
        pharmacist.do("stock", f"/products/{AMLIBON}/correct", {"reason": "Nothing."})
    assert refused.value.status == 422


# The command line, with no cell set up


def previewed(folder: Path, *args: str) -> list[dict[str, Any]]:
    told = dosis(folder / "nowhere", "catalogue", "import", "--preview", "--json", *args)
    assert told.exit_code == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_a_preview_needs_no_cell_and_makes_none(tmp_path: Path) -> None:
    (row,) = previewed(tmp_path, str(write_csv(tmp_path / "packs.csv", [UNICOM_ROW])))
    assert (row["code"], row["change"], row["open"]) == ("2802043001024", "new", [])
    assert not (tmp_path / "nowhere").exists()
    assert len(previewed(tmp_path)) > 160, "without a file, what ships with Dosis"


def test_a_preview_for_people_tells_what_is_new_and_what_waits(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "packs.csv", [UNICOM_ROW, UNICOM_ROW | {"moiety": "", "barcode_280": "", "eof_code": ""}]
    )
    told = dosis(tmp_path / "nowhere", "catalogue", "import", str(file), "--preview").stdout
    assert "NORVASC" in told and "amlodipine 5 mg" in told
    assert "substance_missing" in told
    assert "1 products would be new, 0 changed, 0 stay as they are; 1 rows would wait for a person." in told


@pytest.mark.parametrize(
    ("rows", "code"),
    [([UNICOM_ROW], "2802043001024"), (sample()[:1], sample()[0]["cip13"]), ([ITEM], "2900000000179")],
)
def test_the_form_of_a_file_is_known_by_its_columns_in_any_order(
    tmp_path: Path, rows: list[dict[str, str]], code: str
) -> None:
    turned = [dict(reversed(row.items())) for row in rows]
    assert [row["code"] for row in previewed(tmp_path, str(write_csv(tmp_path / "any.name", turned)))] == [code]


def test_a_form_can_be_told_and_is_then_held_to(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "items.csv", [ITEM])
    assert len(previewed(tmp_path, str(file), "--format", "items")) == 1
    told = dosis(tmp_path / "nowhere", "catalogue", "import", str(file), "--preview", "--format", "unicom")
    assert told.exit_code == 1
    assert "lacks the columns barcode_280" in told.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04\x14\x00", "is a workbook"),
        (b"a,b\n1,2\n", "none of the forms"),
        ("κωδικός,όνομα\n".encode("iso-8859-7"), "UTF-8"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_file_of_no_known_form_is_told_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    told = dosis(tmp_path / "nowhere", "catalogue", "import", str(file), "--preview")
    assert (told.exit_code, told.stdout) == (1, "")
    assert says in told.stderr
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "least"), [(UNICOM_FILE.name, 238), (BULLETIN_FILE.name, 44), (FRENCH_FILE.name, 20_080)]
)
def test_every_row_of_the_real_files_is_previewed_once(
    data_folder: Path, tmp_path: Path, name: str, least: int
) -> None:
    rows = previewed(tmp_path, str(data_folder / name))
    assert len(rows) == least
    assert {row["change"] for row in rows} <= {"new", "open"}
    assert all(row[field] is None for row in rows for field in row["open"] if field in row)
    whole = [row for row in rows if row["change"] == "new"]
    assert all(row["name"] and row["substances"] and row["strengths"] and row["units_per_pack"] for row in whole)


def test_a_source_key_gives_one_product() -> None:
    assert product_id_for("cis:60000001/tablet") != product_id_for("cis:60000001/30 ml")
