"""Stock's pages: what is on the shelves, what expires, a lot's life, and why a lot isn't offered."""

from services.stock.pages import exports, life, lots, offering, products, putting_right

PAGES = (
    *products.PAGES,
    *lots.PAGES,
    *exports.PAGES,
    *life.PAGES,
    *putting_right.PAGES,
    *offering.PAGES,
)
