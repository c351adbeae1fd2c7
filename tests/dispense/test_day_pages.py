"""The pages of a pharmacy day and its counter, without JavaScript: who may, what is refused, what is done once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from stdnum import luhn

from services.dispense.label_words import ARABIC, ENGLISH, GREEK, WORDS, directions, label_words
from services.dispense.rules import AtTimes, EveryDays, EveryHours, OnWeekdays, Schedule, TimesADay
from services.dispense.rules.card import ALPHABET, read_card_code
from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token
from tests.full_day import FullDay, lay_full_day
from tests.people import Running
from tests.visitor import Page, Visitor

ALIAS = "Δοκιμή"
"""All of them are called so, with a number."""


@pytest.fixture(scope="module")
def day(running: Running) -> Iterator[FullDay]:
    """Twelve people, and the day prepared: at the southern clinic, for other tests play at the northern one."""
    laid = lay_full_day(running, running.world.south, 12)
    laid.prepare()
    yield laid


@pytest.fixture
def counter(running: Running) -> Visitor:
    return Visitor(running, running.world.south, Role.COUNTER_VOLUNTEER)


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)


def bag(visitor: Visitor, day: FullDay, number: int) -> Page:
    """The bag of one of the day's people, found by their card."""
    return visitor.post(f"{day.address}/counter", text=list(day.cards.values())[number])


def give_form(page: Page) -> tuple[str, dict[str, str]]:
    path = next(path for path in page.forms if path.endswith("/give"))
    return path, page.forms[path]


def seen(day: FullDay, page: Page) -> dict[str, Any]:
    visit_id = page.path.rpartition("/")[2]
    found: dict[str, Any] = day.caller(Role.COUNTER_VOLUNTEER).get("dispense", f"/visits/{visit_id}")
    return found


LOOKING = {Role.CLINIC_PHARMACIST, Role.COUNTER_VOLUNTEER, Role.SECRETARY, Role.AUDITOR}
GIVING = {Role.CLINIC_PHARMACIST, Role.COUNTER_VOLUNTEER}


@pytest.mark.parametrize("role", Role)
def test_each_page_is_open_to_whom_it_is_for(running: Running, day: FullDay, role: Role) -> None:
    visitor = Visitor(running, running.world.south, role)
    days = day.address.rpartition("/")[0]
    assert visitor.answer(f"{days}/calendar").status_code == 200
    for path in (days, day.address, f"{day.address}/pick-list.pdf"):
        assert visitor.answer(path).status_code == (200 if role in LOOKING else 403), path
    for path in (f"{day.address}/counter", f"{day.address}/close"):
        assert visitor.answer(path).status_code == (200 if role in GIVING else 403), path
    labels = visitor.answer(f"{day.address}/labels.pdf").status_code
    assert labels == (200 if role in GIVING | {Role.SECRETARY} else 403)
    assert visitor.post(f"{day.address}/prepare").status == (200 if role is Role.CLINIC_PHARMACIST else 403)
    day.wait_for_answers()


def test_what_is_short_leads_to_what_other_clinics_have(counter: Visitor, day: FullDay) -> None:
    page = counter.get(day.address)
    links = re.findall(r'href="(/stock/clinics/[^"]+/surplus\?text=[^"]+)"', page.html)
    assert links
    assert all(counter.get(link).status == 200 for link in links)


def test_an_auditor_sees_numbers_and_nobodys_name_or_card(running: Running, day: FullDay) -> None:
    page = Visitor(running, running.world.south, Role.AUDITOR).get(day.address)
    assert "People expected" in page.text
    assert ALIAS not in page.html
    assert not any(card in page.html for card in day.cards.values())
    assert [path for path in page.forms if path.startswith("/dispense")] == [
        day.address.partition("/days")[0] + "/find"
    ]


def test_another_clinics_day_and_visit_are_closed(running: Running, counter: Visitor, day: FullDay) -> None:
    visit = bag(counter, day, 0).path.rpartition("/")[2]
    stranger = Visitor(running, running.world.north, Role.COUNTER_VOLUNTEER)
    assert stranger.get(f"{day.address}/counter/{visit}").status == 403
    theirs = f"/dispense/clinics/{running.world.north.clinic_id}/days/{day.today}/counter/{visit}"
    assert stranger.get(theirs).status == 404
    assert stranger.post(f"{theirs}/give", **{f"units_{new_id()}": "1"}).status == 404


def test_a_visit_stands_under_its_own_day_only(counter: Visitor, day: FullDay) -> None:
    visit = bag(counter, day, 0).path.rpartition("/")[2]
    other = day.address.replace(str(day.today), str(day.today + timedelta(days=1)))
    assert counter.get(f"{other}/counter/{visit}").status == 409
    assert counter.get(f"{day.address}/counter/{new_id()}").status == 404


