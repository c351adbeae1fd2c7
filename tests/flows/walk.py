"""One line walked through the services, by whoever calls them."""

from datetime import date, timedelta
from typing import Any

from deploy.client import Api, wait_until

WALKED = "atorvastatin"
"""Planned by nobody else, so that what was donated isn't reserved for an earlier test's patients."""


def log_and_hand_in(partner: Api, pharmacy_id: str, item: dict[str, Any]) -> tuple[str, str]:
    """A collection of one line, handed in; returns (its path, the line's id)."""
    opened = partner.do("donations", "/collections", {"pharmacy_id": pharmacy_id})
    collection = f"/collections/{opened['collection_id']}"
    line = partner.do("donations", f"{collection}/lines", item)
    assert line["state"] == "logged"
    partner.do("donations", f"{collection}/hand-in")
    return collection, line["line_id"]


def item_of(product_id: str, batch: str, today: date, units: int = 30) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "batch": batch,
        "expires_on": str(today + timedelta(days=400)),
        "opened": False,
        "units": units,
        "source_kind": "person",
    }


def lots_of_batch(caller: Api, product_id: str, batch: str) -> list[dict[str, Any]]:
    lots = caller.get("stock", "/lots", product_id=product_id, most=500)["lots"]
    return [lot for lot in lots if lot["batch"] == batch]


def donate(partner: Api, pharmacist: Api, pharmacy_id: str, product_id: str, batch: str, today: date) -> dict[str, Any]:
    """A box from the pharmacy's counter to the clinic's shelf; returns its lot."""
    collection, line_id = log_and_hand_in(partner, pharmacy_id, item_of(product_id, batch, today))
    pharmacist.do("donations", f"{collection}/lines/{line_id}/check", {"outcome": "accept"})
    lot: dict[str, Any] = wait_until(
        lambda: lots_of_batch(pharmacist, product_id, batch), "the accepted units are on the shelf"
    )[0]
    assert lot["shelf"] == 30
    return lot


def register(pharmacist: Api, product_id: str, today: date) -> tuple[str, str]:
    """A patient who takes one a day; returns (id, card code)."""
    patient_id = pharmacist.do("dispense", "/patients", {"alias": "Demo Patient"})["patient_id"]
    line = {
        "product_id": product_id,
        "per_intake": "1",
        "schedule": {"every": "day", "times": 1},
        "starts_on": str(today),
    }
    pharmacist.do("dispense", f"/patients/{patient_id}/therapy-lines", line)
    card = pharmacist.get("dispense", f"/patients/{patient_id}")["identity"]["card_code"]
    return patient_id, card


def prepared_visit(counter: Api, card: str) -> dict[str, Any]:
    """Today's visit of a card, once stock has answered."""

    def answered() -> dict[str, Any] | None:
        found = counter.ask("dispense", "/visits/find", {"card_code": card})
        return found if all(not line["waits"] for line in found["lines"]) else None

    visit: dict[str, Any] = wait_until(answered, "stock has answered")
    return visit


def walk(partner: Api, pharmacist: Api, counter: Api, pharmacy_id: str, today: date) -> None:
    """A donated box becomes a patient's medicine, and stock agrees to the unit."""
    product_id = pharmacist.get("stock", "/products", text=WALKED)["products"][0]["product"]["product_id"]
    donate(partner, pharmacist, pharmacy_id, product_id, "WALK1", today)
    _, card = register(pharmacist, product_id, today)
    pharmacist.do("dispense", "/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    assert pharmacist.do("dispense", f"/pharmacy-days/{today}/prepare")["added_lines"] >= 1
    visit = prepared_visit(counter, card)
    reserved = visit["lines"][0]["reserved_units"]
    assert reserved > 0
    lots = [lot["lot_id"] for lot in visit["lots"]]
    before = _stock_says(pharmacist, lots, "dispensed")
    given = counter.do("dispense", f"/visits/{visit['visit']['visit_id']}/give", {})
    assert sum(row["units"] for row in given["given"]) == reserved
    counter.do("dispense", f"/pharmacy-days/{today}/close")
    wait_until(
        lambda: _stock_says(pharmacist, lots, "dispensed") == before + reserved, "stock has applied what was given"
    )
    wait_until(lambda: _stock_says(pharmacist, lots, "reserved") == 0, "what was not given is back")


def _stock_says(caller: Api, lot_ids: list[str], account: str) -> int:
    return sum(caller.get("stock", f"/lots/{lot_id}")["lot"][account] for lot_id in lot_ids)
