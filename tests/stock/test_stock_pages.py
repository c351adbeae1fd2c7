"""Stock's pages, without JavaScript: what they show, what their forms do, and what they refuse."""

import csv
import io
import re
import zipfile
from datetime import timedelta

import pytest

from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token
from tests.people import Running
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, ATORVASTATIN, INSULIN, NORVASC
from tests.stock.shelves import shelve
from tests.visitor import Page, Visitor


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)


def here(visitor: Visitor) -> str:
    return f"/stock/clinics/{visitor.clinic_id}"


def undo_of(page: Page) -> dict[str, str]:
    """The fields of the way back, which stands above the page's own forms."""
    above, _, _ = page.html.partition("<h1")
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', above.rpartition("dosis-panel--yes")[2]))


# Who may


@pytest.mark.parametrize("path", ["/products", "/lots", "/lots.csv", "/lots.xlsx", "/lots.pdf", f"/products/{AMLIBON}"])
def test_a_partner_pharmacist_does_not_see_the_stock(running: Running, path: str) -> None:
    partner = Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)
    page = partner.get(here(partner) + path)
    assert page.status == 403
    assert "Your delegation does not allow this here" in page.text
    nobody = Visitor(running, running.world.north, None)
    assert "/stock/sign-in?next=" in nobody.answer(here(nobody) + path).headers["location"]


def test_who_only_looks_is_offered_nothing_to_do(running: Running) -> None:
    lot_id = shelve(running, running.world.north, AMLIBON, 30)
    auditor = Visitor(running, running.world.north, Role.AUDITOR)
    address = f"{here(auditor)}/lots/{lot_id}"
    page = auditor.get(address)
    assert (page.status, "What can be done with it" in page.text) == (200, False)
    assert auditor.post(f"{address}/hold", reason="No.").status == 403


def test_another_clinics_lot_is_not_there(running: Running, pharmacist: Visitor) -> None:
    lot_id = shelve(running, running.world.south, AMLIBON, 30)
    page = pharmacist.get(f"{here(pharmacist)}/lots/{lot_id}")
    assert page.status == 404
    assert "There is no such lot at this clinic" in page.text
    assert pharmacist.post(f"{here(pharmacist)}/lots/{lot_id}/hold", reason="Not ours.").status == 404


# Looking


@pytest.mark.parametrize("text", ["amlibon", "ΑΜΛΙΜΠΟΝ", "amlodipine", "αμλοδιπινη"])
def test_a_product_that_is_here_is_found_in_either_script(running: Running, pharmacist: Visitor, text: str) -> None:
    shelve(running, running.world.north, AMLIBON, 30)
    page = pharmacist.get(f"{here(pharmacist)}/products?text={text}")
    before, _, _ = page.html.partition("In the catalogue, but not here")
    assert f"/products/{AMLIBON}" in before


@pytest.mark.parametrize("text", [AMLIBON_CODE, f"010{AMLIBON_CODE}17270630%1D10A1"])
def test_a_scanned_code_leads_to_its_product(pharmacist: Visitor, text: str) -> None:
    answer = pharmacist.answer(f"{here(pharmacist)}/products?text={text}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{here(pharmacist)}/products/{AMLIBON}")


def test_a_number_that_nobody_knows_is_said_beside_the_field_which_keeps_it(pharmacist: Visitor) -> None:
    page = pharmacist.get(f"{here(pharmacist)}/products?text=1234567890128")
    assert page.status == 422
    assert "Nobody has met the number 01234567890128 yet" in page.text
    assert page.values["text"] == "1234567890128"


def test_nothing_found_is_said_plainly(pharmacist: Visitor) -> None:
    page = pharmacist.get(f"{here(pharmacist)}/products?text=qqqqxxxx")
    assert "Nothing that is here is called “qqqqxxxx”." in page.text


