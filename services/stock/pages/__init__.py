"""Stock's pages: what is on the shelves, what expires, a lot's life, why one isn't offered, what clinics can spare."""

from services.stock.pages import exports, life, lots, offering, products, putting_right, surplus

PAGES = (
    *products.PAGES,
    *lots.PAGES,
    *exports.PAGES,
    *life.PAGES,
    *putting_right.PAGES,
    *offering.PAGES,
    *surplus.PAGES,
)
