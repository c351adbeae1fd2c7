"""A clinic whose pages are looked at, and its people."""

from datetime import date

import pytest

from tests.people import Clinic, Running
from tests.standing import delegate, new_clinic, new_person
from tests.stock.clinic_pages.deciding import DECIDES, PARTNER, SECRETARY
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def clinic(running: Running) -> Clinic:
    """A clinic that no other test knows, with somebody for each of three roles."""
    made = new_clinic(running.cell, "Clinic of pages", pharmacies=2)
    for role in (DECIDES, SECRETARY, PARTNER):
        made.people[role], _ = new_person(running.cell)
        delegate(running.cell, made, made.people[role], role, ends=300)
    return made


@pytest.fixture
def decider(running: Running, clinic: Clinic) -> Visitor:
    return Visitor(running, clinic, DECIDES)


@pytest.fixture
def secretary(running: Running, clinic: Clinic) -> Visitor:
    return Visitor(running, clinic, SECRETARY)


@pytest.fixture
def today(running: Running) -> date:
    return running.cell.settings_of("stock").clock().today()
