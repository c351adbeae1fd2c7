"""The scan box in every page's head leads to what a code is of, whichever service knows it; and what waits."""

from urllib.parse import quote
from uuid import UUID

import pytest

from shared.ids import new_id
from shared.roles import Role
from shared.slips import slip_number
from shared.web.pages.view import csrf_token
from tests.flows.walk import item_of, log_and_hand_in
from tests.people import Running
from tests.stock.clinic import AMLIBON, AMLIBON_CODE
from tests.visitor import Visitor

SERVICES = ("stock", "donations", "dispense")


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)


@pytest.fixture(scope="module")
def card(running: Running) -> str:
    """Of somebody whom nobody expects today."""
    caller = running.caller(running.world.north, Role.SECRETARY)
    patient_id = caller.do("dispense", "/patients", {"alias": "Δοκιμή Εύρεσης"})["patient_id"]
    code: str = caller.get("dispense", f"/patients/{patient_id}")["identity"]["card_code"]
    return code


def find(service: str, visitor: Visitor) -> str:
    return f"/{service}/clinics/{visitor.clinic_id}/find"


def addresses(visitor: Visitor, path: str, text: str) -> list[str]:
    """Where a text is sent from one service to the next, to the page that it leads to."""
    fields = {"key": str(new_id()), "csrf": csrf_token(visitor.token), "text": text}
    answer, seen = visitor.sent(path, fields), [path]
    while answer.status_code == 307:
        seen.append(answer.headers["Location"])
        answer = visitor.sent(seen[-1], fields)
    return [*seen, answer.headers.get("Location", "")]


@pytest.mark.parametrize("service", SERVICES)
def test_every_page_has_the_box_but_those_with_one_of_their_own(pharmacist: Visitor, service: str) -> None:
    clinic = f"clinics/{pharmacist.clinic_id}"
    paths = {"stock": "lots?within=all", "donations": "refused", "dispense": "days"}
    assert find(service, pharmacist) in pharmacist.get(f"/{service}/{clinic}/{paths[service]}").forms
    own = {"stock": "products", "donations": "check", "dispense": "patients"}
    page = pharmacist.get(f"/{service}/{clinic}/{own[service]}")
    assert page.html.count("data-scan-form") == 1


@pytest.mark.parametrize("service", SERVICES)
def test_a_box_leads_to_its_product(pharmacist: Visitor, service: str) -> None:
    page = pharmacist.post(find(service, pharmacist), text=AMLIBON_CODE)
    assert page.path == f"/stock/clinics/{pharmacist.clinic_id}/products/{AMLIBON}"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", ["amlodip", "αμλοντιπ", "ATORVASTAT"])
def test_what_a_medicine_is_called_leads_to_the_address_of_its_search(
    pharmacist: Visitor, service: str, text: str
) -> None:
    page = pharmacist.post(find(service, pharmacist), text=text)
    assert (page.status, page.values["text"]) == (200, text)
    *on_the_way, address = addresses(pharmacist, find(service, pharmacist), text)
    assert address == f"/stock/clinics/{pharmacist.clinic_id}/products?text={quote(text)}"
    assert not any(text in each for each in on_the_way)
    assert pharmacist.get(address).text == page.text


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", ["ABCDEFGHJK", "Παπαδοπούλου", "amlodipine Παπαδοπούλου", "amlodipnie"])
def test_what_no_medicine_is_called_is_looked_for_in_stock_and_stands_in_no_address(
    pharmacist: Visitor, service: str, text: str
) -> None:
    page = pharmacist.post(find(service, pharmacist), text=text)
    assert (page.status, page.values["text"]) == (200, text)
    tried = addresses(pharmacist, find(service, pharmacist), text)
    assert tried[-1] == ""
    assert not any(text in address or quote(text) in address for address in tried)


@pytest.mark.parametrize("service", SERVICES)
def test_a_card_leads_to_its_patient_and_stands_in_no_address(pharmacist: Visitor, service: str, card: str) -> None:
    typed_plainly = [card.replace("-", "")] if any(sign.isdigit() for sign in card) else []
    for typed in (card, card.lower(), *typed_plainly):
        page = pharmacist.post(find(service, pharmacist), text=typed)
        assert page.status == 200 and "Δοκιμή Εύρεσης" in page.text
        assert page.path.startswith(f"/dispense/clinics/{pharmacist.clinic_id}/")
        assert not any(typed in address for address in addresses(pharmacist, find(service, pharmacist), typed))


