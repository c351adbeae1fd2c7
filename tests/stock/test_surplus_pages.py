"""What clinics can spare, without JavaScript: what is lacking stands first, and nothing is said in vain."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from urllib.parse import parse_qs, quote, unquote, urlsplit
from uuid import UUID

import pytest

from deploy.client import wait_until
from services.stock.pages.surplus import linked_text
from services.stock.rules.transfer import LEAST_LIFE_DAYS
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, ATORVASTATIN, CREAM, INHALER, NORVASC
from tests.stock.shelves import shelve
from tests.visitor import Page, Visitor


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)


@pytest.fixture
def delegate(running: Running) -> Visitor:
    """Who cares for transfers at the other clinic."""
    return Visitor(running, running.world.south, Role.TRANSFERS_DELEGATE)


@pytest.fixture(autouse=True)
def nothing_is_left_offered(running: Running) -> Iterator[None]:
    yield
    for clinic in (running.world.north, running.world.south):
        api = running.caller(clinic, Role.CLINIC_PHARMACIST)
        for each in api.get("stock", "/surplus", most=500)["surplus"]:
            api.do("stock", f"/lots/{each['lot_id']}/withdraw-surplus")


def here(visitor: Visitor) -> str:
    return f"/stock/clinics/{visitor.clinic_id}"


def offered(running: Running, clinic: Clinic, product_id: UUID, units: int, days: int = 400) -> UUID:
    """Units of a new lot that others may have, and that every clinic of the cell has heard of."""
    lot_id = shelve(running, clinic, product_id, units, days=days)
    api = running.caller(clinic, Role.CLINIC_PHARMACIST)
    api.do("stock", f"/lots/{lot_id}/offer-surplus", {"units": units})
    other = running.world.south if clinic is running.world.north else running.world.north
    wait_for(running, other, product_id, units)
    return lot_id


def wait_for(running: Running, clinic: Clinic, product_id: UUID, units: int) -> None:
    api = running.caller(clinic, Role.CLINIC_PHARMACIST)

    def heard() -> bool:
        there = api.get("stock", "/neighbours/surplus", most=500)["surplus"]
        return (str(product_id), units) in {(each["product_id"], each["units"]) for each in there}

    wait_until(heard, "the other clinic hears of it")


def undo_of(page: Page) -> tuple[str, dict[str, str]]:
    """Where the way back leads, and its fields."""
    above, _, _ = page.html.partition("<h1")
    panel = above.rpartition("dosis-panel--yes")[2]
    [path] = re.findall(r'action="([^"]+)"', panel)
    return path, dict(re.findall(r'name="(\w+)" value="([^"]*)"', panel))


def asks_of(page: Page, clinic: Clinic) -> list[dict[str, list[str]]]:
    """What the page's links would ask of this clinic; other tests leave other clinics with something to spare."""
    links = re.findall(r'href="([^"]+/transfers/ask[^"]+)"', page.html)
    asked = [parse_qs(urlsplit(unescape(link)).query) for link in links]
    return [each for each in asked if each["from"] == [str(clinic.clinic_id)]]


# Who may


@pytest.mark.parametrize("path", ["/surplus", "/surplus/ours"])
def test_a_partner_pharmacist_does_not_see_it_and_an_auditor_only_looks(running: Running, path: str) -> None:
    partner = Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)
    assert partner.get(here(partner) + path).status == 403
    lot_id = offered(running, running.world.north, AMLIBON, 11)
    offered(running, running.world.south, AMLIBON, 12)
    auditor = Visitor(running, running.world.north, Role.AUDITOR)
    page = auditor.get(here(auditor) + path)
    assert page.status == 200
    assert "AMLIBON BES TAB 5MG/TAB" in page.text
    assert "transfers/ask" not in page.html
    assert not [form for form in page.forms if "withdraw" in form]
    for form in (f"/lots/{lot_id}/offer-surplus", f"/surplus/ours/{lot_id}/withdraw"):
        assert auditor.post(here(auditor) + form, units="1").status == 403


# What the others have


def test_what_is_lacking_stands_first_with_a_link_that_asks_for_it(running: Running, delegate: Visitor) -> None:
    north, south = running.world.north, running.world.south
    shelve(running, south, NORVASC, 28)
    offered(running, north, NORVASC, 13, days=20)
    offered(running, north, INHALER, 60, days=200)
    offered(running, north, CREAM, 20, days=60)
    page = delegate.get(f"{here(delegate)}/surplus")
    asked = asks_of(page, north)
    assert [each["product"] for each in asked] == [[str(CREAM)], [str(INHALER)], [str(NORVASC)]]
    assert asked[0] == {"from": [str(north.clinic_id)], "product": [str(CREAM)], "units": ["20"]}
    for row in (
        r"FUCIDIN[^|]*? Demo clinic North \S+ \S+ \S+ Under 90 days None Ask for it",
        r"NORVASC[^|]*? 13 \w+ Demo clinic North \S+ \S+ \S+ Under 30 days (?!None)",
    ):
        assert re.search(row, page.text), row


