"""What pages look like, in both languages and sizes: `make screenshots` writes them to `tests/browser/screenshots`.

They show the cell that `make run` makes, with its invented people, on a prepared pharmacy day.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, Page

from deploy import operator
from deploy.cell import SERVICES, Cell
from deploy.client import Api, wait_until
from deploy.demo.people import NORTH, PASSWORD, DemoPlace, found_clinics
from deploy.up import fill_in
from shared.identity import COOKIE
from tests.browser.boxes import AMLIBON, ATORVALET, NORMODIN, SALOSPIR, data_matrix
from tests.browser.scanner import scan
from tests.browser.visiting import LANGUAGE_COOKIE, LANGUAGES, SIZES, Language, Size
from tests.cells import made_cell

FOLDER = Path(__file__).parent / "screenshots"


class Demo:
    """The demo's northern clinic on a pharmacy day that is prepared."""

    def __init__(self, cell: Cell, url: str, clinic_id: str) -> None:
        self.url = url
        self.clinic_id = clinic_id
        self.today = str(cell.settings_of("stock").clock().today())
        self.sessions: dict[str, str] = {}

    def caller(self, who: str) -> Api:
        if who not in self.sessions:
            typed = {"sign_in_name": who, "password": PASSWORD}
            answer = httpx.post(f"{self.url}/stock/api/sign-in", json=typed, trust_env=False).raise_for_status()
            self.sessions[who] = answer.cookies[COOKIE]
        return Api(dict.fromkeys(SERVICES, self.url), self.sessions[who], self.clinic_id)

    def prepare(self) -> None:
        pharmacist = self.caller("kostas")
        pharmacist.do("dispense", f"/pharmacy-days/{self.today}/prepare")

        def answered() -> bool:
            lines = pharmacist.get("dispense", f"/pharmacy-days/{self.today}")["lines"]
            return not any(line["waits"] for line in lines)

        wait_until(answered, "stock answers all of the day")


# Before the browser, whose driver keeps a loop running.
@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with made_cell() as cell:
        places = asyncio.run(_founded(cell))
        with cell.together_process() as process:
            asyncio.run(fill_in(cell, process.url, places))
            found = Demo(cell, process.url, str(places[NORTH].clinic_id))
            found.prepare()
            yield found


async def _founded(cell: Cell) -> dict[str, DemoPlace]:
    await operator.import_file(cell, None)
    return await found_clinics(cell, cell.settings_of("stock").clock().today())


class Picture(NamedTuple):
    name: str
    path: str
    who: str | None = None
    """Whose page it is, of the demo's people; None: of nobody."""
    then: Callable[[Page, Demo], None] | None = None
    """What they do there before the picture is taken."""


def _log_boxes(page: Page, _demo: Demo) -> None:
    page.locator("main form button").first.click()
    page.wait_for_url("**/collections/*")
    for number, box in enumerate((SALOSPIR, AMLIBON, NORMODIN)):
        scan(page, data_matrix(box, f"LOT{number}", f"{page.url[-6:]}-{number}"), layout="greek")
        page.locator(".dosis-panel--yes").get_by_text(box.name).wait_for()


def _ask_expiry(page: Page, demo: Demo) -> None:
    _log_boxes(page, demo)
    scan(page, ATORVALET.ean)
    page.locator("#expires").wait_for()


def _first_of_table(page: Page, _demo: Demo) -> None:
    page.locator("main table a").first.click()


def _first_bag(page: Page, _demo: Demo) -> None:
    page.locator("#expected ~ table a").first.click()


def _look_for(text: str) -> Callable[[Page, Demo], None]:
    def look(page: Page, _demo: Demo) -> None:
        page.locator("#text").fill(text)
        page.locator("#text").press("Enter")
        page.wait_for_load_state("networkidle")

    return look


def _first_patient(page: Page, demo: Demo) -> None:
    _look_for("Δοκιμαστικός")(page, demo)
    page.locator("main li a, main li button").first.click()


