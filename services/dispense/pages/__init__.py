"""Dispense's pages: patients, their cards and their plans; pharmacy days and the counter."""

from services.dispense.pages import (
    bag,
    calendar,
    card,
    clinic,
    closing,
    counter,
    days,
    identity,
    owed,
    papers,
    patients,
    plans,
    reach,
    unexpected,
    waiting,
)
from shared.web.pages.finding import find_form

PAGES = (
    *patients.PAGES,
    *identity.PAGES,
    *plans.PAGES,
    *card.PAGES,
    *days.PAGES,
    *closing.PAGES,
    *calendar.PAGES,
    *counter.PAGES,
    *bag.PAGES,
    *unexpected.PAGES,
    *owed.PAGES,
    *papers.PAGES,
    *reach.PAGES,
    *waiting.PAGES,
    *clinic.PAGES,
    find_form(counter.bag_or_patient),
)
