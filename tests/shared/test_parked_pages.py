"""What could not be processed, in plain words: made for real by events that can't be applied, tried again, mended."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from deploy.cell import SERVICES
from shared.events import tag_of
from shared.events.stock import LotHeld, TransferDeclined
from shared.ids import new_id
from shared.roles import Role
from shared.web.parked import reference_of
from shared.web.parked.words import EVENTS
from tests.people import Clinic, Running
from tests.shared.inbox_story import enveloped, id_of
from tests.shared.parking import EARLIER, Inboxes, accepted
from tests.standing import delegate_all, new_clinic
from tests.visitor import Visitor

KEEP_PRODUCT = """
INSERT INTO product (product_id, name, substitution_group, controlled, facts)
SELECT $1, 'Demo', substitution_group, false, facts
FROM product
ORDER BY product_id
LIMIT 1
"""


@pytest.fixture
def inboxes(running: Running) -> Iterator[Inboxes]:
    made = Inboxes(running)
    yield made
    made.clear()


@pytest.fixture(scope="module")
def clinic(running: Running) -> Clinic:
    """A clinic of these tests alone; one person there holds every role."""
    made = new_clinic(running.cell, "Clinic of what waits")
    person_id = delegate_all(running.cell, made)
    made.people = dict.fromkeys(Role, person_id)
    return made


@pytest.fixture
def visitor(running: Running, clinic: Clinic) -> Visitor:
    return Visitor(running, clinic, Role.DECISIONS_DELEGATE)


def held(clinic_id: UUID, lot_id: UUID, version: int) -> bytes:
    return enveloped(LotHeld(lot_id=lot_id, reason="SECRET"), lot_id, version, producer="stock", clinic_id=clinic_id)


def at(clinic_id: UUID, service: str) -> str:
    return f"/{service}/clinics/{clinic_id}/waiting-events"


def test_what_failed_is_told_in_plain_words_and_tried_again_until_it_is_processed(
    running: Running, clinic: Clinic, visitor: Visitor, inboxes: Inboxes
) -> None:
    product_id = new_id()
    raw = accepted(running, clinic, product_id)
    inboxes.take_in("stock", raw)
    here, event_id = at(clinic.clinic_id, "stock"), id_of(raw)
    page = visitor.get(here)
    for said in (
        "A donation that was accepted on 2 Mar 2026 could not be entered in the stock",
        "It arrived, but what it says could not be carried out here.",
        "It waits since",
        f"The number to say is: {reference_of(event_id)}",
    ):
        assert said in page.text
    for secret in ("SECRET", str(product_id), str(clinic.pharmacies[0]), "ForeignKey"):
        assert secret not in page.html
    assert "1 message could not be processed Stock" in visitor.get(f"/stock/clinics/{clinic.clinic_id}/clinic").text
    again = f"{here}/{event_id}/try-again"
    assert [path for path in page.forms if path.startswith(here)] == [again]
    told = visitor.post(again)
    assert "It could not be processed this time either" in told.text
    assert f"The number to say is {reference_of(event_id)}." in told.text
    inboxes.as_owner("stock", KEEP_PRODUCT, product_id)
    processed = visitor.post(again)
    assert "It is processed now, and waits no longer" in processed.text
    assert "Nothing: every message was processed." in processed.text
    assert "It is processed now" in visitor.post(again).text, "somebody else was faster"


def test_what_came_early_is_told_when_it_waits_longer_than_a_moment(
    clinic: Clinic, visitor: Visitor, inboxes: Inboxes
) -> None:
    early = held(clinic.clinic_id, new_id(), 2)
    inboxes.take_in("dispense", early)
    here = at(clinic.clinic_id, "dispense")
    assert "Nothing: every message was processed." in visitor.get(here).text
    inboxes.as_owner("dispense", EARLIER, id_of(early))
    page = visitor.get(here)
    assert "A lot that was held back on 2 Mar 2026 could not be stopped here" in page.text
    assert "It waits for an earlier message" in page.text


def test_what_contradicts_is_told_without_offering_what_does_not_help(
    clinic: Clinic, visitor: Visitor, inboxes: Inboxes
) -> None:
    lot_id = new_id()
    inboxes.take_in("dispense", held(clinic.clinic_id, lot_id, 1), held(clinic.clinic_id, lot_id, 1))
    page = visitor.get(at(clinic.clinic_id, "dispense"))
    assert "the service that sent it was probably restored from a backup" in page.text
    assert not any(path.endswith("/try-again") for path in page.forms)


def test_what_nobody_knows_or_can_read_is_told_in_general_words_to_every_clinic(
    running: Running, clinic: Clinic, visitor: Visitor, inboxes: Inboxes
) -> None:
    inboxes.take_in("donations", b"not even a message")
    unknown = enveloped({"type": "stock.no_such.v1"}, new_id(), 2, clinic_id=clinic.clinic_id)
    inboxes.take_in("donations", unknown)
    inboxes.as_owner("donations", EARLIER, id_of(unknown))
    page = visitor.get(at(clinic.clinic_id, "donations"))
    assert "A message of 2 Mar 2026 could not be processed" in page.text
    assert "A message that can't be read has arrived" in page.text
    assert page.text.count("Concerns all clinics of the installation") == 1
    south = Visitor(running, running.world.south, Role.SECRETARY)
    other = south.get(at(running.world.south.clinic_id, "donations")).text
    assert ("can't be read" in other, "A message of" in other) == (True, False)


def test_another_clinics_messages_are_neither_shown_nor_tried_again(
    running: Running, clinic: Clinic, inboxes: Inboxes
) -> None:
    raw = accepted(running, clinic, new_id())
    inboxes.take_in("stock", raw)
    south = Visitor(running, running.world.south, Role.DECISIONS_DELEGATE)
    here = at(running.world.south.clinic_id, "stock")
    assert "Nothing: every message was processed." in south.get(here).text
    for event_id in (id_of(raw), new_id()):
        page = south.post(f"{here}/{event_id}/try-again")
        assert (page.status, "No such message waits at this clinic" in page.text) == (404, True)


def test_a_message_between_clinics_waits_at_the_one_it_is_for(
    running: Running, clinic: Clinic, visitor: Visitor, inboxes: Inboxes
) -> None:
    south = running.world.south
    declined = TransferDeclined(transfer_id=new_id(), to_clinic_id=clinic.clinic_id, reason="SECRET")
    raw = enveloped(declined, declined.transfer_id, 2, clinic_id=south.clinic_id)
    inboxes.take_in("stock", raw)
    inboxes.as_owner("stock", EARLIER, id_of(raw))
    page = visitor.get(at(clinic.clinic_id, "stock"))
    assert "An answer about a transfer, of 2 Mar 2026, could not be entered" in page.text
    sender = Visitor(running, south, Role.DECISIONS_DELEGATE)
    assert "Nothing:" in sender.get(at(south.clinic_id, "stock")).text


def test_everybody_of_the_clinic_sees_it_and_pharmacist_and_delegate_try_again(
    running: Running, inboxes: Inboxes
) -> None:
    north = running.world.north
    raw = accepted(running, north, new_id())
    inboxes.take_in("stock", raw)
    here = at(north.clinic_id, "stock")
    for role in Role:
        visitor = Visitor(running, north, role)
        page = visitor.get(here)
        may = role in (Role.CLINIC_PHARMACIST, Role.DECISIONS_DELEGATE)
        assert reference_of(id_of(raw)) in page.text
        assert (f"{here}/{id_of(raw)}/try-again" in page.forms) is may
        assert (visitor.post(f"{here}/{id_of(raw)}/try-again").status == 403) is not may
    assert "/stock/sign-in" in Visitor(running, north, None).answer(here).headers["location"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_tells_the_clinics_page_how_many_wait(
    clinic: Clinic, visitor: Visitor, inboxes: Inboxes, service: str
) -> None:
    fragment = f"/{service}/clinics/{clinic.clinic_id}/fragments/waiting-events"
    assert visitor.answer(fragment).text.strip() == "<li hidden></li>"
    raw = enveloped({"type": "stock.no_such.v1"}, new_id(), 2, clinic_id=clinic.clinic_id)
    inboxes.take_in(service, raw)
    inboxes.as_owner(service, EARLIER, id_of(raw))
    assert "1 message could not be processed" in visitor.get(fragment).text


def test_dispense_tells_the_pharmacy_days_beside_it(visitor: Visitor, clinic: Clinic) -> None:
    page = visitor.get(f"/dispense/clinics/{clinic.clinic_id}/fragments/clinic")
    assert "Pharmacy days and closed days None yet" in page.text


def test_every_event_that_somebody_reads_has_words_of_its_own() -> None:
    read = {tag_of(kind).rpartition(".v")[0] for service in SERVICES.values() for kind in service.consumers}
    assert read == set(EVENTS)
