"""Donations' pages without JavaScript: who may, what is asked, and that nothing is lost or logged twice."""

import re
from uuid import UUID

import pytest

from shared import slips
from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token
from tests.people import Clinic, Running
from tests.visitor import Page, Visitor

NORMODIN = "2802585801014"
SALOSPIR = "2801925519015"


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)


@pytest.fixture
def checker(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)


@pytest.fixture
def base(pharmacist: Visitor, running: Running) -> str:
    """The address of a new collection."""
    path = f"/donations/clinics/{pharmacist.clinic_id}/collections"
    return pharmacist.post(path, pharmacy_id=str(running.world.north.pharmacies[0])).path


def full(ean: str, serial: str = "", day: str = "290630") -> str:
    return f"010{ean}17{day}10LOT7\x1d21{serial or new_id().hex[:16]}"


def log(visitor: Visitor, base: str, **fields: str) -> Page:
    return visitor.post(f"{base}/boxes", **fields)


def lines(running: Running, base: str) -> list[dict[str, object]]:
    caller = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    return caller.get("donations", f"/collections/{base.rpartition('/')[2]}")["lines"]


def hand_in(pharmacist: Visitor, base: str) -> None:
    assert pharmacist.post(f"{base}/hand-in").status == 200


def test_a_whole_code_adds_the_box(pharmacist: Visitor, running: Running, base: str) -> None:
    page = log(pharmacist, base, text=full(NORMODIN))
    assert page.status == 200
    assert "Added" in page.text
    assert "14 tablets" in page.text
    [line] = lines(running, base)
    assert (line["batch"], line["expires_on"], line["units"]) == ("LOT7", "2029-06-30", 14)


def test_bars_ask_for_the_expiry_and_store_nothing_before(pharmacist: Visitor, running: Running, base: str) -> None:
    asked = log(pharmacist, base, text=NORMODIN)
    assert "NORMODIN" in asked.text
    assert {"expires", "batch"} <= asked.values.keys()
    assert lines(running, base) == []
    carried = {name: value for name, value in asked.forms[f"{base}/boxes"].items() if name not in ("key", "csrf")}
    log(pharmacist, base, **carried | {"text": NORMODIN, "batch_asked": "yes", "expires": "0629", "batch": "B1"})
    [line] = lines(running, base)
    assert (line["batch"], line["expires_on"]) == ("B1", "2029-06-30")


def test_a_box_whose_question_was_left_is_told_when_another_is_scanned(
    pharmacist: Visitor, running: Running, base: str
) -> None:
    asked = log(pharmacist, base, text=NORMODIN)
    left = asked.forms[f"{base}/boxes"]["left"]
    assert "NORMODIN" in left
    told = "Not added, because its question was not answered"
    other = log(pharmacist, base, text=full(SALOSPIR), left=left)
    assert f"{told}: {left}" in other.text and len(lines(running, base)) == 1
    again = log(pharmacist, base, text=SALOSPIR, left=left)
    assert f"{told}: {left}" in again.text
    answered = log(pharmacist, base, text=NORMODIN, batch_asked="yes", expires="0629")
    assert told not in answered.text
    second_code = log(pharmacist, base, text=full(NORMODIN), left=left)
    assert "If there are two, scan the other one too." in second_code.text
    assert told not in pharmacist.get(base).text


def test_a_batch_that_was_asked_and_left_empty_is_unreadable(pharmacist: Visitor, running: Running, base: str) -> None:
    log(pharmacist, base, text=NORMODIN, batch_asked="yes", expires="06/2029")
    assert [line["batch"] for line in lines(running, base)] == [None]


def test_the_other_code_typed_for_an_expiry_says_it(pharmacist: Visitor, running: Running, base: str) -> None:
    log(pharmacist, base, text=NORMODIN, batch_asked="yes", expires=full(NORMODIN))
    [line] = lines(running, base)
    assert (line["batch"], line["expires_on"]) == ("LOT7", "2029-06-30")


def test_a_name_is_chosen_and_asked_for_the_rest(pharmacist: Visitor, running: Running, base: str) -> None:
    found = log(pharmacist, base, text="νορμοντιν")
    assert "Which medicine is it?" in found.text
    product_id = found.forms[f"{base}/boxes"].get("product_id") or found.html.split('name="product_id" value="')[1][:36]
    asked = log(pharmacist, base, product_id=product_id)
    assert asked.values["units"] == "14", "its packs have just one size"
    log(pharmacist, base, product_id=product_id, batch_asked="yes", expires="0629", units="14")
    assert [line["units"] for line in lines(running, base)] == [14]