@pytest.mark.parametrize("text", ["amlodipini", "ΑΜΛΙΜΠΟΝ", AMLIBON_CODE, f"010{AMLIBON_CODE}17270630%1D10A1"])
def test_it_is_searched_as_every_list_of_medicines(running: Running, delegate: Visitor, text: str) -> None:
    offered(running, running.world.north, AMLIBON, 17)
    offered(running, running.world.north, ATORVASTATIN, 18)
    surplus = f"{here(delegate)}/surplus"
    for page in (delegate.get(f"{surplus}?text={text}"), delegate.post(surplus, text=unquote(text))):
        assert [asked["product"] for asked in asks_of(page, running.world.north)] == [[str(AMLIBON)]]


def test_what_is_searched_by_the_form_stands_in_no_address(delegate: Visitor) -> None:
    surplus = f"{here(delegate)}/surplus"
    assert {"key", "csrf"} <= delegate.get(surplus).forms[surplus].keys()
    for text in ("K7Q2M-9XW4U", "K7Q2M9XW4U", "ABCDE-FGHJK", "amlodipini"):
        page = delegate.post(surplus, text=text)
        assert (page.status, page.path, page.values["text"]) == (200, surplus, text)
        assert f"text={text}" not in page.html
    everything = delegate.post(surplus, text="")
    assert (everything.status, everything.path) == (200, surplus)
    refused = delegate.post(surplus, text="1234567890128")
    assert (refused.status, refused.values["text"]) == (422, "1234567890128")
    assert "Nobody has met the number 01234567890128 yet" in refused.text
    too_long = delegate.post(surplus, text="x" * 600)
    assert (too_long.status, too_long.values["text"]) == (422, "x" * 600)


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("amlibon", "amlibon"),
        ("ΑΜΛΙΜΠΟΝ", "ΑΜΛΙΜΠΟΝ"),
        ("atorvastat", "atorvastat"),
        (AMLIBON_CODE, f"0{AMLIBON_CODE}"),
        (f"010{AMLIBON_CODE}17270630\x1d10A1\x1d21SERIAL", f"0{AMLIBON_CODE}"),
        ("K7Q2M-9XW4U", ""),
        ("K7Q2M9XW4U", ""),
        ("ABCDE-FGHJK", ""),
    ],
)
def test_only_names_and_numbers_of_boxes_go_along_to_further_pages(text: str, linked: str) -> None:
    assert linked_text(text, date(2026, 6, 1)) == linked


def test_what_nobody_has_is_said_and_what_cannot_be_searched_is_refused_beside_the_field(delegate: Visitor) -> None:
    page = delegate.get(f"{here(delegate)}/surplus?text=qqqqxxxx")
    assert "No other clinic has said that it can spare “qqqqxxxx”." in page.text
    page = delegate.get(f"{here(delegate)}/surplus?text=1234567890128")
    assert (page.status, page.values["text"]) == (422, "1234567890128")
    assert "Nobody has met the number 01234567890128 yet" in page.text
    assert delegate.get(f"{here(delegate)}/surplus?text={quote('<b>' + 'x' * 600)}").status == 422
    assert "The list ends before this page." in delegate.get(f"{here(delegate)}/surplus?page=99").text
    assert delegate.get(f"{here(delegate)}/surplus/ours?page=99").status == 200


def test_a_long_list_is_parted_and_a_search_goes_along(running: Running, delegate: Visitor) -> None:
    for number in range(43):
        lot_id = shelve(running, running.world.north, AMLIBON, 100 + number, days=300 + number)
        api = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
        api.do("stock", f"/lots/{lot_id}/offer-surplus", {"units": 100 + number})
    wait_for(running, running.world.south, AMLIBON, 142)
    path, units, pages = "", list[str](), 0
    page = delegate.post(f"{here(delegate)}/surplus", text="amlibon")
    while path or not pages:
        page = delegate.get(f"{here(delegate)}/surplus{path}") if path else page
        assert page.html.count("/transfers/ask") <= 40
        units += [asked["units"][0] for asked in asks_of(page, running.world.north)]
        [path] = re.findall(r'rel="next" href="([^"]+)"', page.html) or [""]
        path, pages = unescape(path), pages + 1
    assert pages > 1
    assert sorted(units) == [str(100 + number) for number in range(43)]


# What we can spare


def test_a_lot_is_offered_from_its_page_and_the_way_back_stands_there(running: Running, pharmacist: Visitor) -> None:
    lot_id = shelve(running, running.world.north, AMLIBON, 45, days=LEAST_LIFE_DAYS)
    address = f"{here(pharmacist)}/lots/{lot_id}"
    page = pharmacist.get(address)
    assert page.filled[f"{address}/offer-surplus"] == {"units": "45"}
    page = pharmacist.post(f"{address}/offer-surplus", units="31")
    assert "The other clinics are told that they may have it" in page.text
    assert "The other clinics know that they may have 1 pack of 30 and 1 tablet." in page.text
    for listed in ("lots?within=30", f"products/{AMLIBON}"):
        assert "For other clinics: 1 pack of 30 and 1 tablet" in pharmacist.get(f"{here(pharmacist)}/{listed}").text
    wait_for(running, running.world.south, AMLIBON, 31)
    page = pharmacist.post(undo_of(page)[0], units="31")
    assert "The other clinics are told that they may have it no more" in page.text
    path, fields = undo_of(page)
    assert (path, fields["units"]) == (f"{address}/offer-surplus", "31")
    assert "The other clinics know that they may have" in pharmacist.post(path, units="31").text


