"""A partner pharmacist logs boxes: with a scanner on a Greek keyboard, without touching the mouse, on PC and phone."""

import pytest
from playwright.sync_api import Page, Route, expect

from shared.identity import COOKIE
from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.boxes import (
    AMLIBON,
    ATORVALET,
    BOXES,
    NORMODIN,
    NORVALET,
    SALOSPIR,
    XANAX,
    Box,
    data_matrix,
    data_matrix_without_separators,
)
from tests.browser.scanner import Separator, scan
from tests.browser.visiting import PASSWORD, PHONE, SIZES, Size, Visits
from tests.people import NORTH, Running, sign_in_name_of

# What a person and a scanner need, beside what the machine does, which is measured elsewhere.
REACH_SECONDS = 1.5
"""From one box to the next."""
SCAN_SECONDS = 1.0
"""To aim, and until all keys have come."""
TYPE_SECONDS = 0.25
"""A key that a person presses."""


def collection(visit: Visits, together: Running, size: Size) -> Page:
    """A new collection, open before the pharmacist."""
    page = visit(Role.PARTNER_PHARMACIST, f"/donations/clinics/{together.world.north.clinic_id}/collections", size)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Καταγραφή κουτιών")
    return page


def type_in(page: Page, text: str) -> int:
    """How many keys it takes."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return len(text) + 1


def slow_down(page: Page) -> None:
    """Each box takes a while to be answered, so that the next scan comes before it."""

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/boxes", slowly)


def clicks_on(page: Page) -> list[str]:
    """What is touched or clicked from now on, whichever page it leads to."""
    clicks: list[str] = []
    page.expose_function("clicked", lambda what: clicks.append(str(what)))
    page.evaluate("document.addEventListener('pointerdown', (event) => window.clicked(event.target.outerHTML), true)")
    return clicks


def expect_added(page: Page, box: Box) -> None:
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Προστέθηκε")
    expect(page.locator(".dosis-panel--yes")).to_contain_text(box.name)
    expect(page.locator("#text")).to_be_focused()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_twenty_mixed_boxes_take_less_than_ninety_seconds_and_no_click(
    visit: Visits, together: Running, size: Size
) -> None:
    page = collection(visit, together, size)
    ways: tuple[Separator, ...] = ("ctrl", "alt", "none")
    clicks = clicks_on(page)
    scans, keys = 0, 0
    for number in range(12):
        box, way = BOXES[number % len(BOXES)], ways[number % 3]
        batch = f"AB{number:02}X-{size.name}"[:12]
        whole = data_matrix(box, batch, f"S{number}{size.name}")
        code = data_matrix_without_separators(box, batch) if way == "none" else whole
        scan(page, code, layout="greek", separator=way)
        scans += 1
        expect_added(page, box)
        expect(page.locator(".dosis-panel--yes")).to_contain_text(batch)
    for number in range(7):
        scan(page, XANAX.ean if number % 2 else NORMODIN.ean, layout="greek")
        expect(page.locator("#expires")).to_be_focused()
        scans, keys = scans + 1, keys + type_in(page, "0629")
        expect(page.locator(".dosis-panel")).to_contain_text("λήγει 30 Ιουν 2029")
        expect(page.locator("#text")).to_be_focused()
    keys += type_in(page, "σιντρομ")
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#expires")).to_be_focused()
    keys += 1 + type_in(page, "0629")
    expect(page.locator("h2#in-it")).to_contain_text("20 κουτιά")
    assert 20 * REACH_SECONDS + scans * SCAN_SECONDS + keys * TYPE_SECONDS <= 90
    assert clicks == []


def test_the_second_code_of_a_box_asks_nothing_and_adds_nothing(visit: Visits, together: Running) -> None:
    page = collection(visit, together, PHONE)
    scan(page, data_matrix(SALOSPIR, "SECOND1", "SECOND-1"), layout="greek", separator="ctrl")
    expect_added(page, SALOSPIR)
    scan(page, SALOSPIR.ean)
    expect(page.locator(".dosis-panel--yes")).to_contain_text("ο δεύτερος κωδικός του")
    expect(page.locator("h2#in-it")).to_contain_text("1 κουτί")
    scan(page, SALOSPIR.ean)
    expect(page.locator("#expires")).to_be_focused()


def test_a_scan_is_taken_wherever_the_focus_is(visit: Visits, together: Running) -> None:
    page = collection(visit, together, SIZES[0])
    page.locator("main summary").focus()
    scan(page, data_matrix(AMLIBON, "FOCUS1", "FOCUS-1"), layout="greek", separator="ctrl")
    expect_added(page, AMLIBON)
    # While an expiry is asked for, the box's other code says it.
    scan(page, NORVALET.ean)
    expect(page.locator("#expires")).to_be_focused()
    scan(page, data_matrix(NORVALET, "FOCUS2", "FOCUS-2"), layout="greek", separator="alt")
    expect_added(page, NORVALET)
    expect(page.locator("h2#in-it")).to_contain_text("2 κουτιά")


def test_boxes_scanned_while_another_is_on_its_way_are_each_added_once(visit: Visits, together: Running) -> None:
    page = collection(visit, together, PHONE)
    slow_down(page)
    for number, box in enumerate(BOXES):
        scan(page, data_matrix(box, f"FAST{number}", f"FAST-{number}"), layout="greek", separator="ctrl")
    expect(page.locator("h2#in-it")).to_contain_text("5 κουτιά", timeout=20_000)
    for box in BOXES:
        expect(page.locator("table")).to_contain_text(box.name)


def test_what_is_scanned_without_connection_is_sent_when_it_is_back(visit: Visits, together: Running) -> None:
    page = collection(visit, together, PHONE)
    page.context.set_offline(True)
    scan(page, data_matrix(AMLIBON, "AWAY1", "AWAY-1"), separator="ctrl")
    expect(page.locator("[data-away]")).to_be_visible()
    scan(page, data_matrix(NORMODIN, "AWAY2", "AWAY-2"), separator="ctrl")
    page.context.set_offline(False)
    expect(page.locator("h2#in-it")).to_contain_text("2 κουτιά", timeout=20_000)
    expect(page.locator("[data-away]")).to_be_hidden()
    lost = "ERR_INTERNET_DISCONNECTED"
    visit.watch.trouble = [each for each in visit.watch.trouble if lost not in each]


def test_scans_that_wait_outlive_a_session_that_ended(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(401)
    page = collection(visit, together, PHONE)
    page.context.clear_cookies(name=COOKIE)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/boxes", hold)
    for number, box in enumerate((AMLIBON, NORMODIN, NORVALET)):
        scan(page, data_matrix(box, f"ENDED{number}", f"ENDED-{number}"), layout="greek", separator="ctrl")
    [first] = held
    first.continue_()
    page.unroute("**/boxes")
    page.locator("#sign_in_name").fill(sign_in_name_of(Role.PARTNER_PHARMACIST, NORTH))
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Αποστολή ξανά").click()
    expect(page.locator("h2#in-it")).to_contain_text("3 κουτιά")


def test_a_number_changes_the_units_and_a_minus_undoes(visit: Visits, together: Running) -> None:
    page = collection(visit, together, SIZES[0])
    scan(page, data_matrix(ATORVALET, "UNITS1", "UNITS-1"), separator="ctrl")
    expect_added(page, ATORVALET)
    type_in(page, "12")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("12 δισκία")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("ανοιγμένο")
    type_in(page, "40")
    expect(page.locator(".dosis-panel--ask")).to_contain_text("μια γεμάτη συσκευασία έχει 30")
    page.keyboard.press("2", delay=60)
    expect(page.locator("#text")).to_be_focused()
    type_in(page, "-")
    expect(page.locator(".dosis-panel")).to_contain_text("Βγήκε από τη συλλογή")
    expect(page.locator("h2#in-it")).to_contain_text("0 κουτιά")


def test_a_refusal_says_why_in_words_that_can_be_read_out(visit: Visits, together: Running) -> None:
    page = collection(visit, together, PHONE)
    scan(page, NORMODIN.ean)
    expect(page.locator("#expires")).to_be_focused()
    type_in(page, "0125")
    expect(page.locator(".dosis-panel--no")).to_contain_text("Δεν γίνεται δεκτό")
    expect(page.locator(".dosis-panel--no")).to_contain_text("Έχει λήξει")


def test_what_is_no_code_and_no_name_says_what_to_do(visit: Visits, together: Running) -> None:
    page = collection(visit, together, PHONE)
    scan(page, "2802585801015")
    expect(page.locator(".dosis-panel--no")).to_contain_text("Δεν διαβάστηκε")
    type_in(page, "κβξψκβ")
    expect(page.locator(".dosis-panel--ask")).to_contain_text("Δεν βρέθηκε φάρμακο «κβξψκβ»")
    assert violations(page) == []


def test_a_wrong_expiry_is_marked_and_what_was_typed_stays(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    page = collection(visit, together, PHONE)
    scan(page, NORMODIN.ean)
    expect(page.locator("#expires")).to_be_focused()
    page.keyboard.type("1327")
    page.locator("#batch").fill("B77")
    page.keyboard.press("Enter")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Γράψτε τη λήξη ως μήνα και έτος")
    assert page.locator("#expires").input_value() == "1327"
    assert page.locator("#batch").input_value() == "B77"


def test_what_is_typed_after_a_refused_expiry_takes_its_place(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(422)
    page = collection(visit, together, PHONE)
    scan(page, NORMODIN.ean)
    expect(page.locator("#expires")).to_be_focused()
    type_in(page, "1399")
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Γράψτε τη λήξη ως μήνα και έτος")
    expect(page.locator("#expires")).to_be_focused()
    expect(page.locator("#text")).to_have_value("")
    type_in(page, "0629")
    expect_added(page, NORMODIN)


def test_a_number_that_nobody_knows_is_learnt_with_the_products_name(visit: Visits, together: Running) -> None:
    page = collection(visit, together, SIZES[0])
    scan(page, "5012345678900")
    expect(page.locator(".dosis-panel--ask")).to_contain_text("τον βλέπουμε πρώτη φορά")
    expect(page.locator("#name")).to_be_focused()
    type_in(page, "glucofaz")
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    page.keyboard.press("1", delay=60)
    expect(page.locator("#expires")).to_be_focused()
    page.keyboard.type("0629", delay=80)
    page.locator("#units").fill("30")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("GLUCOPHAGE")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_pages_keep_to_the_rules_of_accessibility(visit: Visits, together: Running, size: Size) -> None:
    page = collection(visit, together, size)
    assert violations(page) == []
    scan(page, data_matrix(AMLIBON, f"AXE{size.name}", f"AXE-{size.name}"), separator="ctrl")
    expect_added(page, AMLIBON)
    assert violations(page) == []
    scan(page, XANAX.ean)
    expect(page.locator("#expires")).to_be_focused()
    assert violations(page) == []
    page.goto(page.url.split("/boxes")[0])
    page.get_by_role("button", name="Παράδοση της συλλογής").click()
    expect(page.locator(".dosis-slip__number")).to_be_visible()
    assert violations(page) == []
    page.goto(f"/donations/clinics/{together.world.north.clinic_id}/collections")
    assert violations(page) == []


def test_what_was_handed_in_has_a_slip_on_paper(visit: Visits, together: Running) -> None:
    page = collection(visit, together, SIZES[0])
    scan(page, data_matrix(AMLIBON, "SLIP1", "SLIP-1"), separator="ctrl")
    expect_added(page, AMLIBON)
    page.get_by_role("button", name="Παράδοση της συλλογής").click()
    expect(page.locator(".dosis-slip")).to_contain_text("Αριθμός δελτίου")
    number = page.locator(".dosis-slip__number").inner_text()
    assert len(number.replace(" ", "")) == 11
    answer = page.request.get(page.url.split("?")[0] + "/slip.pdf")
    assert answer.body().startswith(b"%PDF")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_without_javascript_boxes_are_logged_all_the_same(visit: Visits, together: Running, size: Size) -> None:
    page = visit(Role.PARTNER_PHARMACIST, f"/donations/clinics/{together.world.north.clinic_id}/collections", size)
    page.route("**/*.js*", lambda route: route.fulfill(body=""))
    page.reload()
    page.locator("main button").first.click()
    page.locator("#text").fill(NORMODIN.ean)
    page.locator("#text").press("Enter")
    page.locator("#expires").fill("06/2029")
    page.locator("#expires").press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text(NORMODIN.name)
