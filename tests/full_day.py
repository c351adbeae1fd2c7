"""A clinic with its shelves full and sixty people's plans, laid through the API as people would."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from deploy.client import Api, ApiRefused, wait_until
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running

PEOPLE = 60
TEXTS = ("amlodipine", "atorvastatin", "metformin", "losartan", "omeprazole")
LANGUAGES = ("el", "en", "ar", "fr")
UNITS_A_DAY = 1


@dataclass
class FullDay:
    """`cards` by patient; everybody takes two of the medicines, one a day each."""

    running: Running
    clinic: Clinic
    today: date
    cards: dict[str, str] = field(default_factory=dict[str, str])
    products: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def caller(self, role: Role) -> Api:
        return self.running.caller(self.clinic, role)

    @property
    def address(self) -> str:
        return f"/dispense/clinics/{self.clinic.clinic_id}/days/{self.today}"

    def is_prepared(self) -> bool:
        try:
            self.caller(Role.CLINIC_PHARMACIST).get("dispense", f"/pharmacy-days/{self.today}")
        except ApiRefused:
            return False
        return True

    def prepare(self) -> None:
        pharmacist = self.caller(Role.CLINIC_PHARMACIST)
        pharmacist.do("dispense", f"/pharmacy-days/{self.today}/prepare")
        self.wait_for_answers()

    def wait_for_answers(self) -> dict[str, Any]:
        def answered() -> dict[str, Any] | None:
            view = self.caller(Role.CLINIC_PHARMACIST).get("dispense", f"/pharmacy-days/{self.today}")
            return None if any(line["waits"] for line in view["lines"]) else view

        view: dict[str, Any] = wait_until(answered, "stock answers all of the day", 40)
        return view

    def register(self, alias: str, language: str, products: list[dict[str, Any]], **identity: Any) -> str:
        """Somebody new, with one of each product a day; returns their id."""
        secretary, pharmacist = self.caller(Role.SECRETARY), self.caller(Role.CLINIC_PHARMACIST)
        body = {"alias": alias, "language": language, **identity}
        patient_id: str = secretary.do("dispense", "/patients", body)["patient_id"]
        for product in products:
            line = {
                "product_id": product["product_id"],
                "per_intake": "1",
                "schedule": {"every": "day", "times": UNITS_A_DAY},
                "starts_on": str(self.today),
            }
            pharmacist.do("dispense", f"/patients/{patient_id}/therapy-lines", line)
        seen = secretary.get("dispense", f"/patients/{patient_id}")
        self.cards[patient_id] = seen["identity"]["card_code"]
        return patient_id


def lay_full_day(running: Running, clinic: Clinic, people: int = PEOPLE) -> FullDay:
    today = running.cell.settings_of("dispense").clock().today()
    day = FullDay(running, clinic, today)
    pharmacist = day.caller(Role.CLINIC_PHARMACIST)
    day.caller(Role.SECRETARY).do("dispense", "/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    for text in TEXTS:
        found = pharmacist.get("stock", "/products", text=text)["products"]
        day.products.append(next(one["product"] for one in found if one["product"]["unit"] in ("tablet", "capsule")))
    # The last of them is short: there is some for few.
    stock_up(day, {product["product_id"]: people * 30 for product in day.products[:-1]})
    stock_up(day, {day.products[-1]["product_id"]: people * 2})
    for number in range(people):
        two = [day.products[number % len(TEXTS)], day.products[(number + 1) % len(TEXTS)]]
        day.register(f"Δοκιμή {number + 1:02}", LANGUAGES[number % len(LANGUAGES)], two)
    return day


def stock_up(day: FullDay, units: dict[str, int]) -> None:
    """So many units of each product on shelves of their own."""
    partner, pharmacist = day.caller(Role.PARTNER_PHARMACIST), day.caller(Role.CLINIC_PHARMACIST)
    opened = partner.do("donations", "/collections", {"pharmacy_id": str(day.clinic.pharmacies[0])})
    path = f"/collections/{opened['collection_id']}"
    batches: dict[str, str] = {}
    for product_id, number in units.items():
        batch = str(new_id())[-8:].upper()
        item = {
            "product_id": product_id,
            "batch": batch,
            "expires_on": str(day.today + timedelta(days=500)),
            "opened": False,
            "units": number,
            "source_kind": "person",
        }
        batches[partner.do("donations", f"{path}/lines", item)["line_id"]] = batch
    partner.do("donations", f"{path}/hand-in")
    for line_id in batches:
        pharmacist.do("donations", f"{path}/lines/{line_id}/check", {"outcome": "accept"})
    wait_until(lambda: set(batches.values()) <= {lot["batch"] for lot in lots(day)}, "all of it is on the shelf")
    for number, lot in enumerate(lots(day)):
        pharmacist.do("stock", f"/lots/{lot['lot_id']}/place", {"place": f"{'ABC'[number % 3]}{number + 1}"})


def lots(day: FullDay) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = day.caller(Role.CLINIC_PHARMACIST).get("stock", "/lots", most=500)["lots"]
    return found
