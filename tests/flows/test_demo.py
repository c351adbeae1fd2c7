"""`dosis demo --once`: the six stories, NATS and stock killed in the middle of a day, all of it right."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

DOSIS = str(Path(sys.executable).parent / "dosis")


def _play(*arguments: str) -> dict[str, object]:
    played = subprocess.run(
        [DOSIS, "demo", "--once", "--json", *arguments], capture_output=True, text=True, check=False
    )
    performance = msgspec.json.decode(played.stdout)
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    assert performance["ok"] is True
    assert [story["ok"] for story in performance["stories"]] == [True] * 9
    assert performance["check"]["differences"] == []
    facts = {story["name"]: story["facts"] for story in performance["stories"]}
    assert facts["5 the counter gives, with stock and NATS killed"]["served_with_stock_and_nats_killed"]["units"] > 0
    assert facts["6 a second clinic is helped"]["waiting_for_people"] == 1
    return performance


def test_the_demo_on_the_seed_catalogue_is_all_right() -> None:
    _play()


def test_the_demo_on_real_greek_packs_is_all_right(data_folder: Path) -> None:
    _play("--catalogue", str(data_folder / "unicom_greece_packs.csv"))


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_a_catalogue_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "packs.csv"
    file.write_text(content)
    played = subprocess.run(
        [DOSIS, "demo", "--once", "--catalogue", str(file)], capture_output=True, text=True, check=False
    )
    assert played.returncode == 1
    assert "Traceback" not in played.stderr
    assert len(played.stderr.strip()) > 20
