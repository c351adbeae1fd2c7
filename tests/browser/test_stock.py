"""Stock's pages in a browser, in Greek, at a PC and on a phone: found, looked at, held back, taken along."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.visiting import PC, SIZES, Size, Visits
from tests.people import Running
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, LEVOTHYROXINE, NORVASC
from tests.stock.shelves import shelve

BANDS = ("Έχει λήξει", "Κάτω από 30 ημέρες", "Κάτω από 90 ημέρες", "Κάτω από 180 ημέρες", "180 ημέρες και πάνω")
BOTH_SIZES = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)


@pytest.fixture(scope="module")
def here(together: Running) -> str:
    """A shelf with something in every band."""
    for days in (-5, 20, 60, 150, 400):
        shelve(together, together.world.north, AMLIBON, 44, days=days)
    return f"/stock/clinics/{together.world.north.clinic_id}"


@BOTH_SIZES
def test_a_medicine_is_found_by_latin_letters_and_its_lots_say_how_long_they_last(
    visit: Visits, here: str, size: Size
) -> None:
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/products", size)
    assert page.evaluate("document.activeElement.name") == "text"
    page.keyboard.type("amlodipini")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="AMLIBON BES TAB 5MG/TAB").first.click()
    table = page.get_by_role("table").first
    for band in (
        "Έχει λήξει",
        "Κάτω από 30 ημέρες",
        "Κάτω από 90 ημέρες",
        "Κάτω από 180 ημέρες",
        "180 ημέρες και πάνω",
    ):
        assert table.get_by_text(band).first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("page_of", ["/products", "/lots?within=all"])
def test_back_from_a_product_leads_to_what_was_found(visit: Visits, here: str, page_of: str) -> None:
    page = visit(Role.CLINIC_PHARMACIST, here + page_of)
    page.locator("[data-scan-form] [name=text]").fill("amlodipini")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products?text=amlodipini")
    page.get_by_role("link", name="AMLIBON BES TAB 5MG/TAB").first.click()
    page.wait_for_url(f"**/products/{AMLIBON}")
    page.go_back()
    page.wait_for_url("**/products?text=amlodipini")
    expect(page.get_by_role("link", name="AMLIBON BES TAB 5MG/TAB").first).to_be_visible()
    expect(page.get_by_role("navigation", name="Κύριο μενού").locator("[aria-current]")).to_have_text("Απόθεμα")


def test_a_scanned_box_leads_to_its_product_wherever_the_focus_is(visit: Visits, here: str) -> None:
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/products")
    page.locator("h1").click()
    page.keyboard.press("/", delay=60)
    expect(page.get_by_label("Βρείτε ένα φάρμακο")).to_be_focused()
    page.keyboard.type(AMLIBON_CODE)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/products/{AMLIBON}")


@BOTH_SIZES
def test_a_lot_is_held_with_a_reason_and_the_way_back_is_one_key(
    visit: Visits, here: str, together: Running, size: Size
) -> None:
    lot_id = shelve(together, together.world.north, LEVOTHYROXINE, 30)
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/lots/{lot_id}", size)
    page.get_by_text("Κρατήστε την παρτίδα σε αναμονή").click()
    visit.watch.expected.add(422)
    page.get_by_role("button", name="Σε αναμονή").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    page.locator("#reason").fill("Βρεγμένο κουτί")
    page.get_by_role("button", name="Σε αναμονή").click()
    page.get_by_text("Η παρτίδα είναι σε αναμονή: δεν δίνεται πια").wait_for()
    assert page.get_by_text("Βρεγμένο κουτί").first.is_visible()
    page.get_by_role("button", name="Αναίρεση").click()
    page.get_by_text("Η παρτίδα μπορεί πάλι να δίνεται").wait_for()


def test_why_a_lot_is_not_offered_stands_on_top(visit: Visits, here: str, together: Running) -> None:
    shelve(together, together.world.north, NORVASC, 200, days=300)
    soon = shelve(together, together.world.north, NORVASC, 200, days=3)
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/lots/{soon}")
    page.get_by_role("link", name="Γιατί δεν προσφέρεται αυτή η παρτίδα;").click()
    page.get_by_label("Πόσο την ημέρα").fill("1/2")
    page.get_by_role("button", name="Εμφάνιση").click()
    assert page.get_by_role("status").get_by_text("Η παρτίδα που ρωτήσατε").is_visible()
    assert page.get_by_label("Πόσο την ημέρα").input_value() == "1/2"


def test_what_is_taken_along_has_the_rows_of_the_list(visit: Visits, here: str, tmp_path: Path) -> None:
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/lots?within=30")
    rows = page.get_by_role("row").count()
    for name, beginning in (("Πίνακας (CSV)", b"\xef\xbb\xbf"), ("Excel (XLSX)", b"PK")):
        with page.expect_download() as started:
            page.get_by_role("link", name=name).click()
        kept = tmp_path / started.value.suggested_filename
        started.value.save_as(kept)
        assert kept.read_bytes().startswith(beginning)
        assert kept.name.startswith("lots-30-")
        if kept.suffix == ".csv":
            assert len(list(csv.reader(kept.open(encoding="utf-8-sig"), delimiter=";"))) == rows
    paper = page.request.get(f"{here}/lots.pdf?within=30")
    assert paper.body().startswith(b"%PDF")


@BOTH_SIZES
def test_every_page_of_stock_keeps_to_the_rules(visit: Visits, here: str, together: Running, size: Size) -> None:
    lot_id = shelve(together, together.world.north, AMLIBON, 30)
    page = visit(Role.CLINIC_PHARMACIST, None, size)
    for path in (
        "/products",
        "/products?text=amlo",
        f"/products/{AMLIBON}",
        f"/lots/{lot_id}",
        f"/products/{AMLIBON}/would-give?lot_id={lot_id}",
        "/lots?within=90",
        "/surplus",
        "/surplus/ours",
        "/transfers",
        "/transfers/ask",
    ):
        requests: list[str] = []
        page.on("request", lambda request, seen=requests: seen.append(request.url))
        page.goto(here + path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert len([each for each in requests if not each.startswith("data:")]) <= 6, path


def test_a_page_is_light(visit: Visits, here: str) -> None:
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/lots?within=all", PC)
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((each) => each.transferSize)"
    )
    assert sum(sizes) < 60_000
