"""Donations' pages: a partner pharmacist logs and hands in, a clinic's pharmacist checks."""

from services.donations.pages import checking, collections, intake, waiting
from shared.web.pages.finding import find_form

PAGES = (
    *collections.PAGES,
    *intake.PAGES,
    *checking.PAGES,
    *waiting.PAGES,
    find_form(checking.collection_of_slip),
)