def test_another_clinics_card_is_nobodys_here(running: Running, card: str) -> None:
    south = Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)
    page = south.post(find("dispense", south), text=card)
    assert page.path.startswith("/stock/") and "Δοκιμή Εύρεσης" not in page.text
    assert "This looks like a card or a slip." in page.text


def test_a_card_opens_nobody_to_who_may_not_see_patients(running: Running, card: str) -> None:
    auditor = Visitor(running, running.world.north, Role.AUDITOR)
    page = auditor.post(find("stock", auditor), text=card)
    assert page.path.startswith("/stock/") and "Δοκιμή Εύρεσης" not in page.text
    assert "your task does not open it" in page.text


@pytest.mark.parametrize("service", SERVICES)
def test_a_slip_leads_to_its_check_and_what_waits_is_counted(
    running: Running, pharmacist: Visitor, service: str
) -> None:
    clinic = running.world.north
    partner = running.caller(clinic, Role.PARTNER_PHARMACIST)
    today = running.cell.settings_of("stock").clock().today()
    numbers = f"/donations/clinics/{pharmacist.clinic_id}/fragments/numbers"
    before = pharmacist.answer(numbers).json()["check"]
    collection, _ = log_and_hand_in(partner, str(clinic.pharmacies[0]), item_of(str(AMLIBON), "FIND", today))
    assert pharmacist.answer(numbers).json() == {"check": before + 1}
    collection_id = collection.rpartition("/")[2]
    page = pharmacist.post(find(service, pharmacist), text=slip_number(UUID(collection_id)))
    assert page.path == f"/donations/clinics/{pharmacist.clinic_id}/collections/{collection_id}/check"
    assert f'data-count="check"> <b>{before + 1}</b>' in page.html
    elsewhere = Visitor(running, running.world.north, Role.COUNTER_VOLUNTEER)
    assert elsewhere.answer(numbers).json() == {}


def test_a_page_asks_only_the_others_and_only_for_what_may_wait(running: Running, pharmacist: Visitor) -> None:
    clinic = f"clinics/{pharmacist.clinic_id}"
    numbers = {service: f"/{service}/{clinic}/fragments/numbers" for service in SERVICES}
    lots = pharmacist.get(f"/stock/{clinic}/lots").html
    assert numbers["donations"] in lots and numbers["dispense"] in lots and numbers["stock"] not in lots
    assert "/fragments/numbers" not in pharmacist.get(f"/stock/{clinic}").html
    secretary = Visitor(running, running.world.north, Role.SECRETARY)
    assert numbers["donations"] not in secretary.get(f"/stock/{clinic}/lots").html


@pytest.mark.parametrize("text", ["00000000000", "5200000000007", "###", "K7Q2M-9XW4U", ""])
@pytest.mark.parametrize("service", SERVICES)
def test_what_nobody_knows_is_told_by_stock(pharmacist: Visitor, service: str, text: str) -> None:
    page = pharmacist.post(find(service, pharmacist), text=text)
    assert page.path.startswith("/stock/") or page.status == 422
    assert page.status in (200, 422)


@pytest.mark.parametrize(
    "seen", ["", "stock", "dispense,donations,stock", "x,,y", "stock" * 100, "%CE%B1", "%00", "%0D%0Ax:y"]
)
def test_a_form_is_never_handed_on_for_ever(pharmacist: Visitor, seen: str) -> None:
    for service in SERVICES:
        path = f"{find(service, pharmacist)}?seen={seen}"
        assert len(addresses(pharmacist, path, "00000000000")) < 6


def test_what_an_address_says_of_who_has_seen_a_form_is_not_handed_on(pharmacist: Visitor) -> None:
    [_, handed_on, *_] = addresses(pharmacist, f"{find('donations', pharmacist)}?seen=%CE%B1,x%0D%0A,stock", "0" * 11)
    assert handed_on == f"{find('dispense', pharmacist)}?seen=donations,stock"


def test_a_partner_pharmacist_has_no_such_box(running: Running) -> None:
    partner = Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)
    page = partner.get(f"/stock/clinics/{partner.clinic_id}")
    assert "data-scan-form" not in page.html
    assert partner.post(find("stock", partner), text=AMLIBON_CODE).status == 403
