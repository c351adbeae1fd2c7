"""The pages of transfers, without JavaScript: two clinics of one cell ask, agree, send, count and settle."""

import asyncio
import re
from datetime import date
from uuid import UUID

import pytest

from deploy.client import wait_until
from services.stock.transfer_note import NotedLot, codes_of_note
from shared import slips
from shared.database import Database
from shared.ids import new_id
from shared.roles import ALLOWED, Act, Role
from shared.web.pages.view import csrf_token
from tests.people import Running
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, ATORVASTATIN, INHALER, NORMODIN, OwnClinic
from tests.stock.network import UNHEARD_OF, FarClinic
from tests.stock.shelves import hold_all, shelve
from tests.visitor import Page, Visitor


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_in_the_south(running: Running) -> None:
    """What other tests left there would be sent first."""
    for product_id in (AMLIBON, ATORVASTATIN):
        hold_all(running, running.world.south, product_id)


@pytest.fixture
def north(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.TRANSFERS_DELEGATE)


@pytest.fixture
def south(running: Running) -> Visitor:
    return Visitor(running, running.world.south, Role.TRANSFERS_DELEGATE)


def at(visitor: Visitor, rest: str = "") -> str:
    return f"/stock/clinics/{visitor.clinic_id}/transfers{rest}"


def ask(north: Visitor, south: Visitor, *wanted: tuple[UUID, int], note: str = "") -> str:
    """A transfer that is asked for and heard; returns its id."""
    fields = {"from_clinic_id": str(south.clinic_id), "then": "ask"} | ({"note": note} if note else {})
    for number, (product_id, units) in enumerate(wanted, start=1):
        fields |= {f"product_id-{number}": str(product_id), f"units-{number}": str(units)}
    page = north.post(at(north, "/ask"), **fields)
    assert "The other clinic is asked" in page.text
    transfer_id = page.path.rpartition("/")[2]
    heard(south, transfer_id, "We answer: what can we send?")
    return transfer_id


def heard(visitor: Visitor, transfer_id: str, text: str) -> Page:
    """The page once the other side's word has come."""
    wait_until(lambda: text in visitor.get(at(visitor, f"/{transfer_id}")).text, f"“{text}” is on the page")
    return visitor.get(at(visitor, f"/{transfer_id}"))


def agree(south: Visitor, transfer_id: str, *units: int) -> Page:
    fields = {f"units-{number}": str(n) for number, n in enumerate(units, start=1)}
    reasons = {f"reason-{number}": "We need the rest." for number in range(1, len(units) + 1)}
    page = south.post(at(south, f"/{transfer_id}/agree"), **fields, **reasons)
    assert "Agreed: the units are set apart" in page.text, page.text
    return page


def ship(north: Visitor, south: Visitor, transfer_id: str) -> Page:
    """Sent, and heard; the page that counts it."""
    assert "Sent: print the note" in south.post(at(south, f"/{transfer_id}/ship")).text
    return heard(north, transfer_id, "We count what arrived")


def shipped(running: Running, north: Visitor, south: Visitor, units: int) -> str:
    shelve(running, running.world.south, AMLIBON, units)
    transfer_id = ask(north, south, (AMLIBON, units))
    agree(south, transfer_id, units)
    ship(north, south, transfer_id)
    return transfer_id


# Who may


@pytest.mark.parametrize("role", list(Role))
def test_who_may_transfer_is_offered_it_and_who_only_looks_is_not(running: Running, role: Role) -> None:
    visitor = Visitor(running, running.world.north, role)
    looks, does = (role in ALLOWED[act] for act in (Act.SEE_TRANSFERS, Act.TRANSFER))
    page = visitor.get(at(visitor))
    assert page.status == (200 if looks else 403)
    assert ("Ask a clinic" in page.text) == does
    assert visitor.get(at(visitor, "/ask")).status == (200 if does else 403)
    assert (visitor.post(at(visitor, f"/{new_id()}/ship")).status == 403) == (not does)
    home = visitor.get(f"/stock/clinics/{visitor.clinic_id}")
    assert (at(visitor) in home.html) == looks