def test_what_is_found_by_name_has_an_address_to_come_back_to_under_stock(
    running: Running, pharmacist: Visitor
) -> None:
    shelve(running, running.world.north, AMLIBON, 30)
    find, address = f"{here(pharmacist)}/find", f"{here(pharmacist)}/products?text=amlodipine%205"
    sent = {"key": str(new_id()), "csrf": csrf_token(pharmacist.token), "text": " amlodipine 5 "}
    assert pharmacist.sent(find, sent).headers["location"] == address
    page = pharmacist.get(address)
    assert f"/products/{AMLIBON}" in page.html
    assert f'<a href="{here(pharmacist)}/products" aria-current="page">' in page.html
    nothing = pharmacist.sent(find, sent | {"text": "Παπαδοπούλου"})
    assert (nothing.status_code, "location" in nothing.headers) == (200, False)
    assert f'<a href="{here(pharmacist)}/products" aria-current="true">' in nothing.text


def test_what_is_only_like_what_was_typed_is_told_as_such(running: Running, pharmacist: Visitor) -> None:
    shelve(running, running.world.north, AMLIBON, 30)
    page = pharmacist.post(f"{here(pharmacist)}/find", text="amlodipnie")
    assert (page.path, page.status) == (f"{here(pharmacist)}/find", 200)
    assert f"/products/{AMLIBON}" in page.html
    assert ("Looks like what you typed" in page.text, "found here" in page.text) == (True, False)


@pytest.mark.parametrize("path", ["/surplus", "/surplus/ours"])
def test_what_clinics_can_spare_is_a_part_of_stock(pharmacist: Visitor, path: str) -> None:
    html = pharmacist.get(here(pharmacist) + path).html
    assert re.findall(r'<a href="([^"]*)" aria-current="true">', html) == [f"{here(pharmacist)}/products"]


def test_pages_outside_a_clinic_lead_back_to_the_first(pharmacist: Visitor) -> None:
    for path in ("/stock/me", "/health", f"{here(pharmacist)}/lots?within=7"):
        assert '<a class="nhsuk-back-link" href="/">To the first page</a>' in pharmacist.get(path).html, path


def test_a_products_lots_stand_by_expiry_with_their_bands_in_words(running: Running, pharmacist: Visitor) -> None:
    for days, batch in ((-1, "BAND-A"), (29, "BAND-B"), (30, "BAND-C"), (179, "BAND-D"), (180, "BAND-E")):
        shelve(running, running.world.north, ATORVASTATIN, 14, days=days, batch=batch)
    text = pharmacist.get(f"{here(pharmacist)}/products/{ATORVASTATIN}").text
    bands = ["Has expired", "Under 30 days", "Under 90 days", "Under 180 days", "180 days or more"]
    places = [text.index(f" {band} BAND-{letter} ") for band, letter in zip(bands, "ABCDE", strict=True)]
    assert places == sorted(places)


def test_a_product_without_lots_says_so(pharmacist: Visitor) -> None:
    assert "There is nothing of it here." in pharmacist.get(f"{here(pharmacist)}/products/{INSULIN}").text
    assert pharmacist.get(f"{here(pharmacist)}/products/{new_id()}").status == 404


