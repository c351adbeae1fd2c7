"""The ground the browser's tests stand on: pages without trouble, people who are signed in, trouble that is noticed."""

import pytest
from playwright.sync_api import Page

from deploy.cell import SERVICES
from shared.roles import Role
from tests.browser.visiting import LANGUAGES, PC, PHONE, SIZES, Language, Size, Visits, Watch
from tests.people import SOUTH, Running, sign_in_name_of


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_health_shows_all_services_without_trouble(visit: Visits, size: Size, language: Language) -> None:
    page = visit(None, "/health", size, language)
    assert page.locator("section").count() == len(SERVICES)
    assert page.evaluate("innerWidth") == size.width
    assert page.evaluate("navigator.language")[:2] == language
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("service", SERVICES)
def test_the_viewer_shows_the_api_under_its_own_policy(visit: Visits, service: str) -> None:
    page = visit(None, f"/{service}/api/schema")
    page.locator(".opblock").first.wait_for()
    assert page.locator(".opblock").count() > 5


@pytest.mark.parametrize("role", Role)
def test_everybody_can_be_signed_in(visit: Visits, together: Running, role: Role) -> None:
    page = visit(role, "/", PHONE, "en")
    for service in SERVICES:
        path = f"/{service}/api/clinics/{together.world.north.clinic_id}/products?text=x"
        assert _status(page, path) == 200
    assert {"dosis_language", "dosis_session"} == {cookie.get("name") for cookie in page.context.cookies()}


def test_somebody_of_the_other_clinic_sees_nothing_of_this_one(visit: Visits, together: Running) -> None:
    visit.watch.expected.add(403)
    page = visit(sign_in_name_of(Role.SECRETARY, SOUTH), "/", PC)
    assert _status(page, f"/stock/api/clinics/{together.world.north.clinic_id}/lots") == 403


def test_trouble_on_a_page_is_noticed(visit: Visits, watch: Watch) -> None:
    page = visit(None, "/")
    page.evaluate("console.error('a bad day')")
    page.evaluate("setTimeout(() => { throw new Error('a worse one') })")
    assert _status(page, "/nowhere") == 404
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    page.wait_for_timeout(200)
    _all_noticed(watch, "console: a bad day", "error: a worse one", "404: GET", "style-src", "connect-src")


def test_what_goes_elsewhere_is_noticed_where_no_policy_stops_it(visit: Visits, watch: Watch) -> None:
    visit().set_content("<img src='http://127.0.0.1:9/x.png'>")
    _all_noticed(watch, "elsewhere: http://127.0.0.1:9/x.png", "failed (net::ERR_")


def _all_noticed(watch: Watch, *wanted: str) -> None:
    for trouble in wanted:
        assert any(trouble in each for each in watch.trouble), (trouble, watch.trouble)
    watch.trouble.clear()


def _status(page: Page, path: str) -> int:
    status: int = page.evaluate("(path) => fetch(path).then((answer) => answer.status)", path)
    return status
