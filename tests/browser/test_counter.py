"""A pharmacy day in the browser: prepared with one key, sixty people served with a scanner and Enter, stock killed and
NATS stopped in the middle, and closed."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from deploy.client import wait_until
from deploy.embedded import Nats
from shared.roles import Role
from tests.browser.accessibility import violations
from tests.browser.scanner import scan
from tests.browser.visiting import PC, PHONE, SIZES, Size, Visits, Watch
from tests.full_day import PEOPLE, FullDay, lay_full_day, lots
from tests.people import SOUTH, Running, sign_in_name_of

MOST_KEYS = 4
"""At the counter, for one person; what a scanner types is a scan."""


class Keys:
    """The keys that a person presses, counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1


@pytest.fixture(scope="module")
def day(together: Running) -> Iterator[FullDay]:
    """At the southern clinic, where nothing else goes on."""
    yield lay_full_day(together, together.world.south)


class Pages:
    """Opens pages as somebody of that clinic."""

    def __init__(self, visit: Visits) -> None:
        self.visit = visit

    def __call__(self, role: Role, path: str | None, size: Size = PC) -> Page:
        return self.visit(sign_in_name_of(role, SOUTH), path, size)


@pytest.fixture
def nats(together: Running) -> Iterator[Nats]:
    """That of the cell, which the test may stop."""
    yield together.cell.nats
    if together.cell.nats.has_stopped():
        together.cell.nats.start()


@pytest.fixture
def pages(visit: Visits) -> Pages:
    return Pages(visit)


def card(day: FullDay, number: int) -> str:
    return list(day.cards.values())[number]


def bag(page: Page, day: FullDay, number: int) -> None:
    """Somebody's bag before the counter, by a scanner on a Greek keyboard."""
    scan(page, card(day, number), layout="greek")
    expect(page.locator(".dosis-who")).to_contain_text(card(day, number))


