"""Stock's pages: what is on the shelves, what expires, a lot's life, why one isn't offered, what clinics can spare;
and transfers."""

from services.stock.pages import exports, finding, life, lots, offering, products, putting_right, surplus, transfers

PAGES = (
    *products.PAGES,
    *finding.PAGES,
    *lots.PAGES,
    *exports.PAGES,
    *life.PAGES,
    *putting_right.PAGES,
    *offering.PAGES,
    *surplus.PAGES,
    *transfers.PAGES,
)