STOCK, DONATIONS, DISPENSE = "/stock/clinics/{clinic}", "/donations/clinics/{clinic}", "/dispense/clinics/{clinic}"
DAY = DISPENSE + "/days/{today}"
PICTURES = (
    Picture("sign-in", "/stock/sign-in"),
    Picture("health", "/health"),
    Picture("api-stock", "/stock/api/schema"),
    Picture("today", STOCK, "kostas"),
    Picture("today-partner", STOCK, "anna"),
    Picture("today-secretary", STOCK, "maria"),
    Picture("collections", DONATIONS + "/collections", "anna"),
    Picture("intake", DONATIONS + "/collections", "anna", _log_boxes),
    Picture("intake-asks", DONATIONS + "/collections", "anna", _ask_expiry),
    Picture("check-queue", DONATIONS + "/check", "kostas"),
    Picture("check", DONATIONS + "/check", "kostas", _first_of_table),
    Picture("stock", STOCK + "/products", "kostas"),
    Picture("stock-found", STOCK + "/products", "kostas", _look_for("a")),
    Picture("expiring", STOCK + "/lots?within=180", "kostas"),
    Picture("lots", STOCK + "/lots?within=all", "kostas"),
    Picture("lot", STOCK + "/lots?within=all", "kostas", _first_of_table),
    Picture("surplus", STOCK + "/surplus", "nikos"),
    Picture("surplus-ours", STOCK + "/surplus/ours", "nikos"),
    Picture("patients", DISPENSE + "/patients", "maria"),
    Picture("patient-new", DISPENSE + "/patients/new", "maria"),
    Picture("patient", DISPENSE + "/patients", "kostas", _first_patient),
    Picture("days", DISPENSE + "/days", "kostas"),
    Picture("day", DAY, "kostas"),
    Picture("counter", DAY + "/counter", "eleni"),
    Picture("bag", DAY, "eleni", _first_bag),
    Picture("calendar", DISPENSE + "/days/calendar", "maria"),
    Picture("clinic", STOCK + "/clinic", "giorgos"),
    Picture("clinic-people", STOCK + "/clinic/people", "giorgos"),
    Picture("clinic-person-new", STOCK + "/clinic/people/new", "giorgos"),
    Picture("clinic-decisions", STOCK + "/clinic/decisions", "giorgos"),
    Picture("clinic-decision-new", STOCK + "/clinic/decisions/new", "giorgos"),
    Picture("clinic-policies", STOCK + "/clinic/policies", "giorgos"),
    Picture("clinic-policy", STOCK + "/clinic/policies/opened_packs_accepted", "giorgos"),
    Picture("clinic-pharmacies", STOCK + "/clinic/pharmacies", "giorgos"),
    Picture("clinic-pharmacy-new", STOCK + "/clinic/pharmacies/new", "giorgos"),
    Picture("clinic-waiting-events", STOCK + "/waiting-events", "giorgos"),
    Picture("me", "/stock/me", "giorgos"),
    Picture("transfers", STOCK + "/transfers", "nikos"),
    Picture("transfer", STOCK + "/transfers", "nikos", _first_of_table),
    Picture("transfer-ask", STOCK + "/transfers/ask", "nikos"),
)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_take(demo: Demo, browser: Browser, picture: Picture, size: Size, language: Language) -> None:
    cookies = {LANGUAGE_COOKIE: language}
    if picture.who is not None:
        demo.caller(picture.who)
        cookies[COOKIE] = demo.sessions[picture.who]
    context = browser.new_context(viewport={"width": size.width, "height": size.height}, base_url=demo.url)
    context.add_cookies([{"name": name, "value": value, "url": demo.url} for name, value in cookies.items()])
    page = context.new_page()
    answer = page.goto(picture.path.format(clinic=demo.clinic_id, today=demo.today))
    assert answer is not None and answer.ok, picture.path
    if picture.then is not None:
        picture.then(page, demo)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{picture.name}.{language}.{size.name}.png", full_page=True)
    context.close()
