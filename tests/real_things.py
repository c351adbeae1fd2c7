"""Things that are there, for the fuzz to name: a clinic in the middle of its work, and what the fuzz itself makes.

A random id only ever leads to "there is no such thing"; half of the cases name things that belong together.
"""

import asyncio
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from deploy import operator
from deploy.client import Api, wait_until
from shared.roles import Role
from tests.flows.walk import donate, item_of, log_and_hand_in, prepared_visit, register
from tests.people import Clinic, Running
from tests.standing import delegate, delegate_all, new_clinic, new_person, wait_until_heard

Things = dict[str, str]
MOST_THINGS = 400
PASSWORD = "a long one of the tests"
NEVER_LEARNT = ("clinic_id", "session_id", "person_id", "pharmacy_id")
"""Of no use: the fuzz has no role at a pharmacy that it made, and would be somebody without a delegation."""
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass
class RealThings:
    """Ids by name, those together that belong to one thing and the things it is in."""

    clinic: Clinic
    token: str
    today: str
    near_days: tuple[str, ...]
    only_at: dict[str, Things]
    """Things for one kind of operation, by the last word of its path."""
    known: list[Things] = field(default_factory=list[Things])
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def name_path(self, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The path's parameters: always a clinic that is there, half of the time other things that are."""
        filled = dict(given)
        wanted = given.keys() - {"clinic_id", "day_on"}
        if self.dice.random() < 0.5:
            filled |= {name: each for name, each in self._of_one_thing(wanted).items() if name in wanted}
            # Were today's pharmacy day closed, nobody could give any more.
            day_on = self.dice.choice(self.near_days) if path.endswith("/close") else self.today
            filled |= dict.fromkeys(given.keys() & {"day_on"}, day_on)
        if "clinic_id" in given:
            filled["clinic_id"] = str(self.clinic.clinic_id)
        return filled

    def _of_one_thing(self, names: set[str]) -> Things:
        fitting = [things for things in self.known if things.keys() >= names]
        return self.dice.choice(fitting) if fitting else {}

    def name_body(self, path: str, body: Any, around: Mapping[str, Any]) -> Any:
        """The body with things that are there in the place of its ids, and days near today."""
        return self._named(body, {**around, **self.only_at.get(path.rpartition("/")[2], {})})

    def _named(self, value: Any, around: Mapping[str, Any]) -> Any:
        if isinstance(value, list):
            return [self._named(each, around) for each in value]
        if isinstance(value, dict):
            return {name: self._name_field(name, each, around) for name, each in value.items()}
        # To a JSON schema 4.0 is an integer; Dosis refuses it, and would refuse most of the cases for it.
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def _name_field(self, name: str, value: Any, around: Mapping[str, Any]) -> Any:
        if not isinstance(value, str):
            return self._named(value, around)
        if _DAY.match(value):
            return self.dice.choice(self.near_days)
        return around.get(name) or self._of_one_thing({name}).get(name, value)

    def learn(self, around: Mapping[str, Any], answer: Any) -> None:
        """Remember what a command has made, with the things it was made in."""
        if isinstance(answer, dict) and len(self.known) < MOST_THINGS:
            things = {**around, **{name: each for name, each in answer.items() if name.endswith("_id")}}
            learnt = {name: str(each) for name, each in things.items() if name not in NEVER_LEARNT}
            if learnt and learnt not in self.known:
                self.known.append(learnt)


def make_real_things(running: Running) -> RealThings:
    """A clinic with a line to check, lots, transfers in every state, patients, visits and something owed."""
    cell = running.cell
    here, there = new_clinic(cell, "Demo clinic Here", pharmacies=2), new_clinic(cell, "Demo clinic There")
    person_id, (other_id, signs_in_as) = delegate_all(cell, here), new_person(cell, PASSWORD)
    wait_until_heard(cell, [delegate(cell, there, person_id, role) for role in Role])
    today = cell.settings_of("stock").clock().today()
    things = RealThings(
        clinic=here,
        token=running.token(person_id),
        today=str(today),
        near_days=tuple(str(today + timedelta(days=days)) for days in (-400, -1, 1, 7, 30, 200, 400)),
        only_at={
            # An end to the partnership of the fuzz's own pharmacy would end its role there.
            "pharmacies": {"pharmacy_id": str(here.pharmacies[1])},
            "sign-in": {"sign_in_name": signs_in_as, "password": PASSWORD},
            "therapy-lines": {"per_intake": "1 1/2"},
        },
    )
    api = Api(running.urls, things.token, here.clinic_id)
    product = api.get("stock", "/products", text="amlodipine")["products"][0]["product"]
    product_id = product["product_id"]
    things.known += [
        {"product_id": product_id, "from_clinic_id": str(there.clinic_id), "delegate_id": str(other_id)},
        {"code": next(pack["code"] for pack in product["packs"] if pack["code"])},
        {"gtin": "05290000000048"},
        {"decision_id": str(here.decision_id), "place_id": str(here.clinic_id)},
        {"pharmacy_id": str(here.pharmacies[0])},
        *({"delegation_id": str(delegate(cell, here, other_id, role))} for role in Role),
        *({"session_id": session_id} for session_id in _sessions_to_end(running, person_id)),
        *_donated(running, api, here, product_id),
        *_transferred(running, api, here, there, product_id),
        *_dispensed(api, product_id, today),
    ]
    return things


def _sessions_to_end(running: Running, person_id: UUID) -> Iterator[str]:
    """Tokens of the same person that the fuzz may end: it goes on with another."""
    for label in ("one", "two"):
        yield str(asyncio.run(operator.make_token(running.cell, str(person_id), label)).session_id)


def _donated(running: Running, api: Api, clinic: Clinic, product_id: str) -> Iterator[Things]:
    today = running.cell.settings_of("stock").clock().today()
    pharmacy_id = str(clinic.pharmacies[0])
    for number in range(4):
        lot = donate(api, api, pharmacy_id, product_id, f"REAL{number}", today)
        yield {"lot_id": lot["lot_id"]}
        path, line_id = log_and_hand_in(api, pharmacy_id, item_of(product_id, f"WAITS{number}", today))
        yield {"collection_id": path.rpartition("/")[2], "line_id": line_id}
        collection_id = api.do("donations", "/collections", {"pharmacy_id": pharmacy_id})["collection_id"]
        line = api.do("donations", f"/collections/{collection_id}/lines", item_of(product_id, f"OPEN{number}", today))
        yield {"collection_id": collection_id, "line_id": line["line_id"]}


def _dispensed(api: Api, product_id: str, today: date) -> Iterator[Things]:
    cards = [register(api, product_id, today) for _ in range(10)]
    api.do("dispense", "/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    api.do("dispense", f"/pharmacy-days/{today}/prepare")
    for number, (patient_id, card) in enumerate(cards):
        visit = prepared_visit(api, card)
        visit_id, line = visit["visit"]["visit_id"], visit["lines"][0]
        if number == 0:
            api.do("dispense", f"/visits/{visit_id}/give", {"lines": [{"line_id": line["line_id"], "units": 1}]})
        planned = api.get("dispense", f"/patients/{patient_id}")["therapy_lines"][0]["therapy_line_id"]
        yield {"patient_id": patient_id, "therapy_line_id": planned, "card_code": card}
        yield {"visit_id": visit_id, "line_id": line["line_id"]}
    yield from ({"supply_id": row["supply_id"]} for row in api.get("dispense", "/owed")["owed"])


def _transferred(running: Running, api: Api, here: Clinic, there: Clinic, product_id: str) -> Iterator[Things]:
    """Asked of us: requested twice, agreed, shipped and received in part; asked by us: requested and shipped."""
    other = api.at(there.clinic_id)
    wait_until(lambda: _hears(api, there.clinic_id) and _hears(other, here.clinic_id), "the clinics hear each other")
    today = running.cell.settings_of("stock").clock().today()
    donate(other, other, str(there.pharmacies[0]), product_id, "THERE", today)
    for through in ("requested", "requested", "agreed", "shipped", "received"):
        yield {"transfer_id": _transfer(other, api, here.clinic_id, product_id, through)}
    for through in ("requested", "shipped"):
        yield {"transfer_id": _transfer(api, other, there.clinic_id, product_id, through)}


def _hears(api: Api, clinic_id: UUID) -> bool:
    return str(clinic_id) in {row["clinic_id"] for row in api.get("stock", "/neighbours")["clinics"]}


def _transfer(asks: Api, sends: Api, sender_id: UUID, product_id: str, through: str) -> str:
    """A transfer of five units, taken through its states up to one; of what is received, two are missing."""
    wanted = {"from_clinic_id": str(sender_id), "lines": [{"product_id": product_id, "units": 5}]}
    transfer_id: str = asks.do("stock", "/transfers", wanted)["transfer_id"]
    path = f"/transfers/{transfer_id}"

    def reaches(api: Api, state: str) -> None:
        wait_until(lambda: api.get("stock", path)["transfer"]["state"] == state, f"the transfer is {state} there")

    wait_until(lambda: _is_listed(sends, transfer_id), "the request arrives")
    if through != "requested":
        sends.do("stock", f"{path}/agree", {"lines": [{"line_number": 1, "units": 5}]})
    if through in ("shipped", "received"):
        sends.do("stock", f"{path}/ship")
        reaches(asks, "shipped")
    if through == "received":
        asks.do("stock", f"{path}/receive", {"lots": [{"lot_number": 1, "units": 3}]})
        reaches(sends, "received")
    return transfer_id


def _is_listed(api: Api, transfer_id: str) -> bool:
    return transfer_id in {row["transfer_id"] for row in api.get("stock", "/transfers", most=500)["transfers"]}
