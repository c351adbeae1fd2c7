"""A clinic's pharmacist checks a bag: the slip, then box by box with one key."""

import pytest
from playwright.sync_api import Page, expect

from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.boxes import AMLIBON, BOXES, GOOD, NORMODIN, SALOSPIR, Box, data_matrix
from tests.browser.scanner import scan
from tests.browser.visiting import PC, PHONE, SIZES, Size, Visits
from tests.people import Running


def handed_in(together: Running, boxes: tuple[Box, ...], mark: str) -> str:
    """A collection on its way to the clinic, by the pharmacist's program; returns its id."""
    pharmacist = together.caller(together.world.north, Role.PARTNER_PHARMACIST)
    pharmacy_id = str(together.world.north.pharmacies[0])
    made = pharmacist.do("donations", "/collections", {"pharmacy_id": pharmacy_id})["collection_id"]
    for number, box in enumerate(boxes):
        text = data_matrix(box, f"{mark}{number}", f"{mark}-{number}")
        added = pharmacist.do("donations", f"/collections/{made}/scan", {"text": text, "source_kind": "person"})
        assert added["added"] is not None
    pharmacist.do("donations", f"/collections/{made}/hand-in")
    return str(made)


def check_of(visit: Visits, together: Running, collection_id: str, size: Size = PC) -> Page:
    clinic_id = together.world.north.clinic_id
    return visit(Role.CLINIC_PHARMACIST, f"/donations/clinics/{clinic_id}/collections/{collection_id}/check", size)


def states(together: Running, collection_id: str) -> list[tuple[str, int | None]]:
    pharmacist = together.caller(together.world.north, Role.CLINIC_PHARMACIST)
    lines = pharmacist.get("donations", f"/collections/{collection_id}")["lines"]
    return [(line["state"], line["accepted_units"]) for line in lines]


def waits(page: Page, boxes: int) -> None:
    said = "1 κουτί περιμένει" if boxes == 1 else f"{boxes} κουτιά περιμένουν"
    expect(page.locator("h1")).to_contain_text(said)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_a_bag_is_found_by_its_slip_and_each_box_takes_one_key(visit: Visits, together: Running, size: Size) -> None:
    made = handed_in(together, BOXES, f"K{size.name}"[:8])
    slip = (
        visit(Role.PARTNER_PHARMACIST, f"/donations/clinics/{together.world.north.clinic_id}/collections/{made}")
        .locator(".dosis-slip__number")
        .inner_text()
    )
    page = visit(Role.CLINIC_PHARMACIST, f"/donations/clinics/{together.world.north.clinic_id}/check", size)
    scan(page, slip.replace(" ", ""), layout="greek")
    waits(page, 5)
    page.keyboard.press("Enter")
    waits(page, 4)
    page.keyboard.press("1", delay=60)
    waits(page, 3)
    page.keyboard.press("4", delay=60)
    waits(page, 2)
    page.locator("#reason").fill("Η συσκευασία είναι φθαρμένη")
    page.get_by_role("button", name="Σε αναμονή").click()
    waits(page, 1)
    page.locator("#reason").fill("Υγρή")
    page.get_by_role("button", name="Απόρριψη").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Όλα τα κουτιά ελέγχθηκαν")
    assert [state for state, _ in states(together, made)] == ["accepted", "accepted", "missing", "held", "refused"]