def test_a_card_leads_to_its_bag_and_stands_in_no_address(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 1)
    card = list(day.cards.values())[1]
    assert page.status == 200
    assert card in page.text
    assert card not in page.path
    assert ALIAS in page.text
    assert "Give all" in page.text
    assert "Shelf" in page.text


@pytest.mark.parametrize(("typed", "said"), [("K7Q2M-9XW4Z", "ten letters"), ("", "Fill this in.")])
def test_a_card_that_is_none_is_said_where_the_next_one_goes(
    counter: Visitor, day: FullDay, typed: str, said: str
) -> None:
    page = counter.post(f"{day.address}/counter", text=typed)
    assert page.status == 422
    assert said in page.text
    assert page.values["text"] == typed
    assert page.path == f"{day.address}/counter"


def test_a_second_enter_leaves_what_was_done_last_and_its_undo(counter: Visitor, day: FullDay) -> None:
    given = counter.sent(*give_form(bag(counter, day, 11)))
    last = given.headers["location"].rpartition("was=")[2]
    again = counter.post(f"{day.address}/counter", text="", last=last)
    assert again.status == 200 and "Given: Δοκιμή" in again.text
    wrong = counter.post(f"{day.address}/counter", text="7", last=last)
    assert wrong.status == 422 and wrong.forms[f"{day.address}/counter"]["last"] == last
    assert "it lies ready again" in counter.post(f"{day.address}/counter", text="-", last=last).text


def test_a_day_that_has_passed_is_not_closed_and_what_was_kept_is_said(pharmacist: Visitor, day: FullDay) -> None:
    closures = f"{day.address.rpartition('/')[0]}/closures"
    past = pharmacist.post(closures, day_on="1/1/2020", reason="Demo")
    assert past.status == 422 and "Closed on: This day has passed." in past.text
    far = day.today + timedelta(days=300)
    kept = pharmacist.post(closures, day_on=f"{far:%d/%m/%Y}", reason="Demo")
    assert "Closed on" in kept.text and kept.status == 200
    assert "Closed on" in kept.text.partition("Weekdays")[0]
    pharmacist.post(f"{closures}/{far}/lift")


def test_somebody_without_a_card_is_found_by_a_part_of_the_name(counter: Visitor, day: FullDay) -> None:
    """Who is expected leads to the bag, others to being let in; the name stands in no address."""
    there = day.register("Ζαχαρούλα Δοκιμή Μία", "el", [day.products[1]])
    page = counter.post(f"{day.address}/counter", text="zaxaroula")
    assert page.status == 200 and page.path == f"{day.address}/counter"
    assert "Who is it?" in page.text and "Ζαχαρούλα Δοκιμή Μία" in page.text and "Not expected" in page.text
    (way,) = re.findall(rf'href="({day.address}/counter/[^"]+)"', page.html)
    assert way == f"{day.address}/counter/unexpected/{there}"
    day.cards.pop(there)
    expected = counter.post(f"{day.address}/counter", text=ALIAS)
    ways = re.findall(rf'href="({day.address}/counter/[^"]+)"', expected.html)
    assert len(ways) == 9 and not any("unexpected" in each for each in ways)
    assert "There are more" in expected.text
    assert counter.get(ways[0]).status == 200
    nobody = counter.post(f"{day.address}/counter", text="Ξωτικό Ψψψ")
    assert "Nobody is called that here" in nobody.text and "Who is it?" not in nobody.text
    assert counter.post(f"{day.address}/counter", text="7").status == 422


def test_a_card_of_the_other_clinic_is_unknown_here(running: Running, counter: Visitor, day: FullDay) -> None:
    body = {"alias": "Demo Stranger"}
    secretary = running.caller(running.world.north, Role.SECRETARY)
    patient_id = secretary.do("dispense", "/patients", body)["patient_id"]
    card = secretary.get("dispense", f"/patients/{patient_id}")["identity"]["card_code"]
    page = counter.post(f"{day.address}/counter", text=card)
    assert page.status == 422
    assert "No card of this clinic has that code" in page.text


