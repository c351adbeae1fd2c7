"""Patients' pages without JavaScript: who may, what is refused, what is kept, and that nobody is named elsewhere."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.identity import COOKIE
from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token
from tests.people import Running
from tests.visitor import Page, Visitor

NAME = "Πασχαλίτσα Ladybirdname"
CONTACT = "ladybird-contact-6981234567"
ALLERGY = "ladybirdallergen"
PRESCRIBER = "Dr. Ladybirdprescriber"

MAY_SEE = {Role.CLINIC_PHARMACIST, Role.COUNTER_VOLUNTEER, Role.SECRETARY}


@pytest.fixture
def secretary(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.SECRETARY)


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)


def everybody(visitor: Visitor) -> str:
    return f"/dispense/clinics/{visitor.clinic_id}/patients"


def register(visitor: Visitor, alias: str = NAME, **fields: str) -> Page:
    """The page of somebody who was just registered."""
    page = visitor.post(f"{everybody(visitor)}/new", alias=alias, **fields)
    assert page.status == 200 and "Registered" in page.text
    return page


def plan_seen(said: Page) -> str:
    """The plan as it stood beside the question whether a line is right."""
    found = re.search(r'name="seen" value="([0-9a-f]+)"', said.html)
    assert found is not None
    return found[1]


def card_on(page: Page) -> str:
    found = re.search(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", page.text)
    assert found is not None
    return found[0]


def product(visitor: Visitor, running: Running, name: str) -> str:
    caller = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    found = caller.get("dispense", "/products", text=name)["products"]
    return str(found[0]["product"]["product_id"])


def add_line(visitor: Visitor, running: Running, patient: str, name: str = "NORMODIN", **fields: str) -> Page:
    said = {"product_id": product(visitor, running, name), "code": "1x2", "sure": "yes"} | fields
    return visitor.post(f"{patient}/plan", **said)


def lines_of(page: Page) -> list[str]:
    return re.findall(r'href="([^"]+/plan/[0-9a-f-]{36})"', page.html)


# Registering and finding


def test_a_name_is_enough_to_be_registered_and_the_card_is_there(secretary: Visitor) -> None:
    page = register(secretary)
    assert len(card_on(page)) == 11
    assert NAME in page.text
    assert f"{page.path}/card.pdf" in page.html


def test_there_is_no_field_for_papers(secretary: Visitor) -> None:
    page = secretary.get(f"{everybody(secretary)}/new")
    names = set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page.html))
    assert names - {"key", "csrf", "text"} == {"alias", "age_band", "language", "cycle_days", "allergies", "contact"}
    assert "they can have it forgotten whenever they wish" in page.text


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_a_card_leads_to_its_patient(secretary: Visitor, change: object) -> None:
    assert callable(change)
    page = register(secretary)
    found = secretary.post(everybody(secretary), text=str(change(card_on(page))))
    assert found.path == page.path


def test_a_name_leads_to_those_it_may_mean_in_either_script(secretary: Visitor) -> None:
    mine, other = register(secretary, "Ζαχαρίας Πασχαλίτσας"), register(secretary, "Zacharias B.")
    for typed in ("Ζαχαρ", "zaxarias", "zachari"):
        found = secretary.post(everybody(secretary), text=typed)
        assert found.status == 200 and mine.path in found.html and other.path in found.html, typed
    narrower = secretary.post(everybody(secretary), text="zaxar pasxal")
    assert mine.path in narrower.html and other.path not in narrower.html


def test_a_card_with_a_slip_and_a_card_of_elsewhere_say_so(secretary: Visitor) -> None:
    card = card_on(register(secretary))
    wrong = ("3" if card[0] != "3" else "4") + card[1:]
    page = secretary.post(everybody(secretary), text=wrong)
    assert page.status == 422 and "ten letters and digits" in page.text
    assert page.values["text"] == wrong


def test_one_letter_or_nothing_finds_nobody(secretary: Visitor) -> None:
    assert "two letters" in secretary.post(everybody(secretary), text="Ζ").text
    assert "Fill this in" in secretary.post(everybody(secretary), text=" ").text


def test_who_is_not_found_is_registered_under_the_name_that_was_typed(secretary: Visitor) -> None:
    page = secretary.post(everybody(secretary), text="Ξωτικό Ψψψ")
    assert "Nobody is called that here" in page.text
    begun = page.forms[f"{everybody(secretary)}/new"]
    shown = Page(secretary.sent(f"{everybody(secretary)}/new", begun))
    assert shown.values["alias"] == "Ξωτικό Ψψψ"
    assert "Registered" in register(secretary, shown.values["alias"]).text


def test_what_cannot_be_is_marked_beside_its_field_and_nothing_typed_is_lost(secretary: Visitor) -> None:
    typed = {"alias": " ", "contact": CONTACT, "allergies": "amlodipine, penicillin", "cycle_days": "61"}
    page = secretary.post(f"{everybody(secretary)}/new", **typed)
    assert page.status == 422
    assert "Name, or what they want to be called: Fill this in." in page.text and "from 1 to 60" in page.text
    assert page.html.index('class="nhsuk-back-link"') < page.html.index('nhsuk-error-summary"') < page.html.index("<h1")
    assert {name: page.values[name] for name in ("contact", "allergies", "cycle_days")} == {
        name: typed[name] for name in ("contact", "allergies", "cycle_days")
    }
    assert secretary.post(f"{everybody(secretary)}/new", alias="x" * 121).status == 422
    assert secretary.post(f"{everybody(secretary)}/new", alias="x", age_band="ancient").status == 422
    assert secretary.post(f"{everybody(secretary)}/new", alias="x", allergies="y" * 121).status == 422


def test_a_form_sent_twice_registers_one_person(secretary: Visitor) -> None:
    fields = {"key": str(new_id()), "csrf": csrf_token(secretary.token), "alias": "Twice"}
    first, second = (secretary.sent(f"{everybody(secretary)}/new", fields) for _ in range(2))
    assert first.status_code == 303
    assert first.headers["location"] == second.headers["location"]


def test_what_somebody_says_of_themselves_can_be_changed_and_the_card_stays(secretary: Visitor) -> None:
    page = register(secretary, contact=CONTACT)
    form = secretary.get(f"{page.path}/identity")
    assert form.values["alias"] == NAME and form.values["contact"] == CONTACT
    changed = secretary.post(f"{page.path}/identity", alias="Another", language="ar", allergies=ALLERGY)
    assert "Another" in changed.text and "Arabic" in changed.text and CONTACT not in changed.text
    assert "No substance is called so: ladybirdallergen" in changed.text
    assert card_on(changed) == card_on(page)


def test_a_new_card_finds_its_patient_and_the_lost_one_nobody(secretary: Visitor) -> None:
    page = register(secretary)
    renewed = secretary.post(f"{page.path}/card")
    assert card_on(renewed) != card_on(page)
    assert secretary.post(everybody(secretary), text=card_on(renewed)).path == page.path
    lost = secretary.post(everybody(secretary), text=card_on(page))
    assert lost.status == 422 and "No card of this clinic has that code" in lost.text


# The plan


def test_a_line_is_said_in_words_before_and_after_it_is_kept(pharmacist: Visitor, running: Running) -> None:
    patient = register(pharmacist).path
    found = pharmacist.post(f"{patient}/plan", text="νορμοντιν")
    assert "NORMODIN" in found.text and "amlodipine" in found.text
    chosen = product(pharmacist, running, "NORMODIN")
    asked = pharmacist.post(f"{patient}/plan", product_id=chosen, again="yes")
    assert "How is it taken?" in asked.text and not lines_of(pharmacist.get(patient))
    said = pharmacist.post(f"{patient}/plan", product_id=chosen, code="1 1/2 x2", prescribed_by=PRESCRIBER)
    assert "1½ tablets 2 times a day" in said.text and not lines_of(pharmacist.get(patient))
    sent = said.forms[f"{patient}/plan"]
    back = Page(pharmacist.sent(f"{patient}/plan", sent))
    assert back.values["code"] == "1 1/2 x2" and back.values["prescribed_by"] == PRESCRIBER
    kept = pharmacist.post(f"{patient}/plan", **(sent | {"sure": "yes", "again": "", "key": str(new_id())}))
    assert "In the plan" in kept.text and "1½ tablets 2 times a day" in kept.text
    assert len(lines_of(kept)) == 1 and "prescribed by Dr." in kept.text


@pytest.mark.parametrize("code", ["2802585801014", "01028025858010141729063010LOT"])
def test_a_box_that_somebody_brought_is_scanned_for_the_plan(pharmacist: Visitor, running: Running, code: str) -> None:
    patient = register(pharmacist).path
    asked = pharmacist.post(f"{patient}/plan", text=code)
    assert "NORMODIN" in asked.text and "How is it taken?" in asked.text
    assert asked.forms[f"{patient}/plan"]["product_id"] == product(pharmacist, running, "NORMODIN")
    nothing = pharmacist.post(f"{patient}/plan", text="5200000000007")
    assert "Nothing is called" in nothing.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": ""}, "Fill this in"),
        ({"code": "one"}, "1x2, 1/2x1"),
        ({"code": "1x3 am pm"}, "agree"),
        ({"starts": "31/2/2027"}, "no such day"),
        ({"starts": "soon"}, "27/6/2027"),
        ({"starts": "2/3/2027", "until": "1/3/2027"}, "before the first one"),
        ({"code": "1" * 61}, "too long"),
    ],
)
def test_a_line_that_cannot_be_read_is_not_kept_and_what_was_typed_stays(
    pharmacist: Visitor, running: Running, fields: dict[str, str], said: str
) -> None:
    patient = register(pharmacist).path
    page = add_line(pharmacist, running, patient, prescribed_by=PRESCRIBER, **fields)
    assert page.status == 422 and said in page.text
    assert re.search(r"(How is it taken\?|From:|Until:) (Fill|This|The|Type)", page.text)
    assert page.values["prescribed_by"] == PRESCRIBER
    assert all(page.values[name] == value for name, value in fields.items())
    assert not lines_of(pharmacist.get(patient))


def test_alerts_are_shown_before_and_can_be_passed_over(pharmacist: Visitor, running: Running) -> None:
    patient = register(pharmacist, allergies="Αμλοδιπίνη, penicillins").path
    chosen = product(pharmacist, running, "NORMODIN")
    said = pharmacist.post(f"{patient}/plan", product_id=chosen, code="1x1")
    assert "There is an allergy to this substance" in said.text and "Add it all the same" in said.text
    assert "No substance is called so: penicillins." in said.text
    assert len(lines_of(add_line(pharmacist, running, patient, seen=plan_seen(said)))) == 1
    other = product(pharmacist, running, "NORVASC")
    twice = pharmacist.post(f"{patient}/plan", product_id=other, code="1x1")
    assert "The plan has this already, or the same substance" in twice.text


def test_of_two_who_add_the_same_at_once_the_second_is_asked_to_look_again(
    pharmacist: Visitor, running: Running
) -> None:
    """Whatever it is: needles have no substance, and an alert may have stood there before."""
    patient = register(pharmacist).path
    asked = {"product_id": product(pharmacist, running, "NORMODIN"), "code": "1x1"}
    stood = plan_seen(pharmacist.post(f"{patient}/plan", **asked))
    assert len(lines_of(add_line(pharmacist, running, patient, seen=stood))) == 1
    second = add_line(pharmacist, running, patient, prescribed_by=PRESCRIBER, seen=stood)
    assert second.status == 409 and "The plan has changed since you looked" in second.text
    assert second.values["prescribed_by"] == PRESCRIBER
    assert len(lines_of(pharmacist.get(patient))) == 1
    stood = plan_seen(pharmacist.post(f"{patient}/plan", **asked))
    assert len(lines_of(add_line(pharmacist, running, patient, seen=stood))) == 2


def test_a_form_that_stood_open_while_the_line_was_stopped_does_not_undo_that(
    pharmacist: Visitor, running: Running
) -> None:
    patient = register(pharmacist).path
    (line,) = lines_of(add_line(pharmacist, running, patient, starts="1/1/2020", until="31/12/2090"))
    shown = pharmacist.get(line)
    stood = {"starts": "1/1/2020", "seen_until": shown.forms[line]["seen_until"]}
    assert stood["seen_until"] == "31/12/2090"
    pharmacist.post(f"{line}/stop")
    late = pharmacist.post(line, code="1x2", sure="yes", prescribed_by=PRESCRIBER, **stood)
    assert late.status == 409 and "This line of the plan is over" in late.text
    assert late.values["prescribed_by"] == PRESCRIBER


def test_a_form_sent_twice_adds_one_line(pharmacist: Visitor, running: Running) -> None:
    patient, key = register(pharmacist).path, str(new_id())
    pages = [add_line(pharmacist, running, patient, key=key) for _ in range(2)]
    assert [len(lines_of(page)) for page in pages] == [1, 1]


def test_a_line_is_stopped_and_goes_on_again(pharmacist: Visitor, running: Running) -> None:
    patient = register(pharmacist).path
    (line,) = lines_of(add_line(pharmacist, running, patient, starts="1/1/2020"))
    today = running.cell.settings_of("dispense").clock().today()
    stopped = pharmacist.post(f"{line}/stop")
    assert "Stopped" in stopped.text and f"1 Jan 2020 to {today.day} {today:%b %Y}" in stopped.text
    again = pharmacist.post(f"{line}/stop", go_on="yes")
    assert "It goes on" in again.text and "from 1 Jan 2020" in again.text and lines_of(again) == [line]


def test_a_line_that_was_added_by_mistake_is_never_given(pharmacist: Visitor, running: Running) -> None:
    patient = register(pharmacist).path
    (line,) = lines_of(add_line(pharmacist, running, patient))
    undone = pharmacist.post(f"{line}/stop")
    assert "never begun" in undone.text and not lines_of(undone)


def test_a_changed_dose_is_a_new_line_and_a_changed_end_is_the_same(pharmacist: Visitor, running: Running) -> None:
    patient = register(pharmacist).path
    (line,) = lines_of(add_line(pharmacist, running, patient, starts="1/1/2020", prescribed_by=PRESCRIBER))
    shown = pharmacist.get(line)
    assert shown.values["code"] == "1x2" and "Now: 1 tablet 2 times a day" in shown.text
    typed = {name: shown.values[name] for name in ("starts", "prescribed_by")}
    ended = pharmacist.post(line, code="1x2", until="31/12/2090", sure="yes", **typed)
    assert "31 Dec 2090" in ended.text and lines_of(ended) == [line]
    typed["seen_until"] = pharmacist.get(line).forms[line]["seen_until"]
    assert "½ tablet once a day" in pharmacist.post(line, code="1/2x1", **typed).text
    changed = pharmacist.post(line, code="1/2x1", sure="yes", **typed)
    assert "½ tablet once a day" in changed.text
    assert len(lines_of(changed)) == 1 and lines_of(changed) != [line]
    today = running.cell.settings_of("dispense").clock().today()
    yesterday = today - timedelta(days=1)
    assert f"1 Jan 2020 to {yesterday.day} {yesterday:%b %Y}" in changed.text
    beside = pharmacist.post(f"{line}/stop", go_on="yes")
    assert beside.status == 409 and "This line of the plan is over" in beside.text
    bad = pharmacist.post(lines_of(changed)[0], code="??", sure="yes")
    assert bad.status == 422 and bad.values["code"] == "??"


# Forgetting


def test_forgetting_says_what_goes_and_takes_one_deliberate_act(secretary: Visitor) -> None:
    page = register(secretary)
    asked = secretary.get(f"{page.path}/forget")
    assert "It can't be undone" in asked.text and NAME in asked.text
    unsure = secretary.post(f"{page.path}/forget")
    assert unsure.status == 422 and "Tick this" in unsure.text
    gone = secretary.post(f"{page.path}/forget", sure="yes")
    assert "This person has been forgotten" in gone.text and NAME not in gone.html
    assert secretary.post(everybody(secretary), text=card_on(page)).status == 422
    assert secretary.get(f"{page.path}/identity").status == 409
    assert secretary.get(f"{page.path}/card.pdf").status == 409
    assert gone.path not in secretary.post(everybody(secretary), text=NAME).html


# Who may


@pytest.mark.parametrize("role", Role)
def test_only_who_works_with_patients_sees_them(running: Running, secretary: Visitor, role: Role) -> None:
    page, visitor = register(secretary), Visitor(running, running.world.north, role)
    seen = role in MAY_SEE
    for path in (everybody(secretary), page.path, f"{page.path}/card.pdf"):
        assert visitor.answer(path).status_code == (200 if seen else 403), path
    writes = role in {Role.CLINIC_PHARMACIST, Role.SECRETARY}
    for path in (f"{everybody(secretary)}/new", f"{page.path}/identity", f"{page.path}/forget"):
        assert visitor.answer(path).status_code == (200 if writes else 403), path
    assert visitor.answer(f"{page.path}/plan").status_code == (200 if role is Role.CLINIC_PHARMACIST else 403)
    if not seen:
        assert visitor.post(everybody(secretary), text=NAME).status == 403
    if not writes:
        assert visitor.post(f"{page.path}/forget", sure="yes").status == 403
        assert visitor.post(f"{page.path}/card").status == 403
    if role is not Role.CLINIC_PHARMACIST:
        assert visitor.post(f"{page.path}/plan", text="NORMODIN").status == 403


def test_another_clinics_patient_is_nobody(running: Running, secretary: Visitor) -> None:
    page, south = register(secretary), Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)
    theirs = page.path.replace(str(secretary.clinic_id), str(south.clinic_id))
    for end in ("", "/identity", "/forget", "/card.pdf", "/plan"):
        assert south.answer(theirs + end).status_code == 404, end
        assert south.answer(page.path + end).status_code == 403, end
    assert south.post(f"{theirs}/forget", sure="yes").status == 404
    assert south.post(everybody(south), text=card_on(page)).status == 422
    assert page.path not in south.post(everybody(south), text=NAME).html


# That nobody is named


@pytest.fixture
def whole_way(running: Running, pharmacist: Visitor) -> Iterator[list[str]]:
    """Every page and form of a patient; where each led to."""
    addresses: list[str] = []
    pharmacist.client.event_hooks["response"].append(
        lambda answer: addresses.extend([str(answer.url), answer.headers.get("location", "")])
    )
    page = register(pharmacist, contact=CONTACT, allergies=ALLERGY)
    pharmacist.post(everybody(pharmacist), text=NAME)
    pharmacist.post(everybody(pharmacist), text=card_on(page))
    (line,) = lines_of(add_line(pharmacist, running, page.path, prescribed_by=PRESCRIBER))
    pharmacist.post(line, code="1x3", sure="yes", prescribed_by=PRESCRIBER)
    pharmacist.post(f"{page.path}/plan", text="x", code="??", prescribed_by=PRESCRIBER)
    pharmacist.post(f"{page.path}/identity", alias=NAME * 20)
    pharmacist.post(f"{page.path}/identity", alias=NAME, contact=CONTACT, allergies=ALLERGY)
    assert pharmacist.answer(f"{page.path}/card.pdf").content.startswith(b"%PDF")
    yield [card_on(page), *addresses]


def test_no_address_and_no_log_holds_who_a_patient_is(running: Running, whole_way: list[str]) -> None:
    card, *addresses = whole_way
    secrets = ["adybird", "Πασχαλ", "%CE%A0%CE%B1%CF%83", "normodin", "1x3", card, card.replace("-", "")]
    assert len(addresses) > 20
    assert not [(word, each) for word in secrets for each in addresses if word.lower() in each.lower()]
    logs = [path.read_text(errors="replace") for path in running.cell.folder.glob("*.log")]
    assert logs
    assert not [word for word in secrets if word != "1x3" for log in logs if word in log]


def test_each_look_is_written_down(running: Running, secretary: Visitor) -> None:
    page = register(secretary, "Μοναδικός Lookedat")
    patient_id = page.path.rpartition("/")[2]
    for end in ("/identity", "/forget", "/card.pdf"):
        secretary.answer(page.path + end)
    secretary.post(everybody(secretary), text="lookedat")
    assert {"patient", "identity", "forget", "card", "search"} <= purposes(running, patient_id)


def purposes(running: Running, patient_id: str) -> set[str]:
    async def look() -> set[str]:
        owner = await asyncpg.connect(running.cell.owner_url("dispense"))
        rows = await owner.fetch("SELECT purpose FROM patient_look WHERE patient_id = $1", patient_id)
        await owner.close()
        return {row["purpose"] for row in rows}

    return asyncio.run(look())


def test_what_was_typed_when_the_session_ended_is_kept_only_on_a_page_that_nobody_stores(
    running: Running,
) -> None:
    visitor = Visitor(running, running.world.north, Role.SECRETARY)
    visitor.token = ""
    visitor.client.cookies.delete(COOKIE)
    path = f"{everybody(visitor)}/new"
    answer = visitor.sent(path, {"key": str(new_id()), "csrf": "x", "alias": NAME})
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    assert NAME in Page(answer).forms["/stock/sign-in"]["carried"]
    assert Page(answer).forms["/stock/sign-in"]["next"] == urlsplit(path).path