def test_another_clinics_transfer_is_not_there(running: Running, north: Visitor) -> None:
    assert running
    for path in (f"/{new_id()}", f"/{new_id()}/note.pdf"):
        page = north.get(at(north, path))
        assert (page.status, "There is no such transfer at this clinic" in page.text) == (404, True)
    for path in ("agree", "decline", "ship", "receive", "settle"):
        fields = {"reason": "No.", "note": "No.", "outcome": "lost"}
        assert north.post(at(north, f"/{new_id()}/{path}"), **fields).status == 404


# Asking


def test_a_medicine_is_asked_for_by_its_name_with_packs_and_pieces_and_another_beside_it(
    north: Visitor, south: Visitor
) -> None:
    path = at(north, "/ask")
    asking = {"from_clinic_id": str(south.clinic_id), "note": "For Thursday, please."}
    found = north.post(path, text="amlibon", **asking)
    assert f'name="product_id" value="{AMLIBON}"' in found.html
    assert found.values["note"] == "For Thursday, please."
    chosen = north.post(path, product_id=str(AMLIBON), text="amlibon", **asking)
    assert "Packs of 30" in chosen.text
    assert chosen.forms[path]["product_id"] == str(AMLIBON)
    added = north.post(path, product_id=str(AMLIBON), packs="1", units="5", then="add", **asking)
    assert "1 pack of 30 and 5 tablets" in added.text
    carried = {name: value for name, value in added.forms[path].items() if name not in ("key", "csrf")}
    scanned = north.post(path, text=AMLIBON_CODE, **(asking | carried))
    assert scanned.forms[path]["product_id"] == str(AMLIBON)
    asked = north.post(path, product_id=str(NORMODIN), units="7", then="ask", **(asking | carried))
    assert "The other clinic is asked" in asked.text
    answer = heard(south, asked.path.rpartition("/")[2], "We answer: what can we send?")
    assert "They wrote: For Thursday, please." in answer.text
    assert "1 pack of 30 and 5 tablets" in answer.text
    assert [name for name in answer.values if name.startswith("units")] == ["units-1", "units-2"]


def test_a_line_is_taken_out_and_the_others_stay(north: Visitor, south: Visitor) -> None:
    fields = {"from_clinic_id": str(south.clinic_id), "without": "1"}
    for number, product_id in enumerate((AMLIBON, NORMODIN), start=1):
        fields |= {f"product_id-{number}": str(product_id), f"units-{number}": "7"}
    left = north.post(at(north, "/ask"), **fields).forms[at(north, "/ask")]
    assert (left["product_id-1"], "product_id-2" in left) == (str(NORMODIN), False)


