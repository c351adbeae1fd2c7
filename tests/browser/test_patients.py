"""Patients and their plans, in Greek, by keyboard: registered in under a minute, a plan in words, a card, forgotten."""

import time

import pytest
from playwright.sync_api import Page, expect

from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.scanner import scan
from tests.browser.visiting import PC, PHONE, SIZES, Size, Visits
from tests.people import Running

TYPE_SECONDS = 0.25
"""A key that a person presses."""


def patients(visit: Visits, together: Running, size: Size = PC, role: Role = Role.CLINIC_PHARMACIST) -> Page:
    return visit(role, f"/dispense/clinics/{together.world.north.clinic_id}/patients", size)


def type_in(page: Page, text: str) -> int:
    """How many keys it took."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return len(text) + 1


def register(page: Page, name: str) -> str:
    """From the first page to the card's number, by keyboard."""
    page.goto(page.url.split("/patients")[0] + "/patients/new")
    expect(page.locator("#alias")).to_be_focused()
    type_in(page, name)
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Η εγγραφή έγινε")
    return page.locator(".dosis-slip__number").inner_text()


def add_line(page: Page, medicine: str, code: str) -> None:
    page.get_by_role("link", name="Προσθήκη φαρμάκου").click()
    expect(page.locator("#text")).to_be_focused()
    type_in(page, medicine)
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    type_in(page, code)
    expect(page.locator(".dosis-said")).to_be_visible()
    page.keyboard.press("1", delay=60)
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Μπήκε στην αγωγή")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_somebody_new_is_registered_in_under_a_minute(visit: Visits, together: Running, size: Size) -> None:
    """Looked for first, as one does; then a name and an allergy, and the card is there to be printed."""
    name = "Ερμιόνη Πρώτη" if size is PC else "Ερμιόνη Δεύτερη"
    page = patients(visit, together, size, Role.SECRETARY)
    expect(page.locator("#text")).to_be_focused()
    began = time.monotonic()
    keys = type_in(page, name)
    expect(page.locator("h2")).to_contain_text("Κανείς δεν λέγεται έτσι εδώ")
    page.get_by_role("button", name="Να γίνει εγγραφή").press("Enter")
    expect(page.locator("#alias")).to_have_value(name)
    page.locator("#allergies").focus()
    keys += type_in(page, "ιβουπροφαίνη") + 7
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Η εγγραφή έγινε")
    expect(page.get_by_role("link", name="Εκτύπωση της κάρτας")).to_be_focused()
    seconds = time.monotonic() - began + keys * TYPE_SECONDS
    print(f"registered ({size.name}): {keys} keys, {seconds:.1f} s")  # noqa: T201 - a measurement, seen with -s
    assert seconds < 60
    assert "Ερμιόνη" not in page.url and "%CE" not in page.url


def test_a_scanned_card_leads_to_its_patient_on_a_greek_keyboard(visit: Visits, together: Running) -> None:
    page = patients(visit, together)
    card = register(page, "Σκαναρισμένη Κάρτα")
    page.goto(page.url.split("/patients")[0] + "/patients")
    page.locator("h1").click()
    scan(page, card, layout="greek")
    expect(page.locator("h1")).to_contain_text("Σκαναρισμένη Κάρτα")
    assert card not in page.url


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_a_plan_is_typed_in_short_codes_and_stands_there_in_words(visit: Visits, together: Running, size: Size) -> None:
    page = patients(visit, together, size)
    register(page, f"Αγωγή {size.name}")
    add_line(page, "νορμοδιν", "1/2χ2")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("½ δισκίο 2 φορές την ημέρα")
    add_line(page, "glucofaz", "1 π β")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("το πρωί (08:00) και το βράδυ (20:00)")
    add_line(page, "σιντρομ", "1 δευ,πεμ")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody")).to_contain_text("1 δισκίο κάθε Δευτέρα και Πέμπτη")
    page.get_by_role("button", name="Αναίρεση").click()
    expect(page.locator(".dosis-panel--gone")).to_contain_text("δεν άρχισε ποτέ")
    page.get_by_role("button", name="Αναίρεση").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Συνεχίζεται")
    page.get_by_role("link", name="Αλλαγή NORMODIN").click()
    expect(page.locator("#code")).to_have_value("1/2x2")
    page.locator("#code").fill("1/8ω")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-said")).to_have_text("1 δισκίο κάθε 8 ώρες")
    page.keyboard.press("1", delay=60)
    expect(page.locator("tbody").first).to_contain_text("1 δισκίο κάθε 8 ώρες")


