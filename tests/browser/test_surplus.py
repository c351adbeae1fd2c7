"""What clinics can spare, in a browser, in Greek, at a PC and on a phone: said at one clinic, found at the other."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.visiting import SIZES, Size, Visits
from tests.people import SOUTH, Running, sign_in_name_of
from tests.stock.clinic import CREAM, INHALER
from tests.stock.shelves import shelve

BOTH_SIZES = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)


def reloaded_until(page: Page, text: str) -> None:
    """What one clinic says reaches the other within seconds."""
    for _ in range(40):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"{text} never came")


@BOTH_SIZES
def test_a_pharmacist_says_what_can_be_spared_and_the_other_clinics_delegate_asks_for_it(
    visit: Visits, together: Running, size: Size
) -> None:
    north, south = together.world.north, together.world.south
    shelve(together, south, INHALER, 60)
    lot_id = shelve(together, north, CREAM, 47 if size.touch else 48, days=50)
    units = 21 if size.touch else 22

    page = visit(Role.CLINIC_PHARMACIST, f"/stock/clinics/{north.clinic_id}/lots/{lot_id}", size)
    page.get_by_text("Πείτε πόσα μπορούν να πάρουν άλλα ιατρεία").click()
    amount = page.get_by_label("Πόσα τεμάχια μπορούν να πάρουν;")
    visit.watch.expected.add(422)
    amount.fill("4800")
    page.get_by_role("button", name="Πείτε το στα άλλα ιατρεία").click()
    page.get_by_role("alert").wait_for()
    assert amount.input_value() == "4800"
    assert violations(page) == []
    amount.fill(str(units))
    page.get_by_role("button", name="Πείτε το στα άλλα ιατρεία").click()
    page.get_by_text("Τα άλλα ιατρεία βλέπουν τώρα ότι μπορούν να το πάρουν").wait_for()
    assert violations(page) == []

    page = visit(sign_in_name_of(Role.TRANSFERS_DELEGATE, SOUTH), None, size)
    page.goto(f"/stock/clinics/{south.clinic_id}/products")
    page.get_by_role("link", name="Τι έχουν τα άλλα ιατρεία").click()
    reloaded_until(page, f"{units} ")
    row = page.get_by_role("row").filter(has_text="FUCIDIN").filter(has_text=f"{units} ")
    expect(row.get_by_text("Κάτω από 90 ημέρες")).to_be_visible()
    expect(row.get_by_text("Τίποτα")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = row.get_by_role("link", name="Ζητήστε το").get_attribute("href")
    assert link is not None
    asked = urlsplit(link)
    assert asked.path == f"/stock/clinics/{south.clinic_id}/transfers/ask"
    assert parse_qs(asked.query) == {
        "from": [str(north.clinic_id)],
        "product": [str(CREAM)],
        "units": [str(units)],
    }


@BOTH_SIZES
def test_what_was_withdrawn_comes_back_by_one_key(visit: Visits, together: Running, size: Size) -> None:
    north = together.world.north
    lot_id = shelve(together, north, INHALER, 120, days=300)
    together.caller(north, Role.CLINIC_PHARMACIST).do("stock", f"/lots/{lot_id}/offer-surplus", {"units": 120})
    for path in (f"products/{INHALER}", "lots?within=all"):
        page = visit(Role.CLINIC_PHARMACIST, f"/stock/clinics/{north.clinic_id}/{path}", size)
        expect(page.get_by_text("Για άλλα ιατρεία").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page = visit(Role.TRANSFERS_DELEGATE, f"/stock/clinics/{north.clinic_id}/surplus", size)
    page.get_by_role("link", name="Τι μας περισσεύει").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{lot_id}']"))
    row.get_by_role("button", name="Απόσυρση").click()
    page.get_by_text("Τα άλλα ιατρεία δεν το βλέπουν πια").wait_for()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Αναίρεση").click()
    page.get_by_text("Τα άλλα ιατρεία βλέπουν τώρα ότι μπορούν να το πάρουν").wait_for()
    expect(row).to_have_count(1)
