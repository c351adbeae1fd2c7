"""The clinic's pages in a browser, in Greek, at a PC and on a phone: decided, set, delegated, told as due, mended."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from shared.ids import new_id
from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.visiting import SIZES, Size, Visits
from tests.people import Running
from tests.shared.inbox_story import id_of
from tests.shared.parking import Inboxes, accepted

BOTH_SIZES = pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)


@pytest.fixture(scope="module")
def here(together: Running) -> str:
    return f"/stock/clinics/{together.world.north.clinic_id}"


@pytest.fixture
def inboxes(together: Running) -> Iterator[Inboxes]:
    made = Inboxes(together)
    yield made
    made.clear()


def keeps_to_the_rules(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def go(page: Page, link: str) -> None:
    page.get_by_role("link", name=link).first.click()
    page.wait_for_load_state()


def in_days(together: Running, days: int) -> str:
    day = together.cell.settings_of("stock").clock().today() + timedelta(days=days)
    return f"{day.day}/{day.month}/{day.year}"


@BOTH_SIZES
def test_a_delegate_records_a_decision_sets_a_policy_by_it_and_gives_a_delegation_that_is_told_as_due(
    visit: Visits, together: Running, here: str, size: Size
) -> None:
    page = visit(Role.DECISIONS_DELEGATE, here, size)
    go(page, "Το ιατρείο")
    go(page, "αποφάσεις" if page.get_by_role("link", name="αποφάσεις").count() else "απόφαση")
    go(page, "Καταγράψτε μια απόφαση")
    keeps_to_the_rules(page)
    # Sent half filled in: everything that is wrong is said at once, and what was typed stays.
    visit.watch.expected.add(422)
    words = f"Κρατάμε τα αρχεία οκτώ χρόνια ({size.name})."
    page.get_by_label("Τι αποφασίστηκε").fill(words)
    page.get_by_label("Πώς").select_option("votes")
    page.get_by_role("button", name="Καταγραφή").click()
    page.get_by_role("alert").wait_for()
    keeps_to_the_rules(page)
    expect(page.get_by_label("Τι αποφασίστηκε")).to_have_value(words)
    for label, votes in (("Υπέρ", "9"), ("Κατά", "3"), ("Λευκά", "1")):
        page.get_by_label(label, exact=True).fill(votes)
    page.get_by_label("Διαφωνία").fill("Δύο μέλη προτιμούν τα πέντε χρόνια.")
    page.get_by_role("button", name="Καταγραφή").click()
    expect(page.get_by_role("status")).to_contain_text("Η απόφαση καταγράφηκε")
    expect(page.locator("main")).to_contain_text("9 υπέρ, 3 κατά, 1 λευκά")
    keeps_to_the_rules(page)

    go(page, "Ορίστε έναν κανόνα με αυτήν")
    keeps_to_the_rules(page)
    go(page, "Πόσα χρόνια φυλάσσονται τα αρχεία")
    keeps_to_the_rules(page)
    expect(page.get_by_label("Με ποια απόφαση").locator("option:checked")).to_contain_text("οκτώ χρόνια")
    page.get_by_label("Πόσα;").fill("8")
    page.get_by_role("button", name="Να ισχύσει").click()
    expect(page.get_by_role("status")).to_contain_text("8 χρόνια")

    page.goto(f"{here}/clinic/people")
    go(page, "Εγγραφή κάποιου που θα δουλέψει εδώ")
    keeps_to_the_rules(page)
    who = f"Ελεύθερος {size.name}"
    page.get_by_label("Όνομα", exact=True).fill(who)
    page.get_by_label("Όνομα σύνδεσης").fill(f"eleftheros-{new_id()}")
    page.get_by_label("Κωδικός").fill("ένας καλός κωδικός")
    page.get_by_role("button", name="Εγγραφή, και μετά η ανάθεση").click()
    expect(page.get_by_role("status")).to_contain_text("συνδεθείτε ως eleftheros-")
    keeps_to_the_rules(page)
    page.get_by_label("Για ποιον ρόλο και πού").select_option(label="Εθελοντής στον πάγκο")
    page.get_by_label("Έως").fill(in_days(together, 5))
    page.get_by_role("button", name="Να δοθεί").click()
    expect(page.get_by_role("status")).to_contain_text("Δόθηκε: Εθελοντής στον πάγκο")
    keeps_to_the_rules(page)

    go(page, "Το ιατρείο")
    due = page.get_by_role("link", name=who)
    expect(due).to_contain_text("Λήγει σε 5 ημέρες")
    due.click()
    go(page, "Ανανέωση έως…")
    keeps_to_the_rules(page)
    page.get_by_role("button", name="Να δοθεί").click()
    expect(page.get_by_role("status")).to_contain_text("Δόθηκε")
    page.goto(f"{here}/clinic")
    expect(page.get_by_role("link", name=who)).to_have_count(0)


@BOTH_SIZES
def test_what_could_not_be_processed_is_told_on_the_clinics_page_and_tried_again(
    visit: Visits, together: Running, here: str, inboxes: Inboxes, size: Size
) -> None:
    raw = accepted(together, together.world.north, new_id())
    inboxes.take_in("stock", raw)
    inboxes.take_in("donations", b"not even a message")
    page = visit(Role.CLINIC_PHARMACIST, f"{here}/clinic", size)
    expect(page.locator("main")).to_contain_text("1 μήνυμα δεν πέρασε Απόθεμα")
    expect(page.get_by_role("link", name="1 μήνυμα δεν πέρασε Δωρεές")).to_be_visible()
    for service, told in (("stock", "Απόθεμα (1)"), ("donations", "Δωρεές (1)"), ("dispense", "Χορήγηση")):
        expect(page.locator(f"#parked-{service}")).to_have_text(told)
    # What dispense tells is brought in below, and of what waits there it has nothing to tell.
    expect(page.locator("#pharmacy-days")).to_contain_text("Ημέρες φαρμακείου και κλειστές ημέρες")
    expect(page.locator("#pharmacy-days .dosis-sub")).to_have_count(1)
    expect(page.get_by_role("link", name="Χορήγηση: τι δεν πέρασε")).to_have_count(0)
    keeps_to_the_rules(page)
    page.get_by_role("link", name="1 μήνυμα δεν πέρασε Απόθεμα").click()
    expect(page.locator("main")).to_contain_text("Μια δωρεά που έγινε δεκτή στις 2 Μαρ 2026 δεν μπήκε στο απόθεμα")
    keeps_to_the_rules(page)
    page.get_by_role("button", name="Δοκιμάστε ξανά").click()
    expect(page.get_by_role("status")).to_contain_text(f"{id_of(raw).hex[-8:].upper()}")
    keeps_to_the_rules(page)


@BOTH_SIZES
def test_every_page_of_the_clinic_keeps_to_the_rules_and_is_light(visit: Visits, here: str, size: Size) -> None:
    page = visit(Role.DECISIONS_DELEGATE, f"{here}/clinic", size)
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((each) => each.transferSize)"
    )
    assert sum(sizes) < 60_000
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for path in (
        f"{here}/clinic",
        *(f"{here}/clinic/{each}" for each in ("people", "people?which=ever", "decisions", "policies", "pharmacies")),
        *(f"{here}/clinic/{each}" for each in ("pharmacies/new", "decisions/new", "people/new")),
        *(f"{here}/clinic/policies/{each}" for each in ("cold_chain_accepted", "sources_accepted", "sharing_rule")),
        f"{here}/waiting-events",
        "/stock/me",
    ):
        requests.clear()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        keeps_to_the_rules(page)
        asked = [each for each in requests if not each.startswith("data:")]
        assert len(asked) <= 6, asked
