"""A cell whose three services run as one app at one address, as `dosis up` serves them, and a Chromium before it."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from deploy.cell import SERVICES
from tests.browser.chromium import installed_chromium
from tests.browser.visiting import PASSWORD, Visits, Watch
from tests.cells import made_cell
from tests.people import Running, make_world


@pytest.fixture(scope="session")
def together() -> Iterator[Running]:
    """Everybody of tests/people.py can sign in here, with PASSWORD. Servers of its own: a page shows what others do."""
    with made_cell() as cell:
        world = asyncio.run(make_world(cell, PASSWORD))
        with cell.together_process() as process:
            yield Running(cell, world, dict.fromkeys(SERVICES, process))


# A page is there in a tenth of a second; a machine with other work to do takes its time.
expect.set_options(timeout=20_000)


# While Playwright is driven, this thread has a running loop: so it ends with this folder's tests, and begins after
# the cell, which is made with a loop of its own.
@pytest.fixture(scope="package")
def browser(together: Running) -> Iterator[Browser]:
    assert together
    with sync_playwright() as playwright:
        # Chromium's sandbox does not start as root, as tests are run in a container; what it opens here is ours alone.
        chromium = playwright.chromium.launch(executable_path=installed_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def sessions() -> dict[str, str]:
    return {}


@pytest.fixture
def watch(together: Running) -> Watch:
    return Watch(together.urls["stock"])


@pytest.fixture
def visit(browser: Browser, together: Running, watch: Watch, sessions: dict[str, str]) -> Iterator[Visits]:
    """Opens pages as somebody. Trouble on any of them fails the test that looked at it."""
    visits = Visits(browser, together, watch, sessions)
    yield visits
    visits.close()
    assert watch.trouble == []
