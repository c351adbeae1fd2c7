"""Transfers between clinics: what waits for whom, asking, answering, sending with a note, counting, settling."""

from services.stock.pages.transfers import answering, asking, listing, note, one, receiving

PAGES = (
    *listing.PAGES,
    *asking.PAGES,
    *one.PAGES,
    *answering.PAGES,
    *receiving.PAGES,
    *note.PAGES,
)
