"""The five minutes of the README, as they stand there: typed into a shell beside a new cell with demo data."""

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cell import Cell
from deploy.client import wait_until
from deploy.embedded import free_port
from tests.scratch import connected
from tests.typed import DOSIS, environment_of

ROOT = Path(__file__).parent.parent.parent
TOKENS = "SELECT person.sign_in_name FROM session JOIN person USING (person_id) WHERE label = 'command line'"

pytestmark = pytest.mark.flow


def tour(port: int) -> str:
    """The README's commands, for this environment's `dosis` and another port."""
    found = re.search(
        r"^## The main job in five minutes$.*?^```sh$(.*?)^```$", ROOT.joinpath("README.md").read_text(), re.M | re.S
    )
    assert found is not None
    return found[1].replace("127.0.0.1:8400", f"127.0.0.1:{port}").replace(".venv/bin/dosis", str(DOSIS))


@pytest.fixture
def demo_cell(tmp_path: Path) -> Iterator[Path]:
    """`dosis up --demo` in a folder of its own, once it has printed its address."""
    folder = tmp_path / "cell"
    environment = environment_of(folder) | {"DOSIS_PORT": str(free_port())}
    with (tmp_path / "up.log").open("w") as log:
        up = subprocess.Popen(
            [str(DOSIS), "up", "--demo"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
        )
    try:
        wait_until(
            lambda: up.poll() is not None or "Their password is" in (tmp_path / "up.log").read_text(),
            "the cell is up",
            180,
        )
        assert up.poll() is None, (tmp_path / "up.log").read_text()
        yield folder
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)


def test_the_tour_of_the_readme_goes_through_with_one_token_for_each_person(demo_cell: Path) -> None:
    cell = Cell(demo_cell, demo=True)
    typed = subprocess.run(
        ["bash", "-u"],
        input=tour(cell.secrets.web_port),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment_of(demo_cell),
        timeout=180,
    )
    assert (typed.returncode, typed.stderr) == (0, "")
    answers = [json.loads(line) for line in typed.stdout.splitlines() if line]
    handed_in, checked, lots, would_give, planned, prepared, given, patient = answers
    assert handed_in["state"] == "handed_in"
    assert checked["state"] == "accepted"
    assert "A123" in {lot["batch"] for lot in lots["lots"]}
    assert would_give["would_give"]
    assert planned["therapy_line_id"]
    assert prepared["added_lines"] > 0
    assert given["state"] == "served"
    assert [line["units"] for line in patient["given"]] == [line["units"] for line in given["given"]] != []
    assert asyncio.run(tokens(cell)) == ["anna", "eleni", "kostas", "maria"]


async def tokens(cell: Cell) -> list[str]:
    async with connected(cell.owner_url("stock")) as owner:
        return sorted(row["sign_in_name"] for row in await owner.fetch(TOKENS))
