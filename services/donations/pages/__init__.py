"""Donations' pages: a partner pharmacist logs and hands in, a clinic's pharmacist checks."""

from services.donations.pages import checking, collections, intake, waiting

PAGES = (*collections.PAGES, *intake.PAGES, *checking.PAGES, *waiting.PAGES)