def test_what_cannot_be_read_is_said_with_examples_and_stays(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    page = patients(visit, together, PHONE)
    register(page, "Δυσανάγνωστη")
    page.get_by_role("link", name="Προσθήκη φαρμάκου").click()
    expect(page.locator("#text")).to_be_focused()
    type_in(page, "νορμοδιν")
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    page.keyboard.press("1", delay=60)
    expect(page.locator("#code")).to_be_focused()
    type_in(page, "δυο το πρωι")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Γράψτε το όπως ένα από αυτά")
    expect(page.locator("#code")).to_have_value("δυο το πρωι")
    expect(page.locator("#code")).to_be_focused()
    assert violations(page) == []


def test_an_allergy_stops_the_hand_and_can_be_passed_over(visit: Visits, together: Running) -> None:
    page = patients(visit, together)
    page.goto(page.url + "/new")
    page.locator("#allergies").fill("αμλοδιπίνη")
    page.locator("#alias").focus()
    type_in(page, "Αλλεργική")
    page.get_by_role("link", name="Προσθήκη φαρμάκου").click()
    expect(page.locator("#text")).to_be_focused()
    type_in(page, "νορμοδιν")
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    page.keyboard.press("1", delay=60)
    expect(page.locator("#code")).to_be_focused()
    type_in(page, "1x1")
    expect(page.locator(".dosis-panel--warn")).to_contain_text("Υπάρχει αλλεργία σε αυτή την ουσία")
    expect(page.get_by_role("button", name="Αλλαγή")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("1", delay=60)
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Μπήκε στην αγωγή")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_page_keeps_to_the_rules_of_accessibility(visit: Visits, together: Running, size: Size) -> None:
    visit.watch.expected.add(422)
    page = patients(visit, together, size)
    assert violations(page) == []
    everybody = page.url
    page.goto(everybody + "/new")
    assert violations(page) == []
    register(page, f"Προσβάσιμη {size.name}")
    assert violations(page) == []
    one = page.url.split("?")[0]
    add_line(page, "νορμοδιν", "1x1")
    assert violations(page) == []
    page.get_by_role("button", name="Αναίρεση").click()
    expect(page.locator(".dosis-panel--gone")).to_be_visible()
    page.locator("main summary").click()
    assert violations(page) == []
    for end in ("/plan", "/identity", "/forget"):
        page.goto(one + end)
        assert violations(page) == [], end
    page.goto(one + "/plan")
    expect(page.locator("#text")).to_be_focused()
    type_in(page, "νορμοδιν")
    expect(page.locator("[data-choosing]")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("1", delay=60)
    expect(page.locator("#code")).to_be_focused()
    assert violations(page) == []
    type_in(page, "1x1")
    expect(page.locator(".dosis-said")).to_be_visible()
    assert violations(page) == []
    page.goto(everybody)
    expect(page.locator("#text")).to_be_focused()
    type_in(page, "Προσβασιμ")
    expect(page.locator("[data-choosing] a").first).to_be_focused()
    assert violations(page) == []
    page.goto(one + "/forget")
    page.get_by_role("button", name="Οριστική διαγραφή").click()
    expect(page.locator(".nhsuk-error-summary")).to_be_visible()
    assert violations(page) == []


def test_the_card_is_on_paper_in_about_a_second(visit: Visits, together: Running) -> None:
    page = patients(visit, together)
    register(page, "Χάρτινη")
    began = time.monotonic()
    answer = page.request.get(page.url.split("?")[0] + "/card.pdf")
    seconds = time.monotonic() - began
    assert answer.body().startswith(b"%PDF")
    assert "Χάρτινη" not in answer.headers["content-disposition"]
    print(f"card.pdf: {seconds:.2f} s, {len(answer.body())} bytes")  # noqa: T201 - the same
    assert seconds < 5, "paper is a matter of a second"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_who_wants_it_is_forgotten(visit: Visits, together: Running, size: Size) -> None:
    visit.watch.expected.add(422)
    page = patients(visit, together, size, Role.SECRETARY)
    card = register(page, "Λησμονημένη")
    page.get_by_role("link", name="Διαγραφή στοιχείων").click()
    expect(page.locator("main")).to_contain_text("Δεν αναιρείται")
    page.get_by_label("Θέλει να διαγραφούν τα στοιχεία").check()
    page.get_by_role("button", name="Οριστική διαγραφή").click()
    expect(page.locator("h1")).not_to_contain_text("Λησμονημένη")
    expect(page.locator("[role=status]")).to_contain_text("κανείς δεν μπορεί πια να πει ποιος ήταν")
    assert violations(page) == []
    page.get_by_role("link", name="Ασθενείς").last.click()
    expect(page.locator("#text")).to_be_focused()
    type_in(page, card)
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Καμία κάρτα του ιατρείου δεν έχει αυτόν τον κωδικό")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_without_javascript_all_of_it_works_the_same(visit: Visits, together: Running, size: Size) -> None:
    page = patients(visit, together, size)
    page.route("**/*.js*", lambda route: route.fulfill(body=""))
    page.goto(page.url + "/new")
    page.locator("#alias").fill(f"Χωρίς σενάρια {size.name}")
    page.locator("#alias").press("Enter")
    card = page.locator(".dosis-slip__number").inner_text()
    page.get_by_role("link", name="Προσθήκη φαρμάκου").click()
    page.locator("#text").fill("normodin")
    page.locator("#text").press("Enter")
    page.locator("main ol button").first.click()
    page.locator("#code").fill("1x2")
    page.locator("#code").press("Enter")
    expect(page.locator(".dosis-said")).to_have_text("1 δισκίο 2 φορές την ημέρα")
    page.get_by_role("button", name="Ναι, να μπει στην αγωγή").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Μπήκε στην αγωγή")
    page.goto(page.url.split("/patients")[0] + "/patients")
    page.locator("#text").fill(card.lower())
    page.locator("#text").press("Enter")
    expect(page.locator("h1")).to_contain_text("Χωρίς σενάρια")