def test_a_long_list_goes_on_where_it_ended(running: Running, pharmacist: Visitor) -> None:
    ids = {str(shelve(running, running.world.north, NORVASC, 1, days=700 + n // 10)) for n in range(55)}
    path, seen = f"{here(pharmacist)}/products/{NORVASC}", set[str]()
    for _ in range(5):
        page = pharmacist.get(path)
        seen |= {each for each in ids if f"/lots/{each}" in page.html}
        if 'rel="next"' not in page.html:
            break
        path = page.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == ids


@pytest.mark.parametrize("query", ["within=7", "within=x", "after=x", "after=2027-01-01_x", "within=30&after=%00"])
def test_a_list_that_cannot_be_is_refused_in_words(pharmacist: Visitor, query: str) -> None:
    page = pharmacist.get(f"{here(pharmacist)}/lots?{query}")
    assert page.status == 400
    assert "There is no list for so many days" in page.text or "This list can't be shown from there" in page.text


# Taking along


def test_all_rows_of_a_list_are_exported_and_nothing_in_them_is_carried_out(
    running: Running, pharmacist: Visitor
) -> None:
    lot_id = shelve(running, running.world.north, AMLIBON, 45, days=25, batch="EXPORTED")
    for n in range(51):
        shelve(running, running.world.north, AMLIBON, 1, days=20, batch=f"MANY{n}")
    later = shelve(running, running.world.north, AMLIBON, 45, days=31, batch="TOO-LATE")
    assert later
    pharmacist.post(f"{here(pharmacist)}/lots/{lot_id}/place", place="=1+1")
    answer = pharmacist.answer(f"{here(pharmacist)}/lots.csv?within=30")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    [row] = [row for row in rows if "EXPORTED" in row]
    assert row[3:11] == ["EXPORTED", "Sealed pack", "45", "0", "0", "0", "tablets", "'=1+1"]
    assert len([row for row in rows if row[3].startswith("MANY")]) == 51
    assert not any("TOO-LATE" in row for row in rows)
    assert rows[1:] == sorted(rows[1:], key=lambda row: row[1])
    sheet = pharmacist.answer(f"{here(pharmacist)}/lots.xlsx?within=30")
    written = zipfile.ZipFile(io.BytesIO(sheet.content)).read("xl/worksheets/sheet1.xml").decode()
    told = re.findall(r"<row .*?</row>", written)
    assert len(told) == len(rows)
    [found] = [each for each in told if ">EXPORTED<" in each]
    assert ("<v>45</v>" in found, ">=1+1<" in found, "<f>" in written) == (True, True, False)
    paper = pharmacist.answer(f"{here(pharmacist)}/lots.pdf?within=30")
    assert paper.content.startswith(b"%PDF")
    assert paper.headers["content-disposition"].startswith('inline; filename="lots-30-2')


# A lot's life


def test_a_lot_is_held_and_let_go_and_its_life_tells_who_and_why(running: Running, pharmacist: Visitor) -> None:
    address = f"{here(pharmacist)}/lots/{shelve(running, running.world.north, AMLIBON, 44)}"
    page = pharmacist.post(f"{address}/hold", reason="The box is wet.")
    assert page.path == address
    assert "The lot is held: nobody gives from it any more" in page.text
    undo = undo_of(page)
    assert undo["reason"] == "Undone at once"
    assert "1 pack of 30 and 14 tablets in quarantine" in page.text
    page = pharmacist.post(f"{address}/lift-hold", reason=undo["reason"])
    assert "The lot may be given from again" in page.text
    life = page.text.partition("Its life, the latest on top")[2]
    told = [
        "From quarantine onto the shelf 1 pack of 30 and 14 tablets 44 Demo clinic_pharmacist",
        "From the shelf into quarantine 1 pack of 30 and 14 tablets 44 Demo clinic_pharmacist",
        "Accepted from a donation 1 pack of 30 and 14 tablets 44 Demo clinic_pharmacist",
    ]
    places = [life.find(each) for each in told]
    assert -1 not in places
    assert places == sorted(places)
    assert "The box is wet." in life


def test_units_taken_out_shrink_what_is_here(running: Running, pharmacist: Visitor) -> None:
    address = f"{here(pharmacist)}/lots/{shelve(running, running.world.north, AMLIBON, 30)}"
    fields = {"units": "12", "source": "shelf", "outcome": "destroyed", "reason": "Dropped."}
    page = pharmacist.post(f"{address}/write-off", **fields)
    assert "18 tablets on the shelf" in page.text
    assert "Taken out: destroyed 12 tablets 18" in page.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"units": "31"}, "There are only 30 there."),
        ({"outcome": "expired"}, "This lot expires on"),
        ({"units": "0"}, "Type a whole number from 1"),
        ({"units": "three"}, "Type a whole number from 1"),
        ({"reason": " "}, "Fill this in."),
        ({"source": "reserved"}, "Choose one of the list."),
    ],
)
def test_what_cannot_be_taken_out_is_said_and_what_was_typed_stays(
    running: Running, pharmacist: Visitor, fields: dict[str, str], told: str
) -> None:
    address = f"{here(pharmacist)}/lots/{shelve(running, running.world.north, AMLIBON, 30)}"
    typed = {"units": "3", "source": "shelf", "outcome": "destroyed", "reason": "Dropped."} | fields
    page = pharmacist.post(f"{address}/write-off", **typed)
    assert page.status == 422
    assert told in page.text
    filled = page.filled[f"{address}/write-off"]
    assert (filled["units"], filled["reason"]) == (typed["units"], typed["reason"])
    assert "1 pack of 30 on the shelf" in page.text