@pytest.mark.parametrize("expires", ["1327", "soon", "0", "31/2/2029", "9999"])
def test_an_expiry_that_cannot_be_read_is_asked_again_with_all_that_was_typed(
    pharmacist: Visitor, running: Running, base: str, expires: str
) -> None:
    page = log(pharmacist, base, text=NORMODIN, batch_asked="yes", expires=expires, batch="B9")
    assert page.status == 422
    assert "Type the expiry as month and year" in page.text
    assert (page.values["expires"], page.values["batch"]) == (expires, "B9")
    assert lines(running, base) == []


def test_nothing_typed_is_said_to_be_missing(pharmacist: Visitor, base: str) -> None:
    page = log(pharmacist, base)
    assert (page.status, "Fill this in." in page.text) == (422, True)


@pytest.mark.parametrize("text", ["-", "20"])
def test_without_a_box_there_is_nothing_to_change(pharmacist: Visitor, base: str, text: str) -> None:
    page = log(pharmacist, base, text=text)
    assert (page.status, page.values["text"]) == (422, text)
    assert "There is no box yet" in page.text


def test_a_number_counts_the_box_that_the_page_shows_as_the_last(
    pharmacist: Visitor, running: Running, base: str
) -> None:
    shown = log(pharmacist, base, text=full(NORMODIN)).forms[f"{base}/boxes"]["last"]
    # Somebody else logs another box in the meantime: it isn't meant.
    log(pharmacist, base, text=full(SALOSPIR))
    log(pharmacist, base, text="9", last=shown)
    assert [line["units"] for line in lines(running, base)] == [9, 20]
    log(pharmacist, base, text="-", last=shown)
    assert [line["state"] for line in lines(running, base)] == ["withdrawn", "logged"]


def test_more_than_a_pack_is_asked_before_it_is_counted(pharmacist: Visitor, running: Running, base: str) -> None:
    last = log(pharmacist, base, text=full(NORMODIN)).forms[f"{base}/boxes"]["last"]
    asked = log(pharmacist, base, text="99", last=last)
    assert "You count 99, and a full pack has 14." in asked.text
    assert [line["units"] for line in lines(running, base)] == [14]
    log(pharmacist, base, text="99", last=last, more_than_pack_ok="yes")
    assert [line["units"] for line in lines(running, base)] == [99]


def test_a_refused_box_is_stored_with_its_reason_and_says_it(pharmacist: Visitor, running: Running, base: str) -> None:
    page = log(pharmacist, base, text=full(NORMODIN, day="250101"))
    assert "Not accepted" in page.text
    assert "It has expired" in page.text
    assert [line["state"] for line in lines(running, base)] == ["refused"]


def test_the_source_and_the_storage_hold_for_the_next_box(pharmacist: Visitor, running: Running, base: str) -> None:
    page = log(
        pharmacist, base, text=full(NORMODIN), source_kind="association", storage="unknown", source_name="Σύλλογος"
    )
    assert '<option value="association" selected' in page.html
    assert '<option value="unknown" selected' in page.html
    assert "Σύλλογος" not in page.path
    [line] = lines(running, base)
    assert (line["source_kind"], line["storage"], line["source_name"]) == ("association", "unknown", "Σύλλογος")


