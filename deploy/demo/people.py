"""Invented clinics, pharmacies and people, plainly so, made as an operator makes them."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from deploy import operator
from deploy.cell import Cell
from services.stock.registry.actions import Decision
from shared.roles import Role

PASSWORD = "demo-demo-demo"  # noqa: S105 - printed at the start of a demo cell, which listens on loopback only


class DemoPerson(Struct, frozen=True, kw_only=True):
    sign_in_name: str
    display_name: str
    role: Role
    clinic: str
    pharmacy: str | None = None


class DemoPlace(Struct, frozen=True, kw_only=True):
    clinic_id: UUID
    decision_id: UUID
    pharmacies: dict[str, UUID]


CLINICS = {
    "Κοινωνικό Ιατρείο Δοκιμής Βορρά": ("Φαρμακείο Δοκιμής 1", "Φαρμακείο Δοκιμής 2"),
    "Κοινωνικό Ιατρείο Δοκιμής Νότου": ("Φαρμακείο Δοκιμής 3",),
}
NORTH, SOUTH = CLINICS


def _person(name: str, greek: str, role: Role, clinic: str, pharmacy: str | None = None) -> DemoPerson:
    return DemoPerson(sign_in_name=name, display_name=f"{greek} Δοκιμή", role=role, clinic=clinic, pharmacy=pharmacy)


PEOPLE = (
    _person("anna", "Άννα", Role.PARTNER_PHARMACIST, NORTH, "Φαρμακείο Δοκιμής 1"),
    _person("petros", "Πέτρος", Role.PARTNER_PHARMACIST, NORTH, "Φαρμακείο Δοκιμής 2"),
    _person("kostas", "Κώστας", Role.CLINIC_PHARMACIST, NORTH),
    _person("eleni", "Ελένη", Role.COUNTER_VOLUNTEER, NORTH),
    _person("maria", "Μαρία", Role.SECRETARY, NORTH),
    _person("nikos", "Νίκος", Role.TRANSFERS_DELEGATE, NORTH),
    _person("sofia", "Σοφία", Role.AUDITOR, NORTH),
    _person("giorgos", "Γιώργος", Role.DECISIONS_DELEGATE, NORTH),
    _person("vasso", "Βάσω", Role.PARTNER_PHARMACIST, SOUTH, "Φαρμακείο Δοκιμής 3"),
    _person("dimitra", "Δήμητρα", Role.CLINIC_PHARMACIST, SOUTH),
    _person("thanos", "Θάνος", Role.TRANSFERS_DELEGATE, SOUTH),
)


async def found_clinics(cell: Cell, today: date) -> dict[str, DemoPlace]:
    """Two clinics with their founding decisions, three partner pharmacies, and a person for each role."""
    places: dict[str, DemoPlace] = {}
    for name, pharmacies in CLINICS.items():
        founding = Decision(
            body="Γενική συνέλευση",
            text="Ιδρυτική απόφαση της δοκιμής: ισχύουν οι συνηθισμένοι κανόνες.",
            decided_on=today,
            reevaluate_on=today.replace(year=today.year + 1, day=1),
        )
        added = await operator.create_clinic(cell, name, "2310 000000", founding)
        ids = {x: await operator.create_pharmacy(cell, added.clinic_id, x, today) for x in pharmacies}
        places[name] = DemoPlace(clinic_id=added.clinic_id, decision_id=added.decision_id, pharmacies=ids)
    for person in PEOPLE:
        place = places[person.clinic]
        person_id = await operator.create_person(cell, person.sign_in_name, person.display_name, PASSWORD)
        place_id = place.pharmacies[person.pharmacy] if person.pharmacy else place.clinic_id
        await operator.delegate(cell, place.clinic_id, person_id, person.role, place_id, place.decision_id)
    return places