def test_an_offers_link_fills_the_form(north: Visitor, south: Visitor) -> None:
    page = north.get(at(north, f"/ask?from={south.clinic_id}&product={AMLIBON}&units=65"))
    assert (page.values["packs"], page.values["units"]) == ("2", "5")
    assert page.forms[at(north, "/ask")]["product_id"] == str(AMLIBON)
    assert north.get(at(north, "/ask?from=x&product=x&units=x")).status == 200
    assert north.get(at(north, f"/ask?product={new_id()}")).status == 404


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"units": "0"}, "Type a whole number from 1 to 1,000,000."),
        ({"units": "-3"}, "Type a whole number from 0"),
        ({"units": "three"}, "Type a whole number from 0"),
        ({"units": "1000001"}, "Type a whole number from 0"),
        ({"units": ""}, "Type how much is wanted."),
        ({"packs": "1000000", "units": "1"}, "Type a whole number from 1 to 1,000,000."),
        ({"product_id": ""}, "Fill this in."),
        ({"from_clinic_id": "00000000-0000-7000-8000-000000000000"}, "This clinic has not been heard"),
        ({"from_clinic_id": ""}, "Choose one of the list."),
        ({"text": "1234567890128"}, "Nobody has met the number"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field_and_nothing_typed_is_lost(
    north: Visitor, south: Visitor, fields: dict[str, str], told: str
) -> None:
    good = {"from_clinic_id": str(south.clinic_id), "product_id": str(AMLIBON), "units": "5", "note": "Please."}
    then = {} if "text" in fields else {"then": "ask"}
    if "text" in fields:
        good.pop("product_id")
    page = north.post(at(north, "/ask"), **(good | then | fields))
    assert (page.status, told in page.text) == (422, True)
    assert page.values["note"] == "Please."
    if "packs" not in fields and page.values.get("units"):
        assert page.values["units"] == fields.get("units", "5")


def test_the_same_form_sent_twice_asks_once(north: Visitor, south: Visitor) -> None:
    fields = {"from_clinic_id": str(south.clinic_id), "product_id": str(AMLIBON), "units": "5", "then": "ask"}
    sent = fields | {"key": str(new_id()), "csrf": csrf_token(north.token)}
    places = {north.sent(at(north, "/ask"), sent).headers["location"] for _ in range(2)}
    assert len(places) == 1


# Answering


def test_what_is_there_stands_in_the_form_and_one_key_agrees(running: Running, north: Visitor, south: Visitor) -> None:
    shelve(running, running.world.south, ATORVASTATIN, 20)
    shelve(running, running.world.south, ATORVASTATIN, 500, days=5)
    transfer_id = ask(north, south, (ATORVASTATIN, 18), (ATORVASTATIN, 12))
    page = south.get(at(south, f"/{transfer_id}"))
    assert (page.values["units-1"], page.values["units-2"]) == ("18", "2")
    assert page.values["reason-2"] == "There is no more of it here"
    fields = {name: page.values[name] for name in ("units-1", "reason-1", "units-2", "reason-2")}
    path = at(south, f"/{transfer_id}/agree")
    sent = fields | {"key": str(new_id()), "csrf": csrf_token(south.token)}
    assert [south.sent(path, sent).status_code for _ in range(2)] == [303, 303]
    told = heard(north, transfer_id, "packs it, and sends it")
    assert "There is no more of it here" in told.text
    late = south.post(path, **fields)
    assert (late.status, "The transfer is in another state" in late.text) == (409, True)


@pytest.mark.parametrize(
    ("units", "reason", "told"),
    [
        ("31", "", "They asked for 30: agree to at most as many."),
        ("26", "", "There are only 25 there."),
        ("20", " ", "Say in a few words why it is less"),
        ("20", "There is no more of it here", "There is more of it here."),
        ("0", "No.", "Nothing would be sent."),
        ("-1", "No.", "Type a whole number from 0"),
        ("x", "No.", "Type a whole number from 0"),
        ("", "No.", "Fill this in."),
    ],
)
def test_what_cannot_be_agreed_is_said_beside_its_line(
    running: Running, north: Visitor, south: Visitor, units: str, reason: str, told: str
) -> None:
    hold_all(running, running.world.south, INHALER)
    shelve(running, running.world.south, INHALER, 25)
    transfer_id = ask(north, south, (INHALER, 30))
    page = south.post(at(south, f"/{transfer_id}/agree"), **{"units-1": units, "reason-1": reason})
    assert (page.status, told in page.text) == (422, True), page.text
    assert "Agree to these amounts" in page.text
    assert (page.values["units-1"], page.values["reason-1"]) == (units, reason)


def test_what_was_agreed_can_still_be_declined_and_goes_back(running: Running, north: Visitor, south: Visitor) -> None:
    shelve(running, running.world.south, AMLIBON, 30)
    transfer_id = ask(north, south, (AMLIBON, 30))
    assert "Take it back: decline it after all" in agree(south, transfer_id, 30).text
    empty = south.post(at(south, f"/{transfer_id}/decline"), reason=" ")
    assert (empty.status, "Fill this in." in empty.text) == (422, True)
    page = south.post(at(south, f"/{transfer_id}/decline"), reason="We need it ourselves.")
    assert "Declined: the other clinic is told why" in page.text
    assert "Declined: We need it ourselves." in heard(north, transfer_id, "Nothing more to do").text


def test_a_lot_that_is_held_by_now_stops_the_shipment_and_is_named(
    running: Running, north: Visitor, south: Visitor
) -> None:
    hold_all(running, running.world.south, INHALER)
    lot_id = shelve(running, running.world.south, INHALER, 3, batch="HELD-LATER")
    transfer_id = ask(north, south, (INHALER, 3))
    agree(south, transfer_id, 3)
    pharmacist = Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)
    pharmacist.post(f"/stock/clinics/{south.clinic_id}/lots/{lot_id}/hold", reason="Recalled.")
    page = south.post(at(south, f"/{transfer_id}/ship"))
    assert page.status == 422
    assert "batch HELD-LATER, is on hold: it can't be sent." in page.text


# The box on its way


