"""What pages look like, in both languages and sizes: `make screenshots` writes them to `tests/browser/screenshots`."""

from pathlib import Path
from typing import NamedTuple

import pytest

from shared.roles import Role
from tests.browser.visiting import LANGUAGES, SIZES, Language, Size, Visits

FOLDER = Path(__file__).parent / "screenshots"


class Picture(NamedTuple):
    name: str
    path: str
    role: Role | None = None
    """Whose page it is, at the northern clinic; None: of nobody. `{clinic}` in the path is that clinic."""


PICTURES = (
    Picture("sign-in", "/stock/sign-in"),
    Picture("health", "/health"),
    Picture("today", "/", Role.CLINIC_PHARMACIST),
    Picture("api-stock", "/stock/api/schema"),
    Picture("patients", "/dispense/clinics/{clinic}/patients", Role.SECRETARY),
    Picture("transfers", "/stock/clinics/{clinic}/transfers", Role.TRANSFERS_DELEGATE),
    Picture("transfer-ask", "/stock/clinics/{clinic}/transfers/ask", Role.TRANSFERS_DELEGATE),
    Picture("patient-new", "/dispense/clinics/{clinic}/patients/new", Role.SECRETARY),
)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_take(visit: Visits, picture: Picture, size: Size, language: Language) -> None:
    path = picture.path.format(clinic=visit.running.world.north.clinic_id)
    page = visit(picture.role, path, size, language)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{picture.name}.{language}.{size.name}.png", full_page=True)