def test_after_the_last_box_enter_leads_to_the_next_collection(visit: Visits, together: Running) -> None:
    handed_in(together, (SALOSPIR,), "NEXT")
    made = handed_in(together, (AMLIBON,), "LAST")
    page = check_of(visit, together, made)
    waits(page, 1)
    page.keyboard.press("Enter")
    next_one = page.get_by_role("link", name="Επόμενη συλλογή")
    expect(next_one).to_be_focused()
    expect(page.locator("h1")).not_to_contain_text("κουτιά")
    expect(page.get_by_label("Σκανάρετε το δελτίο μιας συλλογής")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#this-box")).to_be_visible()
    assert made not in page.url


def test_the_head_says_how_many_collections_wait_as_soon_as_one_is_checked(visit: Visits, together: Running) -> None:
    handed_in(together, (SALOSPIR,), "HEAD")
    made = handed_in(together, (AMLIBON,), "COUNT")
    page = check_of(visit, together, made)
    counted = page.locator(".dosis-nav [data-count=check] b")
    before = int(counted.inner_text())
    others = page.locator(".dosis-nav [data-count]:not([data-count=check]) b")
    page.wait_for_load_state("networkidle")
    told = others.all_text_contents()
    waits(page, 1)
    page.keyboard.press("Enter")
    expect(counted).to_have_text(str(before - 1))
    assert others.all_text_contents() == told


def test_a_finger_that_stays_on_enter_accepts_one_box(visit: Visits, together: Running) -> None:
    made = handed_in(together, (AMLIBON, NORMODIN), "LONG")
    page = check_of(visit, together, made)
    expect(page.locator("[data-key='1']")).to_be_focused()
    page.keyboard.down("Enter")
    waits(page, 1)
    expect(page.locator("[data-key='1']")).to_be_focused()
    page.keyboard.down("Enter")  # held: the browser tells it as repeated
    page.keyboard.up("Enter")
    page.wait_for_timeout(500)
    assert [state for state, _ in states(together, made)] == ["accepted", "logged"]


def test_what_the_box_says_otherwise_is_put_right(visit: Visits, together: Running) -> None:
    made = handed_in(together, (AMLIBON,), "FIX")
    page = check_of(visit, together, made)
    page.locator("#units").fill("12")
    page.locator("#expires").fill("0828")
    page.get_by_text("Είναι ανοιγμένο").click()
    page.get_by_role("button", name="Αποδοχή").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Όλα τα κουτιά ελέγχθηκαν")
    assert states(together, made) == [("accepted", 12)]


def test_holding_without_a_reason_is_marked_and_nothing_typed_is_lost(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    made = handed_in(together, (NORMODIN,), "WHY")
    page = check_of(visit, together, made, PHONE)
    page.locator("#units").fill("7")
    page.get_by_role("button", name="Σε αναμονή").click()
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Γράψτε γιατί")
    expect(page.locator("#reason")).to_be_focused()
    assert page.locator("#units").input_value() == "7"
    assert states(together, made) == [("logged", None)]


@pytest.mark.parametrize(("button", "state"), [("Σε αναμονή", "held"), ("Απόρριψη", "refused")])
def test_enter_in_the_reason_field_says_again_what_lacked_its_reason(
    visit: Visits, together: Running, button: str, state: str
) -> None:
    visit.watch.expected.add(422)
    made = handed_in(together, (NORMODIN,), f"AG{state}"[:8].upper())
    page = check_of(visit, together, made)
    page.get_by_role("button", name=button).click()
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("Υγρή")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Όλα τα κουτιά ελέγχθηκαν")
    assert [each for each, _ in states(together, made)] == [state]


def test_enter_never_accepts_a_box_that_a_reason_is_written_for(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    made = handed_in(together, (NORMODIN,), "ENTER")
    page = check_of(visit, together, made)
    page.locator("#reason").fill("Υγρή")
    page.keyboard.press("Enter")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("πατήστε τι αποφασίζετε")
    assert page.locator("#reason").input_value() == "Υγρή"
    assert states(together, made) == [("logged", None)]
    page.locator("#reason").fill("")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Όλα τα κουτιά ελέγχθηκαν")
    assert [each for each, _ in states(together, made)] == ["accepted"]


def test_the_box_in_the_hand_is_found_by_its_code(visit: Visits, together: Running) -> None:
    made = handed_in(together, (AMLIBON, NORMODIN, SALOSPIR), "HAND")
    page = check_of(visit, together, made)
    expect(page.locator("#this-box")).to_contain_text(AMLIBON.name)
    scan(page, SALOSPIR.ean, layout="greek")
    expect(page.locator("#this-box")).to_contain_text(SALOSPIR.name)
    scan(page, data_matrix(NORMODIN, "HAND1", "HAND-1", GOOD), layout="greek", separator="ctrl")
    expect(page.locator("#this-box")).to_contain_text(NORMODIN.name)
    assert states(together, made) == [("logged", None)] * 3, "a scan is no answer"


def test_a_box_that_nobody_logged_is_added_and_then_checked(visit: Visits, together: Running) -> None:
    made = handed_in(together, (AMLIBON,), "EXTRA")
    page = check_of(visit, together, made)
    page.get_by_role("link", name="Ένα κουτί που δεν είχε καταγραφεί").click()
    expect(page.locator("#text")).to_be_focused()
    scan(page, NORMODIN.ean, layout="greek")
    expect(page.locator("#expires")).to_be_focused()
    page.keyboard.type("0629")
    page.keyboard.press("Enter")
    expect(page.locator("#this-box")).to_contain_text(NORMODIN.name)
    waits(page, 2)


def test_a_number_of_no_slip_says_so(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    page = visit(Role.CLINIC_PHARMACIST, f"/donations/clinics/{together.world.north.clinic_id}/check")
    page.keyboard.type("12345")
    page.keyboard.press("Enter")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Κοιτάξτε ξανά το δελτίο")
    assert page.locator("#text").input_value() == "12345"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_pages_keep_to_the_rules_of_accessibility(visit: Visits, together: Running, size: Size) -> None:
    made = handed_in(together, (AMLIBON, NORMODIN), f"AXC{size.name}"[:8])
    clinic_id = together.world.north.clinic_id
    for path in ("check", f"collections/{made}/check", f"collections/{made}/extra", f"collections/{made}", "refused"):
        page = visit(Role.CLINIC_PHARMACIST, f"/donations/clinics/{clinic_id}/{path}", size)
        assert violations(page) == [], path
        page.close()


def test_the_first_page_says_what_waits_for_whom(visit: Visits, together: Running) -> None:
    handed_in(together, (AMLIBON,), "TODAY")
    page = visit(Role.CLINIC_PHARMACIST, "/")
    expect(page.locator(".dosis-choices")).to_contain_text("έλεγχο")
    assert violations(page) == []
    pharmacist = visit(Role.PARTNER_PHARMACIST, "/", PHONE)
    expect(pharmacist.locator(".dosis-choices a").first).to_be_visible()
    assert violations(pharmacist) == []