def give(page: Page) -> None:
    expect(page.get_by_role("button", name="Χορήγηση όλων")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("Δόθηκαν")
    expect(page.locator("#text")).to_be_focused()


def test_the_day_is_prepared_with_one_key_and_the_answer_shows_by_itself(pages: Pages, day: FullDay) -> None:
    page = pages(Role.CLINIC_PHARMACIST, day.address.rpartition("/")[0])
    expect(page.locator(".dosis-panel--next")).to_contain_text(f"{PEOPLE} άτομα αναμένονται")
    assert violations(page) == []
    expect(page.get_by_role("button", name="Ετοιμασία της ημέρας")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-numbers")).to_be_visible()
    expect(page.locator("#answers")).to_have_count(0, timeout=20_000)
    expect(page.locator("#short")).to_contain_text("1 φάρμακο δεν φτάνει για όλους")
    first_heading = page.locator("main h2").first
    expect(first_heading).to_have_attribute("id", "short")
    assert page.locator("#expected ~ table tbody tr").count() == 40
    page.get_by_role("link", name="Επόμενη").click()
    assert page.locator("#expected ~ table tbody tr").count() == PEOPLE - 40
    page.go_back()
    for path in (page.url, day.address.rpartition("/")[0] + "/calendar"):
        page.goto(path)
        assert violations(page) == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_pages_keep_to_the_rules_and_to_the_width(pages: Pages, day: FullDay, size: Size) -> None:
    _prepared(day)
    page = pages(Role.CLINIC_PHARMACIST, day.address, size)
    visit = page.locator("#expected ~ table a").last.get_attribute("href")
    days = day.address.rpartition("/")[0]
    owed = days.removesuffix("days") + "owed"
    paths = (days, day.address, f"{day.address}/counter", f"{visit}", f"{visit}?part=yes", f"{day.address}/close", owed)
    for path in (*paths, f"{days}/calendar"):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_page_is_light(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    for path in (day.address.rpartition("/")[0], day.address, f"{day.address}/counter"):
        page = pages(Role.CLINIC_PHARMACIST, None)
        wire: list[int] = []
        page.on("requestfinished", lambda request, wire=wire: wire.append(request.sizes()["responseBodySize"]))
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert len(wire) <= 6, path
        assert sum(wire) < 60_000, path


@pytest.fixture
def alone(visit: Visits, together: Running, nats: Nats) -> Iterator[Pages]:
    """Pages of dispense as a process of its own, which goes on when the others are killed."""
    visit(sign_in_name_of(Role.COUNTER_VOLUNTEER, SOUTH))
    others = together.processes["stock"]
    with together.cell.service_process("dispense") as dispense:
        visits = Visits(visit.browser, together, Watch(dispense.url), visit.sessions)
        yield Pages(visits)
        visits.close()
        assert visits.watch.trouble == []
    if others.process is not None and others.process.poll() is not None:
        others.start()


def test_sixty_people_are_served_with_stock_killed_and_nats_stopped_in_the_middle(
    alone: Pages, day: FullDay, together: Running, nats: Nats
) -> None:
    _prepared(day)
    others = together.processes["stock"]
    page = alone(Role.COUNTER_VOLUNTEER, f"{day.address}/counter")
    for number in range(PEOPLE):
        if number == PEOPLE // 2:
            # NATS first: dispense takes the relay over from the killed process when there is no bus any more.
            nats.kill()
            others.kill()
            # It comes by itself, on the page that stands open.
            expect(page.locator(".dosis-away")).to_contain_text("Το απόθεμα δεν απαντά", timeout=30_000)
            expect(page.locator(".dosis-away")).to_contain_text("Ό,τι είναι έτοιμο δίνεται κανονικά")
            assert violations(page) == []
        keys = Keys(page)
        bag(page, day, number)
        if page.locator("#give").count() == 0:
            keys.press("0")  # there is nothing of theirs: back to the counter
            expect(page.locator("#text")).to_be_focused()
        else:
            expect(page.locator("#give button")).to_be_focused()
            keys.press("Enter")
            expect(page.locator(".dosis-panel--yes")).to_contain_text("Δόθηκαν")
            expect(page.locator("#text")).to_be_focused()
        assert keys.pressed <= MOST_KEYS
    expect(page.locator(".dosis-away")).to_be_visible()
    nats.start()
    others.start()
    expect(page.locator(".dosis-away")).to_have_count(0, timeout=60_000)
    given = day.wait_for_answers()["lines"]
    assert sum(line["given_units"] for line in given) > 0
    assert all(line["reserved_units"] == 0 for line in given)

    def agreed() -> bool:
        return sum(lot["reserved"] for lot in lots(day)) == 0

    wait_until(agreed, "stock has heard of all that was given", 60)


def test_undone_with_a_minus_given_in_part_and_not_come(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    for number in range(3):
        _register(day, number)
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/counter", PHONE)
    bag(page, day, PEOPLE)
    expect(page.locator(".dosis-panel--ask")).to_contain_text("Δεν αναμένεται σήμερα")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-bag__line")).to_contain_text("28 δισκία", timeout=20_000)
    give(page)
    page.keyboard.type("-")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-note")).to_contain_text("Αναιρέθηκε")
    page.keyboard.press("2", delay=60)
    expect(page.locator("[data-replace]").first).to_be_focused()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--yes")).to_contain_text("20 δισκία")
    expect(page.locator(".dosis-panel__why")).to_contain_text("Οφείλονται: 8 δισκία")
    bag(page, day, PEOPLE + 1)
    page.keyboard.press("1", delay=60)
    expect(page.locator("#give button")).to_be_focused(timeout=20_000)
    page.keyboard.press("3", delay=60)
    expect(page.locator(".dosis-panel--gone")).to_contain_text("Δεν ήρθε")
    expect(page.locator("#text")).to_be_focused()


def test_who_has_no_card_is_found_by_name_with_one_more_key(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/counter", PHONE)
    page.locator("#text").press_sequentially("Δοκιμή 5", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--ask")).to_contain_text("Ποιος ή ποια είναι;")
    assert violations(page) == []
    page.keyboard.press("1", delay=60)
    expect(page.locator(".dosis-who")).to_contain_text("Δοκιμή")
    assert "counter/" in page.url and "unexpected" not in page.url


def test_what_is_held_is_marked_and_who_was_given_of_it_is_to_be_called(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/counter")
    patient_id = _register(day, 7, product=2)
    scan(page, day.cards[patient_id])
    expect(page.locator(".dosis-panel--ask")).to_contain_text("Δεν αναμένεται σήμερα")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-bag__line")).to_be_visible(timeout=20_000)
    batch = re.findall(r"παρτίδα (\w+)", page.locator(".dosis-bag__lots").inner_text())[0]
    lot = next(lot for lot in lots(day) if lot["batch"] == batch)
    day.caller(Role.CLINIC_PHARMACIST).do("stock", f"/lots/{lot['lot_id']}/hold", {"reason": "Ανάκληση"})
    caller = day.caller(Role.COUNTER_VOLUNTEER)
    wait_until(lambda: caller.get("dispense", "/call-backs")["call_backs"], "dispense has heard of it")
    page.reload()
    expect(page.locator(".dosis-panel--no").first).to_contain_text("Μη δώσετε")
    expect(page.locator(".dosis-panel--no").first).to_contain_text("Ανάκληση")
    assert violations(page) == []
    page.goto(day.address)
    expect(page.locator("#call")).to_contain_text("Τηλεφωνήστε")


def test_a_walk_in_without_an_answer_is_said_to_be_not_reserved(pages: Pages, day: FullDay, nats: Nats) -> None:
    _prepared(day)
    patient_id = _register(day, 8)
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/counter")
    nats.stop()
    expect(page.locator(".dosis-away")).to_be_visible(timeout=30_000)
    scan(page, day.cards[patient_id])
    expect(page.locator(".dosis-panel--ask")).to_contain_text("μάλλον δεν θα έρθει απάντηση")
    page.keyboard.press("Enter")
    expect(page.locator(".dosis-panel--no")).to_contain_text("Δεν δεσμεύτηκε", timeout=30_000)
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator(".dosis-panel--gone")).to_contain_text("Δεν έχει δεσμευτεί τίποτα")
    nats.start()
    expect(page.locator(".dosis-away")).to_have_count(0, timeout=60_000)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_without_javascript_a_card_is_served_all_the_same(pages: Pages, day: FullDay, size: Size) -> None:
    _prepared(day)
    patient_id = _register(day, 20 + SIZES.index(size))
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/counter", size)
    page.route("**/*.js*", lambda route: route.fulfill(body=""))
    page.reload()
    page.locator("#text").fill(day.cards[patient_id])
    page.locator("#text").press("Enter")
    page.get_by_role("button", name="Νέα έκτακτη επίσκεψη").click()
    day.wait_for_answers()
    if page.get_by_role("link", name="Δείτε ξανά").count():
        page.get_by_role("link", name="Δείτε ξανά").click()
    page.get_by_role("button", name="Χορήγηση όλων").click()
    expect(page.locator(".dosis-panel--yes")).to_contain_text("28 δισκία")


def test_the_papers_come_within_moments(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    page = pages(Role.CLINIC_PHARMACIST, day.address)
    for paper in ("pick-list", "labels"):
        began = time.monotonic()
        assert page.request.get(f"{day.address}/{paper}.pdf").body().startswith(b"%PDF")
        assert time.monotonic() - began < 5, "paper is a matter of a second"


# Last: it ends the day.
def test_the_day_is_closed_and_told_on_a_short_page(pages: Pages, day: FullDay) -> None:
    _prepared(day)
    page = pages(Role.COUNTER_VOLUNTEER, f"{day.address}/close")
    expect(page.locator("h2").first).to_contain_text("Τι θα γίνει")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Τι έγινε την ημέρα")
    expect(page.locator(".dosis-numbers")).to_contain_text("Ήρθαν")
    assert violations(page) == []
    assert pages(Role.AUDITOR, day.address).locator("body").inner_text().count("Δοκιμή") == 0


def _register(day: FullDay, number: int, product: int = 1) -> str:
    return day.register(f"Έκτακτη {number}", "el", [day.products[product]])


def _prepared(day: FullDay) -> None:
    """Whichever test runs alone."""
    if not day.is_prepared():
        day.prepare()
