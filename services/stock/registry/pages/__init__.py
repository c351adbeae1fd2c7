"""The registry's pages: signing in, the first page, one's own matters, and the clinic with all that it decided."""

from services.stock.registry.pages import clinic, decisions, delegating, entering, me, people, pharmacies, policies

PAGES = (
    *entering.PAGES,
    *me.PAGES,
    *clinic.PAGES,
    *people.PAGES,
    *delegating.PAGES,
    *decisions.PAGES,
    *policies.PAGES,
    *pharmacies.PAGES,
)