def test_a_box_sent_twice_is_logged_once(pharmacist: Visitor, running: Running, base: str) -> None:
    fields = {"key": str(new_id()), "csrf": csrf_token(pharmacist.token), "text": full(NORMODIN)}
    first, second = (pharmacist.sent(f"{base}/boxes", fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(lines(running, base)) == 1


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE line", "{{ 7 * 7 }}", "\x00", "a" * 501])
def test_what_is_typed_is_shown_as_it_is_and_never_run(pharmacist: Visitor, base: str, text: str) -> None:
    page = log(pharmacist, base, text=text)
    assert page.status in (200, 422)
    assert "<script>alert" not in page.html
    assert "“49”" not in page.text


def test_another_pharmacys_collection_is_as_if_it_were_not_there(running: Running, base: str) -> None:
    stranger = Visitor(running, running.world.south, Role.PARTNER_PHARMACIST)
    there = base.replace(str(running.world.north.clinic_id), str(running.world.south.clinic_id))
    assert stranger.get(there).status == 404
    assert stranger.post(f"{there}/boxes", text=full(NORMODIN)).status == 404
    assert stranger.get(base).status == 403


def test_a_collection_that_was_handed_in_takes_no_more_boxes(pharmacist: Visitor, running: Running, base: str) -> None:
    log(pharmacist, base, text=full(NORMODIN))
    hand_in(pharmacist, base)
    page = log(pharmacist, base, text=full(SALOSPIR))
    assert page.status == 409
    assert "The collection has been handed in" in page.text
    assert len(lines(running, base)) == 1


def test_an_empty_collection_is_not_handed_in(pharmacist: Visitor, base: str) -> None:
    page = pharmacist.post(f"{base}/hand-in")
    assert page.status == 422
    assert "There is nothing in the collection" in page.text


def test_the_slip_is_paper_with_a_name_that_tells_nothing(pharmacist: Visitor, base: str) -> None:
    log(pharmacist, base, text=full(NORMODIN))
    hand_in(pharmacist, base)
    answer = pharmacist.answer(f"{base}/slip.pdf")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"] == 'inline; filename="slip.pdf"'


@pytest.mark.parametrize("role", [Role.COUNTER_VOLUNTEER, Role.SECRETARY, Role.AUDITOR, Role.PARTNER_PHARMACIST])
def test_only_a_clinics_pharmacist_checks(running: Running, base: str, role: Role) -> None:
    visitor = Visitor(running, running.world.north, role)
    for path in (f"/donations/clinics/{visitor.clinic_id}/check", f"{base}/check", f"{base}/extra"):
        assert visitor.get(path).status == 403


def test_a_check_that_a_rule_forbids_says_so_and_offers_the_way_on(
    pharmacist: Visitor, checker: Visitor, running: Running, base: str
) -> None:
    log(pharmacist, base, text=full(NORMODIN, day="270131"))
    hand_in(pharmacist, base)
    [line] = lines(running, base)
    path = f"{base}/lines/{line['line_id']}/check"
    filled_in = {"outcome": "accept", "units": "14", "expires": "01/2027", "batch": "LOT7"}
    page = checker.post(path, **filled_in)
    assert page.status == 422
    assert "It expires too soon" in page.text
    assert "needed_soon" in page.values
    assert checker.post(path, **filled_in, needed_soon="yes").status == 200
    assert [line["state"] for line in lines(running, base)] == ["accepted"]


def test_what_nobody_can_loosen_says_why_and_offers_nothing(
    pharmacist: Visitor, checker: Visitor, running: Running, base: str
) -> None:
    log(pharmacist, base, text=full(NORMODIN, day="250131"))
    hand_in(pharmacist, base)
    [line] = lines(running, base)
    path = f"{base}/lines/{line['line_id']}/check"
    page = checker.post(path, outcome="accept", units="14", expires="01/2025", batch="LOT7")
    assert page.status == 422
    assert "It has expired" in page.text
    assert "needed_soon" not in page.values


def test_an_open_collection_is_not_checked(checker: Visitor, base: str) -> None:
    assert checker.get(f"{base}/check").status == 409


def test_what_waits_is_told_to_whom_it_waits_for(pharmacist: Visitor, checker: Visitor, base: str) -> None:
    path = f"/donations/clinics/{checker.clinic_id}/fragments/waiting"
    log(pharmacist, base, text=full(NORMODIN))
    assert "in the open collection at" in pharmacist.get(path).text
    hand_in(pharmacist, base)
    assert "check" in checker.get(path).text
    assert "check" not in pharmacist.get(path).text
    nobody = pharmacist.client
    nobody.cookies.clear()
    assert (nobody.get(pharmacist.url(path)).status_code, nobody.get(pharmacist.url(path)).text) == (401, "")


def test_a_code_without_a_number_asks_for_the_medicine_and_keeps_the_rest(
    pharmacist: Visitor, running: Running, base: str
) -> None:
    text = "(17)290630(10)LOT8"
    asked = log(pharmacist, base, text=text)
    assert "name" in asked.values
    found = log(pharmacist, base, text=text, name="normodin")
    product_id = found.html.split('name="product_id" value="')[1][:36]
    counted = log(pharmacist, base, text=text, product_id=product_id)
    assert counted.values["units"] == "14"
    log(pharmacist, base, text=text, product_id=product_id, units="14")
    [line] = lines(running, base)
    assert (line["batch"], line["expires_on"], line["units"]) == ("LOT8", "2029-06-30", 14)


def row_of(page: Page, base: str) -> str:
    """The row of the list that leads to a collection."""
    [row] = [each for each in page.html.split("<tr")[1:] if f'href="{base}"' in each]
    return row


def counts_of(row: str) -> dict[str, str]:
    return dict(re.findall(r'data-head="([^"]*)"><div>([^<]*)</div>', row))


def test_the_list_counts_what_stands_and_what_came_of_it(
    pharmacist: Visitor, checker: Visitor, running: Running, base: str
) -> None:
    here = base.rpartition("/")[0]
    for ean, day in ((NORMODIN, "290630"), (SALOSPIR, "290630"), (NORMODIN, "250101")):
        log(pharmacist, base, text=full(ean, day=day))
    taken_out = log(pharmacist, base, text=full(SALOSPIR)).forms[f"{base}/boxes"]["last"]
    log(pharmacist, base, text="-", last=taken_out)
    assert counts_of(row_of(pharmacist.get(here), base))["Boxes"] == "3"
    hand_in(pharmacist, base)
    row = counts_of(row_of(checker.get(here), base))
    assert (row["Boxes"], row["To check"]) == ("3", "2")
    assert row["Slip"] == slips.slip_number_shown(UUID(base.rpartition("/")[2]))
    accept, miss = [line["line_id"] for line in lines(running, base) if line["state"] == "logged"]
    checker.post(f"{base}/lines/{accept}/check", outcome="accept", units="14", expires="06/2029", batch="LOT7")
    checker.post(f"{base}/lines/{miss}/check", outcome="missing")
    row = counts_of(row_of(checker.get(here), base))
    assert (row["Boxes"], row["Boxes accepted"], row["Boxes refused"]) == ("3", "1", "1")


def check_all(checker: Visitor, running: Running, clinic: Clinic) -> Page:
    """Nothing is in any bag; returns the page after the last."""
    caller = running.caller(clinic, Role.CLINIC_PHARMACIST)
    page = None
    for each in caller.get("donations", "/collections?collection_state=handed_in")["collections"]:
        there = f"/donations/clinics/{clinic.clinic_id}/collections/{each['collection_id']}"
        for line in caller.get("donations", f"/collections/{each['collection_id']}")["lines"]:
            if line["state"] == "logged":
                page = checker.post(f"{there}/lines/{line['line_id']}/check", outcome="missing")
    assert page is not None
    return page


def test_a_check_that_is_done_leads_on(running: Running) -> None:
    south = running.world.south
    pharmacist, checker = (Visitor(running, south, role) for role in (Role.PARTNER_PHARMACIST, Role.CLINIC_PHARMACIST))
    first, second = (
        pharmacist.post(f"/donations/clinics/{south.clinic_id}/collections", pharmacy_id=str(south.pharmacies[0])).path
        for _ in range(2)
    )
    for base in (first, second):
        log(pharmacist, base, text=full(NORMODIN))
        hand_in(pharmacist, base)
    caller = running.caller(south, Role.CLINIC_PHARMACIST)
    [line] = caller.get("donations", f"/collections/{second.rpartition('/')[2]}")["lines"]
    page = checker.post(f"{second}/lines/{line['line_id']}/check", outcome="missing")
    assert "Next collection" in page.text
    assert "0 boxes wait" not in page.text and "Or scan the box" not in page.text
    done = check_all(checker, running, south)
    assert "No other collection waits to be checked." in done.text
    assert "Next collection" not in done.text
    assert f'href="/stock/clinics/{south.clinic_id}" autofocus' in done.html


def test_what_was_handed_in_is_followed_by_a_new_collection(pharmacist: Visitor, checker: Visitor, base: str) -> None:
    log(pharmacist, base, text=full(NORMODIN))
    hand_in(pharmacist, base)
    assert pharmacist.get(base).text.count("New collection at") == 1
    assert "New collection at" not in checker.get(base).text


def test_a_refused_box_leads_to_what_came_of_its_collection(pharmacist: Visitor, checker: Visitor, base: str) -> None:
    log(pharmacist, base, text=full(NORMODIN, day="250101"))
    undone = log(pharmacist, base, text=full(SALOSPIR)).forms[f"{base}/boxes"]["last"]
    log(pharmacist, base, text="-", last=undone)
    hand_in(pharmacist, base)
    refused = f"/donations/clinics/{checker.clinic_id}/refused"
    count = int(re.findall(r"([0-9]+) box", checker.get(refused).text)[0])
    last_page = checker.answer(f"{refused}?page={-(-count // 25)}").text
    assert f'href="{base}"' in last_page
    assert f'href="{base}/check' not in last_page
    # There the box can still be looked at again, and one that was taken out cannot.
    came_of_it = checker.get(base).html
    assert came_of_it.count(f'href="{base}/check?line=') == 1
    assert f"{base}/check?line={undone}" not in came_of_it
    assert f"{base}/check?line=" not in pharmacist.get(base).html


def test_beside_a_box_that_nobody_logged_the_name_is_asked_once(
    pharmacist: Visitor, checker: Visitor, base: str
) -> None:
    log(pharmacist, base, text=full(NORMODIN))
    hand_in(pharmacist, base)
    page = checker.get(f"{base}/extra")
    assert "Scan the box Or type its name" in page.text