def test_the_note_is_printed_once_it_is_sent(running: Running, north: Visitor, south: Visitor) -> None:
    shelve(running, running.world.south, AMLIBON, 30)
    transfer_id = ask(north, south, (AMLIBON, 30))
    early = south.get(at(south, f"/{transfer_id}/note.pdf"))
    assert (early.status, "This transfer has not been sent" in early.text) == (409, True)
    agree(south, transfer_id, 30)
    ship(north, south, transfer_id)
    for visitor in (north, south):
        paper = visitor.answer(at(visitor, f"/{transfer_id}/note.pdf"))
        assert paper.content.startswith(b"%PDF")
        assert paper.headers["content-disposition"] == 'inline; filename="transfer-note.pdf"'


def note_of(transfer_id: str, *, code: str = AMLIBON_CODE, name: str = "") -> str:
    lot = NotedLot(
        lot_number=1,
        codes=(code,) if code else (),
        name=name,
        batch="N1",
        expires_on=date(2029, 6, 30),
        units=30,
    )
    [text] = codes_of_note(UUID(transfer_id), [lot])
    return text


def test_a_scanned_note_or_its_number_leads_to_the_form_that_counts(
    running: Running, north: Visitor, south: Visitor
) -> None:
    transfer_id = shipped(running, north, south, 30)
    for text in (note_of(transfer_id), slips.slip_number_shown(UUID(transfer_id))):
        for path in (at(north, "/find"), f"/stock/clinics/{north.clinic_id}/find"):
            assert north.post(path, text=text).path == at(north, f"/{transfer_id}")
    page = north.get(at(north, f"/{transfer_id}"))
    assert page.values["units-1"] == "30"


def test_a_box_that_was_faster_than_its_word_says_what_is_in_it_and_waits(north: Visitor, south: Visitor) -> None:
    transfer_id = ask(north, south, (AMLIBON, 30))
    page = north.post(at(north, "/find"), text=note_of(transfer_id))
    assert "the word of it is still on its way here" in page.text
    assert "AMLIBON" in page.text
    assert "1 pack of 30" in page.text
    page = north.post(at(north, "/find"), text=note_of(str(new_id()), code="", name="Άγνωστο σιρόπι"))
    assert "or the box is for another clinic" in page.text
    assert "Άγνωστο σιρόπι" in page.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("DT1*0198", "A part of the code is missing."),
        (AMLIBON_CODE, "This is no transfer's note."),
        ("hello", "This is no transfer's note."),
        ("", "Fill this in."),
        ("00000000000", "There is no transfer with this number here."),
        ("x" * 501, "This is too long"),
    ],
)
def test_what_is_no_note_is_said(north: Visitor, text: str, told: str) -> None:
    page = north.post(at(north, "/find"), text=text)
    assert (page.status, told in page.text) == (422, True)
    assert page.values["text"] == text


# Counting and settling


def test_all_that_was_sent_is_there(running: Running, north: Visitor, south: Visitor) -> None:
    transfer_id = shipped(running, north, south, 30)
    page = north.post(at(north, f"/{transfer_id}/receive"), **{"units-1": "30"})
    assert "Counted: what arrived is in our stock" in page.text
    assert "Nothing more to do" in heard(south, transfer_id, "Done").text
    late = north.post(at(north, f"/{transfer_id}/receive"), **{"units-1": "29"})
    assert (late.status, "The transfer is in another state" in late.text) == (409, True)


def test_what_did_not_arrive_is_told_on_both_sides_and_settled(
    running: Running, north: Visitor, south: Visitor
) -> None:
    transfer_id = shipped(running, north, south, 30)
    page = north.post(at(north, f"/{transfer_id}/receive"), **{"units-1": "28"})
    assert "of 30 tablets, 2 tablets did not arrive." in page.text
    told = heard(south, transfer_id, "We say what became of what did not arrive")
    assert "of 30 tablets, 2 tablets did not arrive." in told.text
    path = at(south, f"/{transfer_id}/settle")
    assert '<option value="" selected>Choose' in told.html, "nobody settles as lost what they did not say so of"
    for wrong in ({"outcome": "eaten", "note": "x"}, {"outcome": "", "note": "x"}, {"outcome": "lost", "note": ""}):
        page = south.post(path, **wrong)
        assert page.status == 422
        assert ("What became of it? Choose one of the list." in page.text) == (wrong["outcome"] != "lost")
    assert "Settled" in south.post(path, outcome="returned", note="They lay in the car.").text
    page = heard(north, transfer_id, "They lay in the car.")
    assert "What did not arrive: Came back. They lay in the car." in page.text
    days = page.text.partition("Its days")[2]
    places = [
        days.index(word) for word in ("Asked for", "Agreed", "Sent", "Received, and something is missing", "Done")
    ]
    assert places == sorted(places)