def test_a_lot_put_right_leads_to_the_other_lot_and_back(running: Running, pharmacist: Visitor) -> None:
    lot_id = shelve(running, running.world.north, AMLIBON, 30, batch="WRONG", days=500)
    address = f"{here(pharmacist)}/lots/{lot_id}"
    expires = running.cell.settings_of("stock").clock().today() + timedelta(days=500)
    fields = {"units": "10", "batch": "RIGHT", "expires": f"{expires:%d/%m/%Y}", "opened": "no", "reason": "Misread."}
    page = pharmacist.post(f"{address}/correct", **fields)
    assert page.path != address
    assert "batch RIGHT" in page.text
    undo = undo_of(page)
    assert (undo["units"], undo["batch"], undo["reason"]) == ("10", "WRONG", "Undone at once")
    back = pharmacist.post(f"{page.path}/correct", **{name: undo[name] for name in fields})
    assert back.path == address
    assert "1 pack of 30 on the shelf" in back.text
    same = pharmacist.post(f"{address}/correct", **fields | {"batch": "WRONG"})
    assert (same.status, "The lot is written like this already" in same.text) == (422, True)
    odd = pharmacist.post(f"{address}/correct", **fields | {"expires": "31/2/2027"})
    assert (odd.status, odd.values["expires"]) == (422, "31/2/2027")
    month = pharmacist.post(f"{address}/correct", **fields | {"expires": "02/2028", "batch": ""})
    assert "29 Feb 2028" in month.text


def test_a_form_is_refused_without_proof_and_done_once_when_sent_twice(running: Running, pharmacist: Visitor) -> None:
    address = f"{here(pharmacist)}/lots/{shelve(running, running.world.north, AMLIBON, 30)}"
    fields = {"units": "12", "source": "shelf", "outcome": "lost", "reason": "Counted."}
    assert pharmacist.post(f"{address}/write-off", **fields, csrf="x").status == 401
    sent = fields | {"key": str(new_id()), "csrf": csrf_token(pharmacist.token)}
    answers = [pharmacist.sent(f"{address}/write-off", sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "18 tablets on the shelf" in pharmacist.get(address).text


# Why not


def test_why_a_lot_is_not_offered(running: Running, pharmacist: Visitor) -> None:
    product = INSULIN
    soon = shelve(running, running.world.south, product, 100, days=5, batch="SOON")
    later = shelve(running, running.world.south, product, 100, days=300, batch="LATER")
    held = shelve(running, running.world.south, product, 100, days=200, batch="HELD")
    south = Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)
    south.post(f"{here(south)}/lots/{held}/hold", reason="Recalled.")
    asking = f"{here(south)}/products/{product}/would-give"
    page = south.get(f"{asking}?lot_id={held}")
    assert (page.status, page.values["per_day"]) == (200, "1")
    about = page.text.partition("The lot you asked about")[2]
    assert about.index("It is held") < about.index("What would be given")
    assert f"/lots/{soon}" in page.html
    assert f"/lots/{later}" in page.html
    for wrong, told in (("per_day=x", "Type how much a day"), ("per_day=1001", "Type an amount up to 1000 a day.")):
        page = south.get(f"{asking}?{wrong}")
        assert (page.status, told in page.text) == (422, True)
        assert page.values["per_day"] == wrong.partition("=")[2]
    page = south.get(f"{asking}?per_day=1/2&through_on=1/1/2020")
    assert (page.status, "This day is past" in page.text) == (422, True)
    assert (page.values["per_day"], page.values["through_on"]) == ("1/2", "1/1/2020")
