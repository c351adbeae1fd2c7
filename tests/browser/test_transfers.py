"""A transfer from the question to what became of it, in Greek, at a PC and on a phone: two clinics, two people."""

import time
from uuid import UUID

import msgspec
import pytest
from playwright.sync_api import Page, expect

from deploy.client import wait_until
from services.stock.pages.transfers.note import noted
from services.stock.store.transfer import TransferLot
from services.stock.transfer_note import codes_of_note
from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.scanner import scan
from tests.browser.visiting import PC, SIZES, Size, Visits
from tests.people import SOUTH, Running, sign_in_name_of
from tests.stock.clinic import AMLIBON
from tests.stock.shelves import hold_all, shelve

BOTH_SIZES = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
IN_THE_SOUTH = sign_in_name_of(Role.TRANSFERS_DELEGATE, SOUTH)


def transfers(together: Running, clinic: str) -> str:
    return f"/stock/clinics/{getattr(together.world, clinic).clinic_id}/transfers"


def keeps_to_the_rules(page: Page) -> None:
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def ask(page: Page, units: str) -> str:
    """From the list to the question, step by step; returns the transfer's id."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    page.get_by_role("link", name="Ζητήστε από ιατρείο").click()
    step()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("amlibon")
    step()
    page.keyboard.press("Enter")
    step()
    expect(page.locator("[data-choosing] button").first).to_be_focused()
    keeps_to_the_rules(page)
    page.keyboard.press("Enter")
    step()
    expect(page.locator("#packs")).to_be_focused()
    keeps_to_the_rules(page)
    page.locator("#units").fill(units)
    step()
    page.keyboard.press("Enter")
    step()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Το ζητήσαμε από το άλλο ιατρείο")
    assert steps <= 6
    return page.url.partition("?")[0].rpartition("/")[2]


def heard(page: Page, path: str, text: str) -> None:
    """The page, once the other clinic's word has come."""
    wait_until(lambda: text in page.request.get(path).text(), f"“{text}” is on the page")
    page.goto(path)


def code_of(together: Running, transfer_id: str) -> str:
    """The code on the note's paper."""
    caller = together.caller(together.world.south, Role.TRANSFERS_DELEGATE)
    lots = caller.get("stock", f"/transfers/{transfer_id}")["lots"]
    [code] = codes_of_note(UUID(transfer_id), [noted(msgspec.convert(lot, TransferLot)) for lot in lots])
    return code


@BOTH_SIZES
def test_a_transfer_from_the_question_to_what_became_of_it(visit: Visits, together: Running, size: Size) -> None:
    hold_all(together, together.world.south, AMLIBON)
    shelve(together, together.world.south, AMLIBON, 44, batch=f"BOX-{size.name}".upper())
    north, south = transfers(together, "north"), transfers(together, "south")
    here = visit(Role.TRANSFERS_DELEGATE, north, size)
    keeps_to_the_rules(here)
    transfer_id = ask(here, "50")

    there = visit(IN_THE_SOUTH, south, size)
    heard(there, f"{south}/{transfer_id}", "τι μπορούμε να στείλουμε;")
    keeps_to_the_rules(there)
    expect(there.locator("#units-1")).to_have_value("44")
    there.keyboard.press("1", delay=60)
    expect(there.locator(".dosis-panel--yes")).to_contain_text("Συμφωνήσαμε")
    keeps_to_the_rules(there)
    there.keyboard.press("1", delay=60)
    expect(there.locator(".dosis-panel--yes")).to_contain_text("Στάλθηκε")
    expect(there.get_by_role("link", name="Εκτύπωση του δελτίου")).to_be_focused()
    began = time.monotonic()
    paper = there.request.get(f"{south}/{transfer_id}/note.pdf")
    assert (paper.body()[:4], time.monotonic() - began < 1) == (b"%PDF", True)

    heard(here, f"{north}/{transfer_id}", "Μετράμε εμείς ό,τι ήρθε")
    here.goto(north)
    scan(here, code_of(together, transfer_id), layout="greek")
    here.wait_for_url(f"**{north}/{transfer_id}")
    keeps_to_the_rules(here)
    expect(here.locator("#units-1")).to_have_value("44")
    here.locator("#units-1").fill("42")
    here.keyboard.press("Enter")
    expect(here.locator(".dosis-panel--yes")).to_contain_text("Έγινε η παραλαβή")
    expect(here.get_by_text("στάλθηκαν 44 δισκία, δεν έφτασαν 2 δισκία")).to_be_visible()
    keeps_to_the_rules(here)

    heard(there, f"{south}/{transfer_id}", "Λέμε εμείς τι έγινε με όσα δεν έφτασαν")
    keeps_to_the_rules(there)
    there.locator("#outcome").select_option("lost")
    there.locator("#note").fill("Άνοιξε ένα κουτί στον δρόμο")
    there.keyboard.press("Enter")
    expect(there.locator(".dosis-panel--yes")).to_contain_text("Τακτοποιήθηκε")
    heard(here, f"{north}/{transfer_id}", "Άνοιξε ένα κουτί στον δρόμο")
    keeps_to_the_rules(here)


def test_several_medicines_are_asked_for_by_their_boxes(visit: Visits, together: Running) -> None:
    page = visit(Role.CLINIC_PHARMACIST, transfers(together, "north") + "/ask")
    page.locator("h1").click()
    scan(page, "2802818801057", layout="greek")
    expect(page.locator("#packs")).to_be_focused()
    page.keyboard.type("2")
    page.get_by_role("button", name="Και άλλο φάρμακο").click()
    expect(page.get_by_role("table")).to_contain_text("2 συσκευασίες των 30")
    expect(page.locator("#text")).to_be_focused()
    page.locator("#note").fill("Για την Πέμπτη")
    page.locator("#text").focus()
    page.keyboard.type("lantus")
    page.keyboard.press("Enter")
    page.locator("[data-choosing] button").first.press("Enter")
    page.locator("#units").fill("3")
    keeps_to_the_rules(page)
    page.get_by_role("button", name="Ζητήστε τα").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Το ζητήσαμε")
    expect(page.get_by_text("Γράψαμε: Για την Πέμπτη")).to_be_visible()
    assert page.get_by_role("row").count() == 3


def test_a_box_that_was_faster_than_its_word_waits(visit: Visits, together: Running) -> None:
    north = transfers(together, "north")
    page = visit(Role.TRANSFERS_DELEGATE, north, PC)
    caller = together.caller(together.world.north, Role.TRANSFERS_DELEGATE)
    wanted = {
        "from_clinic_id": str(together.world.south.clinic_id),
        "lines": [{"product_id": str(AMLIBON), "units": 5}],
    }
    transfer_id = caller.do("stock", "/transfers", wanted)["transfer_id"]
    page.goto(f"{north}/{transfer_id}")
    lot = {"lot_number": 1, "line_number": 1, "product_codes": ["2802818801057"], "product_name": "x", "batch": "Q7"}
    came = msgspec.convert(
        lot | {"expires_on": "2029-06-30", "opened": False, "lot_id": None, "shipped_units": 5}, TransferLot
    )
    scan(page, codes_of_note(UUID(transfer_id), [noted(came)])[0])
    expect(page.locator("h1")).to_contain_text("Η ειδοποίηση δεν έφτασε ακόμη")
    expect(page.get_by_role("table")).to_contain_text("AMLIBON")
    keeps_to_the_rules(page)
    visit.watch.expected.add(422)
    page.goto(north)
    scan(page, "2802818801057")
    expect(page.get_by_role("alert")).to_contain_text("Αυτό δεν είναι δελτίο μεταφοράς")
    keeps_to_the_rules(page)