def test_more_than_was_sent_goes_into_quarantine_and_both_are_told(
    running: Running, north: Visitor, south: Visitor
) -> None:
    transfer_id = shipped(running, north, south, 30)
    page = north.post(at(north, f"/{transfer_id}/receive"), **{"units-1": "33"})
    assert "3 tablets came that were not on the note. They are in quarantine, until" in page.text
    assert "They are in quarantine there." in heard(south, transfer_id, "Done").text


@pytest.mark.parametrize("units", ["-1", "x", "", "1000001"])
def test_a_count_that_is_none_is_said(running: Running, north: Visitor, south: Visitor, units: str) -> None:
    transfer_id = shipped(running, north, south, 30)
    page = north.post(at(north, f"/{transfer_id}/receive"), **{"units-1": units})
    assert (page.status, page.values["units-1"]) == (422, units)


# What waits


def test_what_waits_for_us_stands_on_top_and_on_the_first_page(
    running: Running, north: Visitor, south: Visitor
) -> None:
    mine = ask(north, south, (AMLIBON, 30))
    theirs = ask(south, north, (AMLIBON, 30))
    assert running
    page = north.get(at(north))
    assert page.html.index(theirs) < page.html.index(mine)
    home = north.get(f"/stock/clinics/{north.clinic_id}")
    assert re.search(r"[0-9]+ transfers?: another clinic waits for our answer", home.text)
    counter = Visitor(running, running.world.north, Role.COUNTER_VOLUNTEER)
    assert "waits for our answer" not in counter.get(f"/stock/clinics/{north.clinic_id}").text


def test_a_long_list_is_shown_in_pages(north: Visitor, south: Visitor) -> None:
    asked = {ask(north, south, (AMLIBON, 1)) for _ in range(3)}
    seen, number = set[str](), 1
    while True:
        page = north.get(at(north, f"?page={number}"))
        seen |= {each for each in asked if each in page.html}
        if 'rel="next"' not in page.html:
            break
        number += 1
    assert seen == asked
    assert north.get(at(north, "?page=99999")).status == 200


async def far_shipment(running: Running) -> str:
    """A transfer from a clinic of another cell, on its way, of what our catalogue doesn't know; returns its id."""
    database = await Database.connect(running.cell.app_url("stock"), 2)
    try:
        far = FarClinic(OwnClinic(running.world, database, running.world.north, ""))
        await far.announce()
        transfer_id, side_id = await far.asked_by_us(30), new_id()
        told = (far.agreed(transfer_id, 30), far.shipped(transfer_id, 30, UNHEARD_OF))
        await far.hear(*(far.says(side_id, version, event) for version, event in enumerate(told, start=1)))
        return str(transfer_id)
    finally:
        await database.close()


def test_what_our_catalogue_does_not_know_is_named_by_whoever_counts(running: Running, north: Visitor) -> None:
    path = at(north, f"/{asyncio.run(far_shipment(running))}")
    assert "Which product of ours is it?" in north.get(path).text
    page = north.post(f"{path}/receive", **{"units-1": "29"})
    assert (page.status, "Choose which product of our catalogue it is." in page.text) == (422, True)
    page = north.post(f"{path}/receive", **{"units-1": "29", "name-1": "normodin"})
    assert (page.status, "These are like what you typed" in page.text) == (422, True)
    assert f'<option value="{NORMODIN}">' in page.html
    assert (page.values["units-1"], page.values["name-1"]) == ("29", "normodin")
    page = north.post(f"{path}/receive", **{"units-1": "29", "product_id-1": str(NORMODIN)})
    assert "Counted: what arrived is in our stock" in page.text
    none = north.post(f"{path}/receive", **{"units-1": "x", "product_id-1": "x"})
    assert none.status == 422


def test_what_did_not_come_at_all_needs_no_name(running: Running, north: Visitor) -> None:
    path = at(north, f"/{asyncio.run(far_shipment(running))}")
    page = north.post(f"{path}/receive", **{"units-1": "0"})
    assert "of 30, 30 did not arrive." in page.text
