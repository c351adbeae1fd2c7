"""What the lists of the `dosis` command show: every value in full, for people and for programs."""

import asyncio
import json
import subprocess
from datetime import date, timedelta
from uuid import UUID

import pytest
from click.testing import Result

from deploy import operator
from services.stock.registry import actions
from shared.roles import Role
from tests.people import World
from tests.standing import delegate, new_clinic, new_person
from tests.typed import DOSIS, dosis, environment_of

LONG_NAME = "Κοινωνικό Ιατρείο Δοκιμής με ένα όνομα που δεν χωρά σε καμία στήλη"


def lines_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def busy(world: World) -> tuple[str, UUID, str]:
    """Somebody with a role that holds and one that was ended at a clinic with a long name: id, clinic, name there."""
    cell = world.cell
    clinic = new_clinic(cell, LONG_NAME)
    person_id, sign_in_name = new_person(cell)
    delegate(cell, clinic, person_id, Role.SECRETARY, ends=40)
    over = delegate(cell, clinic, person_id, Role.AUDITOR, ends=30)

    async def end() -> None:
        async with operator.stock_work(cell) as work:
            await actions.end_delegation(work.at(clinic.clinic_id), over)

    asyncio.run(end())
    return str(person_id), clinic.clinic_id, sign_in_name


@pytest.mark.parametrize("columns", ["20", "80"])
def test_people_are_listed_in_full_however_narrow_the_terminal(
    world: World, busy: tuple[str, UUID, str], columns: str
) -> None:
    person_id, _, sign_in_name = busy
    header, *lines = lines_of(dosis(world.cell.folder, "people", COLUMNS=columns))
    assert header.split("  ")[0] == "person id"
    (line,) = [line for line in lines if line.startswith(person_id)]
    today = world.cell.settings_of("stock").clock().today()
    until = today + timedelta(days=40)
    for part in (sign_in_name, "Demo person", LONG_NAME, f"secretary until {until}", f"auditor ended {today}"):
        assert part in line
    assert "…" not in line


def test_people_are_listed_for_programs_one_object_a_line(world: World, busy: tuple[str, UUID, str]) -> None:
    person_id, clinic_id, sign_in_name = busy
    listed = [json.loads(line) for line in lines_of(dosis(world.cell.folder, "people", "--json"))]
    (who,) = [one for one in listed if one["person_id"] == person_id]
    assert (who["sign_in_name"], who["clinic_id"]) == (sign_in_name, str(clinic_id))
    assert who["clinic"].startswith(LONG_NAME)
    assert [(role["role"], role["ended_at"] is None) for role in who["roles"]] == [
        ("auditor", False),
        ("secretary", True),
    ]
    assert date.fromisoformat(who["roles"][0]["until_on"])
    keys = [(one["person_id"], one["clinic_id"]) for one in listed]
    assert len(keys) == len(set(keys))


def test_somebody_without_a_role_is_listed_with_the_id_that_delegate_wants(world: World) -> None:
    person_id, sign_in_name = new_person(world.cell)
    (line,) = [line for line in lines_of(dosis(world.cell.folder, "people")) if sign_in_name in line]
    assert line.startswith(str(person_id))


def test_clinics_are_listed_in_full_and_for_programs(world: World, busy: tuple[str, UUID, str]) -> None:
    _, clinic_id, _ = busy
    header, *lines = lines_of(dosis(world.cell.folder, "clinic", "list", COLUMNS="20"))
    assert header.startswith("clinic id")
    (line,) = [line for line in lines if line.startswith(str(clinic_id))]
    assert LONG_NAME in line
    listed = [json.loads(line) for line in lines_of(dosis(world.cell.folder, "clinic", "list", "--json"))]
    assert len(listed) == len(lines)
    assert str(clinic_id) in {one["clinic_id"] for one in listed}


def test_a_reader_that_has_seen_enough_is_no_mistake(world: World) -> None:
    command, environment = [str(DOSIS), "people"], environment_of(world.cell.folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == b""


# Search


def test_a_product_is_found_for_programs_one_object_a_line(world: World) -> None:
    lines = lines_of(dosis(world.cell.folder, "catalogue", "search", "γλυκοφαζ 850", "--json"))
    found = [json.loads(line) for line in lines]
    assert 1 < len(found) <= 10
    assert found[0]["name"] == "GLUCOPHAGE F.C.TAB 850MG/TAB"
    assert (found[0]["substances"], found[0]["strengths"]) == (["metformin"], ["850"])
    assert found[0]["form_group"] == "oral_solid"
    assert UUID(found[0]["product_id"])
    assert found[0]["match"] == "similar"
    scores = [each["score"] for each in found]
    assert scores == sorted(scores, reverse=True)


def test_a_product_is_found_for_people_and_nothing_is_told_so(world: World) -> None:
    header, first, *_ = lines_of(dosis(world.cell.folder, "catalogue", "search", "depon siropi"))
    assert header.startswith("name ")
    assert first.startswith("DEPON SYR 120MG/5ML  paracetamol  oral_liquid  ")
    assert lines_of(dosis(world.cell.folder, "catalogue", "search", "%")) == ["Nothing like it is in the catalogue."]
