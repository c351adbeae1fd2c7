"""The five minutes of the README, as they stand there: typed into a shell beside a new cell with demo data."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cell import Cell
from deploy.client import wait_until
from tests.scratch import connected
from tests.typed import DOSIS, Up, dosis_up

ROOT = Path(__file__).parent.parent.parent
SET_WEEKDAYS = "UPDATE calendar SET weekdays = $1 RETURNING clinic_id"
TOKENS = "SELECT person.sign_in_name FROM session JOIN person USING (person_id) WHERE label = 'command line'"

pytestmark = pytest.mark.flow


def tour() -> str:
    """The README's commands, for this environment's `dosis`."""
    found = re.search(
        r"^## The main job in five minutes$.*?^```sh$(.*?)^```$", ROOT.joinpath("README.md").read_text(), re.M | re.S
    )
    assert found is not None
    return found[1].replace(".venv/bin/dosis", str(DOSIS))


@pytest.fixture
def demo_cell(tmp_path: Path) -> Iterator[Up]:
    """`dosis up --demo` in a folder of its own, once it has printed its address."""
    with dosis_up(tmp_path, "--demo", until="Their password is") as up:
        yield up


def test_the_tour_of_the_readme_goes_through_with_one_token_for_each_person(demo_cell: Up) -> None:
    """On a day that is none of the clinic's pharmacy days, as any day may be on which somebody reads it."""
    cell = Cell(demo_cell.folder, demo=True)
    today = cell.settings_of("dispense").clock().today()
    asyncio.run(set_weekdays(cell, [today.isoweekday() % 7 + 1]))
    typed = subprocess.run(
        ["bash", "-u"],
        input=tour(),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=demo_cell.environment,
        timeout=180,
    )
    assert (typed.returncode, typed.stderr) == (0, "")
    answers = [json.loads(line) for line in typed.stdout.splitlines() if line]
    handed_in, checked, lots, would_give, weekdays, planned, prepared, given, patient, owed = answers
    assert handed_in["state"] == "handed_in"
    assert checked["state"] == "accepted"
    assert "A123" in {lot["batch"] for lot in lots["lots"]}
    assert would_give["would_give"]
    assert weekdays["weekdays"] == [1, 2, 3, 4, 5, 6, 7]
    assert planned["therapy_line_id"]
    assert prepared["added_lines"] > 0
    assert given["state"] == "served"
    assert [line["units"] for line in patient["given"]] == [line["units"] for line in given["given"]] != []
    mine = [row for row in owed["owed"] if row["patient_id"] == patient["patient_id"]]
    assert sum(line["units"] for line in [*given["given"], *mine]) == 28, "half a unit twice a day, four weeks long"
    wait_until(lambda: "NATS has stopped; it is started again." in demo_cell.said(), "the terminal says so")
    assert asyncio.run(tokens(cell)) == ["anna", "eleni", "kostas", "maria"]


async def set_weekdays(cell: Cell, weekdays: list[int]) -> None:
    async with connected(cell.owner_url("dispense")) as owner:
        assert await owner.fetchval(SET_WEEKDAYS, weekdays)


async def tokens(cell: Cell) -> list[str]:
    async with connected(cell.owner_url("stock")) as owner:
        return sorted(row["sign_in_name"] for row in await owner.fetch(TOKENS))
