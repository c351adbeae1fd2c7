"""One line walked through the three processes: a donated box becomes a patient's medicine."""

from datetime import timedelta

from deploy.client import wait_until
from shared.roles import Role
from tests.people import Running


def test_a_donated_box_becomes_a_patients_medicine(running: Running) -> None:
    clinic = running.world.north
    partner = running.caller(clinic, Role.PARTNER_PHARMACIST)
    pharmacist = running.caller(clinic, Role.CLINIC_PHARMACIST)
    counter = running.caller(clinic, Role.COUNTER_VOLUNTEER)
    today = running.cell.settings_of("stock").clock().today()

    product = pharmacist.get("stock", "/products", text="amlodipine")["products"][0]["product"]
    opened = partner.do("donations", "/collections", {"pharmacy_id": str(clinic.pharmacies[0])})
    collection = f"/collections/{opened['collection_id']}"
    line = partner.do(
        "donations",
        f"{collection}/lines",
        {
            "product_id": product["product_id"],
            "batch": "WALK1",
            "expires_on": str(today + timedelta(days=400)),
            "opened": False,
            "units": 30,
            "source_kind": "person",
        },
    )
    assert line["state"] == "logged"
    partner.do("donations", f"{collection}/hand-in")
    pharmacist.do("donations", f"{collection}/lines/{line['line_id']}/check", {"outcome": "accept"})

    def on_the_shelf() -> list[dict[str, object]]:
        lots = pharmacist.get("stock", "/lots", product_id=product["product_id"])["lots"]
        return [lot for lot in lots if lot["batch"] == "WALK1"]

    lot = wait_until(on_the_shelf, "the accepted units are on the shelf")[0]
    assert lot["shelf"] == 30

    patient_id = pharmacist.do("dispense", "/patients", {"alias": "Demo Patient"})["patient_id"]
    pharmacist.do(
        "dispense",
        f"/patients/{patient_id}/therapy-lines",
        {
            "product_id": product["product_id"],
            "per_intake": "1",
            "schedule": {"every": "day", "times": 1},
            "starts_on": str(today),
        },
    )
    pharmacist.do("dispense", "/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    day = f"/pharmacy-days/{today}"
    assert pharmacist.do("dispense", f"{day}/prepare")["added_lines"] == 1

    card = pharmacist.get("dispense", f"/patients/{patient_id}")["identity"]["card_code"]
    visit = wait_until(
        lambda: (
            (found := counter.ask("dispense", "/visits/find", {"card_code": card}))["lines"][0][
                "reserved_units"
            ]
            and found
        ),
        "stock has answered",
    )
    reserved = visit["lines"][0]["reserved_units"]
    given = counter.do("dispense", f"/visits/{visit['visit']['visit_id']}/give", {})
    assert sum(row["units"] for row in given["given"]) == reserved
    counter.do("dispense", f"{day}/close")

    def dispensed() -> bool:
        found = pharmacist.get("stock", f"/lots/{lot['lot_id']}")["lot"]
        return found["dispensed"] == reserved and found["reserved"] == 0

    wait_until(dispensed, "stock has applied what was given")