@pytest.mark.parametrize(
    ("units", "why"),
    [
        ("46", "There are only 45 there."),
        ("0", "Type a whole number from 1"),
        ("-1", "Type a whole number"),
        ("1.5", "Type a whole number"),
        ("", "Fill this in."),
        ("9" * 40, "Type a whole number"),
        ("<script>", "Type a whole number"),
    ],
)
def test_what_cannot_be_offered_is_refused_beside_the_field_and_nothing_typed_is_lost(
    running: Running, pharmacist: Visitor, units: str, why: str
) -> None:
    lot_id = shelve(running, running.world.north, AMLIBON, 45)
    page = pharmacist.post(f"{here(pharmacist)}/lots/{lot_id}/offer-surplus", units=units)
    assert page.status == 422
    assert why in page.text
    assert page.filled[page.path]["units"] == units
    assert "The other clinics know" not in page.text


def test_of_a_lot_that_cannot_be_spared_the_page_says_why(running: Running, pharmacist: Visitor) -> None:
    soon = shelve(running, running.world.north, AMLIBON, 45, days=LEAST_LIFE_DAYS - 1)
    page = pharmacist.get(f"{here(pharmacist)}/lots/{soon}")
    assert "It expires too soon to be sent to another clinic." in page.text
    refused = pharmacist.post(f"{here(pharmacist)}/lots/{soon}/offer-surplus", units="1")
    assert (refused.status, "What leaves must still be good for 14 days." in refused.text) == (422, True)
    held = shelve(running, running.world.north, AMLIBON, 45)
    pharmacist.post(f"{here(pharmacist)}/lots/{held}/hold", reason="A recall.")
    assert "It is on hold: no other clinic may have it." in pharmacist.get(f"{here(pharmacist)}/lots/{held}").text
    refused = pharmacist.post(f"{here(pharmacist)}/lots/{held}/offer-surplus", units="1")
    assert (refused.status, "This lot is held" in refused.text) == (409, True)
    nothing = shelve(running, running.world.north, AMLIBON, 5)
    gone = {"units": "5", "source": "shelf", "outcome": "lost", "reason": "Not found."}
    page = pharmacist.post(f"{here(pharmacist)}/lots/{nothing}/write-off", **gone)
    assert "Nothing of it is on the shelf." in page.text


def test_the_list_of_what_we_can_spare_withdraws_and_brings_back(running: Running, pharmacist: Visitor) -> None:
    lot_id = offered(running, running.world.north, ATORVASTATIN, 28)
    ours = f"{here(pharmacist)}/surplus/ours"
    page = pharmacist.get(ours)
    assert f"/lots/{lot_id}" in page.html
    assert page.forms[f"{ours}/{lot_id}/withdraw"]["units"] == "28"
    page = pharmacist.post(f"{ours}/{lot_id}/withdraw", units="28")
    assert "We have told the other clinics of nothing." in page.text
    path, fields = undo_of(page)
    assert (path, fields["units"]) == (f"{ours}/{lot_id}/offer", "28")
    assert f"/lots/{lot_id}" in pharmacist.post(path, units="28").html
    again = pharmacist.post(f"{ours}/{lot_id}/withdraw", units="28")
    twice = pharmacist.post(f"{ours}/{lot_id}/withdraw", units="28")
    assert (again.status, twice.status) == (200, 409)
    assert "Other clinics are not told of this lot" in twice.text


def test_an_address_that_somebody_wrote_leads_no_form_elsewhere(pharmacist: Visitor) -> None:
    ours = f"{here(pharmacist)}/surplus/ours"
    page = pharmacist.get(f"{ours}?was=withdrawn&lot_id={quote('../../lots/x/hold?')}&units=1")
    assert page.status == 200
    assert not [form for form in page.forms if "offer" in form]


def test_another_clinics_lot_is_neither_offered_nor_withdrawn(running: Running, pharmacist: Visitor) -> None:
    lot_id = offered(running, running.world.south, ATORVASTATIN, 28)
    for theirs in (lot_id, new_id()):
        for form in (f"/lots/{theirs}/offer-surplus", f"/lots/{theirs}/withdraw-surplus"):
            assert pharmacist.post(here(pharmacist) + form, units="1").status == 404
        assert pharmacist.post(f"{here(pharmacist)}/surplus/ours/{theirs}/withdraw", units="1").status == 404


def test_where_nothing_is_here_a_link_leads_to_what_others_have(running: Running, pharmacist: Visitor) -> None:
    page = pharmacist.get(f"{here(pharmacist)}/products")
    assert f'href="{here(pharmacist)}/surplus"' in page.html
