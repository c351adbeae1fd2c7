"""Stock's pages: what is on the shelves, what expires, a lot's life, why a lot isn't offered; and transfers."""

from services.stock.pages import exports, life, lots, offering, products, putting_right, transfers

PAGES = (
    *products.PAGES,
    *lots.PAGES,
    *exports.PAGES,
    *life.PAGES,
    *putting_right.PAGES,
    *offering.PAGES,
    *transfers.PAGES,
)