def test_sent_twice_it_is_given_once(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 2)
    path, fields = give_form(page)
    first, second = (counter.sent(path, fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    lines = seen(day, page)["lines"]
    assert [line["given_units"] for line in lines] == [28, 28]
    after = counter.get(first.headers["location"])
    assert "Given" in after.text
    assert "28 tablets" in after.text


def test_given_in_part_the_rest_is_owed_and_said(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 5)
    part = counter.get(f"{page.path}?part=yes")
    units = [name for name in part.values if name.startswith("units_")]
    assert [part.values[name] for name in units] == ["28", "28"]
    done = counter.post(f"{page.path}/give", **{units[0]: "20", units[1]: "0"})
    assert done.status == 200
    assert "Owed: 8 tablets" in done.text
    assert "Owed: 28 tablets" in done.text


def test_units_that_are_none_are_marked_and_what_was_typed_stays(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 6)
    part = counter.get(f"{page.path}?part=yes")
    one, other = [name for name in part.values if name.startswith("units_")]
    wrong = counter.post(f"{page.path}/give", **{one: "many", other: "7"})
    assert wrong.status == 422
    assert "Type a whole number" in wrong.text
    assert (wrong.values[one], wrong.values[other]) == ("many", "7")
    nothing = counter.post(f"{page.path}/give", **{one: "0", other: ""})
    assert nothing.status == 422
    assert "Give at least one" in nothing.text
    too_much = counter.post(f"{page.path}/give", **{one: "29", other: "7"})
    assert too_much.status == 422
    assert "Only 28 are reserved." in too_much.text
    assert too_much.values[one] == "29"
    assert all(line["given_units"] == 0 for line in seen(day, page)["lines"])


def test_what_was_done_last_is_undone_by_its_button_or_a_minus(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 7)
    path, fields = give_form(page)
    given = counter.get(counter.sent(path, fields).headers["location"])
    undone = counter.post(f"{page.path}/undo")
    assert "it lies ready again" in undone.text
    path, fields = give_form(undone)
    given = counter.get(counter.sent(path, fields).headers["location"])
    last = given.forms[f"{day.address}/counter"]["last"]
    assert "it lies ready again" in counter.post(f"{day.address}/counter", text="-", last=last).text
    assert all(line["given_units"] == 0 for line in seen(day, page)["lines"])


def test_who_did_not_come_may_come_after_all(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 8)
    said = counter.post(f"{page.path}/not-come")
    assert "they may still come" in said.text
    assert seen(day, page)["visit"]["state"] == "not_come"
    assert "it lies ready again" in counter.post(f"{page.path}/undo").text
    assert seen(day, page)["visit"]["state"] == "expected"


def test_somebody_who_is_not_expected_is_a_walk_in(counter: Visitor, day: FullDay) -> None:
    patient_id = day.register("Δοκιμή Έκτακτη", "el", day.products[1:2])
    page = counter.post(f"{day.address}/counter", text=day.cards.pop(patient_id))
    assert "Not expected today" in page.text
    opened = counter.post(page.path)
    assert "walk-in" in opened.text
    day.wait_for_answers()
    assert "28 tablets" in counter.get(opened.path).text
    assert "The plan has changed" not in counter.get(opened.path).text
    pharmacist = day.caller(Role.CLINIC_PHARMACIST)
    (line,) = pharmacist.get("dispense", f"/patients/{patient_id}")["therapy_lines"]
    ends = f"/patients/{patient_id}/therapy-lines/{line['therapy_line_id']}/end"
    pharmacist.do("dispense", ends, {"until_on": str(day.today)})
    assert "The plan has changed since this was prepared" in counter.get(opened.path).text


def test_who_comes_in_vain_is_owed_all_of_it_with_one_key(counter: Visitor, day: FullDay) -> None:
    found = day.caller(Role.CLINIC_PHARMACIST).get("stock", "/products", text="ΒΕΛΟΝΕΣ")["products"]
    patient_id = day.register("Δοκιμή Μάταιη", "el", [found[0]["product"]])
    walk_in = counter.post(counter.post(f"{day.address}/counter", text=day.cards.pop(patient_id)).path)
    day.wait_for_answers()
    page = counter.get(walk_in.path)
    assert "There is nothing to give" in page.text and "They came: all of it is owed" in page.text
    done = counter.post(f"{page.path}/owe")
    assert "Nothing was there, all of it is owed: Δοκιμή Μάταιη" in done.text
    assert "Owed: 28 pieces of ΒΕΛΟΝΕΣ" in done.text
    undone = counter.post(f"{page.path}/undo")
    assert "They came: all of it is owed" in undone.text


def test_the_calendar_is_set_by_the_secretary_and_nobody_with_less(running: Running, day: FullDay) -> None:
    secretary = Visitor(running, running.world.south, Role.SECRETARY)
    days = day.address.rpartition("/")[0]
    far = day.today + timedelta(days=40)
    wrong = secretary.post(f"{days}/closures", day_on="30/2/2027", reason="Αργία")
    assert (wrong.status, wrong.values["day_on"], wrong.values["reason"]) == (422, "30/2/2027", "Αργία")
    closed = secretary.post(f"{days}/closures", day_on=f"{far.day}/{far.month}/{far.year}", reason="Αργία")
    assert "Αργία" in closed.text
    assert "Αργία" not in secretary.post(f"{days}/closures/{far}/lift").text
    assert "Tick at least one weekday" in secretary.post(f"{days}/calendar").text
    auditor = Visitor(running, running.world.south, Role.AUDITOR)
    assert f"{days}/calendar" not in auditor.get(f"{days}/calendar").forms
    assert auditor.post(f"{days}/calendar", weekday="1").status == 403


def test_the_first_pages_part_tells_of_the_next_day(running: Running, counter: Visitor, day: FullDay) -> None:
    clinic = f"/dispense/clinics/{running.world.south.clinic_id}"
    part = counter.get(f"{clinic}/fragments/waiting")
    assert "ready for" in part.text
    assert f"{day.address}/counter" in part.html
    partner = Visitor(running, running.world.south, Role.PARTNER_PHARMACIST)
    assert partner.answer(f"{clinic}/fragments/waiting").text == ""


def test_a_form_of_the_counter_has_to_be_from_its_page(counter: Visitor, day: FullDay) -> None:
    page = bag(counter, day, 9)
    path, fields = give_form(page)
    assert counter.sent(path, fields | {"csrf": csrf_token("another session")}).status_code == 401
    assert all(line["given_units"] == 0 for line in seen(day, page)["lines"])


def test_the_papers_are_pdf(pharmacist: Visitor, day: FullDay) -> None:
    for paper in ("pick-list", "labels"):
        answer = pharmacist.answer(f"{day.address}/{paper}.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("typed", ["TTL2Q-LEQZ5", "ttl2qleqz5", "ΤΤΛ2:-ΛΕ:Ζ5", "ττλ2;-λε;ζ5", "TTL2Q LEQZ5"])
def test_a_card_is_read_also_from_keys_pressed_under_the_greek_layout(typed: str) -> None:
    assert read_card_code(typed) == "TTL2Q-LEQZ5"


def test_a_letter_that_two_keys_type_is_settled_by_the_check_character_or_not_read() -> None:
    body = "W23456789"
    code = body + luhn.calc_check_digit(body, ALPHABET)
    assert read_card_code(code.replace("W", "Σ")) == f"{code[:5]}-{code[5:]}"
    assert read_card_code("ΣΣΣΣΣ-ΣΣΣΣΣ") is None


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (TimesADay(times=1), "1½ tablets, once a day"),
        (TimesADay(times=3), "1½ tablets, 3 times a day"),
        (EveryHours(hours=8), "1½ tablets, every 8 hours"),
        (EveryDays(days=2), "1½ tablets, every 2 days, once a day"),
        (OnWeekdays(weekdays=(1, 4)), "1½ tablets, on Monday, Thursday, once a day"),
        (AtTimes(times_of_day=("08:00", "20:00")), "1½ tablets, at 08:00, 20:00"),
    ],
)
def test_a_label_says_how_to_take_it(schedule: Schedule, said: str) -> None:
    assert directions(ENGLISH, "3/2", schedule, "tablet") == said


def test_a_label_speaks_the_patients_language_where_it_has_words() -> None:
    assert directions(GREEK, "1/2", TimesADay(times=2), "tablet") == "½ δισκίο, 2 φορές την ημέρα"
    assert directions(ARABIC, "1", TimesADay(times=2), "tablet") == "\u20661\u2069 قرص، مرتين في اليوم"
    assert label_words("xx") is ENGLISH
    assert all(set(words.units) >= set(ENGLISH.units) and 0 in words.times for words in WORDS.values())


# Last: it ends the day.
def test_closing_says_what_will_happen_and_then_what_happened(
    counter: Visitor, pharmacist: Visitor, day: FullDay
) -> None:
    asked = counter.get(f"{day.address}/close")
    assert "goes back to the shelf" in asked.text
    closed = counter.post(f"{day.address}/close")
    assert closed.path == day.address
    assert "What happened on the day" in closed.text
    assert "Given in part" in closed.text
    assert f"{day.address}/reopen" not in closed.forms
    assert bag(counter, day, 9).status == 200
    at_counter = counter.get(f"{day.address}/counter")
    assert "The day is closed" in at_counter.text
    assert f"{day.address}/counter" not in at_counter.forms
    assert day.address in at_counter.html
    days = counter.get(day.address.rpartition("/")[0])
    coming, _, past = days.html.partition('id="past"')
    link = f'href="{day.address}"'
    assert (link in coming, link in past) == (False, True)
    again = pharmacist.post(f"{day.address}/reopen")
    assert "Who is expected" in again.text
    day.wait_for_answers()
    pharmacist.post(f"{day.address}/close")
