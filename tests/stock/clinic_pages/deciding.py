"""What whoever decides for a clinic types into its pages."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

from deploy import operator
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running
from tests.visitor import Page, Visitor

DECIDES, SECRETARY, PARTNER = Role.DECISIONS_DELEGATE, Role.SECRETARY, Role.PARTNER_PHARMACIST
PASSWORD = "a long password"
VOTES = {"way": "votes", "votes_for": "9", "votes_against": "3", "votes_blank": "1"}


def at(visitor: Visitor, path: str = "") -> str:
    return f"/stock/clinics/{visitor.clinic_id}/clinic{path}"


def typed(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def somebody(running: Running, name: str) -> UUID:
    return asyncio.run(operator.create_person(running.cell, f"demo-{new_id()}", name))


def delegation(clinic: Clinic, today: date, **changes: str) -> dict[str, str]:
    usual = {
        "task": f"{SECRETARY} {clinic.clinic_id}",
        "from_on": typed(today),
        "until_on": typed(today + timedelta(days=200)),
        "decision_id": str(clinic.decision_id),
    }
    return usual | changes


def decider_id(clinic: Clinic) -> UUID:
    return clinic.people[DECIDES]


def decide(decider: Visitor, today: date, **changes: str) -> Page:
    usual = {
        "body": "Assembly",
        "text": "So be it.",
        "decided_on": typed(today),
        "way": "consensus",
        "reevaluate_on": typed(today + timedelta(days=365)),
    }
    return decider.post(at(decider, "/decisions/new"), **usual | changes)


def id_in(page: Page) -> str:
    return page.path.rpartition("/")[2]
