"""Boxes as people bring them: many expired, some opened, a few that no clinic takes.

The spread follows what was seen: 43% of surveyed donors bring expired medicines, and about a fifth of returned
packs could be used again in one study; a partner pharmacy that has told its donors sees rather more.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from shared.catalogue import FormGroup, Kind, Product

SOURCES = ("person",) * 85 + ("collective",) * 5 + ("association",) * 5 + ("company",) * 4 + ("church",)


def common_products(products: Sequence[Product], random: Random, most: int = 24) -> list[Product]:
    """Products that the demo's patients take: tablets and capsules that nothing forbids."""
    plain = [
        product
        for product in products
        if product.kind is Kind.MEDICINE
        and product.form_group is FormGroup.ORAL_SOLID
        and not (product.controlled or product.never_automatic or product.cold_chain)
    ]
    ordered = sorted(plain, key=lambda product: product.source_key)
    return random.sample(ordered, min(most, len(ordered)))


def box(random: Random, products: Sequence[Product], common: Sequence[Product], today: date) -> dict[str, Any]:
    """One donated item, as the API takes it."""
    product = random.choice(common) if random.random() < 0.85 else random.choice(products)
    pack = random.choice(product.packs)
    opened = random.random() < 0.3
    units = random.randint(1, pack.units_per_pack) if opened else pack.units_per_pack
    coded = pack.code is not None and random.random() < 0.7
    return {
        "product_id": None if coded else str(product.product_id),
        "code": pack.code if coded else None,
        "batch": None if random.random() < 0.08 else f"D{random.randint(1, 400):04d}",
        "expires_on": str(_expiry(random, today)),
        "opened": opened,
        "units": units,
        "source_kind": random.choice(SOURCES),
        "storage": "room" if random.random() < 0.95 else "unknown",
    }


def _expiry(random: Random, today: date) -> date:
    """The last day of a month, as boxes carry it."""
    chance = random.random()
    if chance < 0.22:
        months = -random.randint(1, 18)
    elif chance < 0.34:
        months = random.randint(0, 5)
    else:
        months = random.randint(7, 30)
    first = (today.replace(day=1) + timedelta(days=31 * months)).replace(day=1)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


SCHEDULES: tuple[dict[str, Any], ...] = (
    {"every": "day", "times": 1},
    {"every": "day", "times": 2},
    {"every": "hours", "hours": 12},
    {"every": "days", "days": 2},
    {"every": "weekdays", "weekdays": [1, 4]},
)


def therapy_line(random: Random, product: Product, today: date) -> dict[str, Any]:
    """A line of a plan: mostly one a day, some halves, some odd rhythms."""
    return {
        "product_id": str(product.product_id),
        "per_intake": random.choice(("1", "1", "1", "1/2", "1 1/2")),
        "schedule": random.choices(SCHEDULES, weights=(10, 5, 1, 1, 1))[0],
        "starts_on": str(today),
        "prescribed_by": "Δρ. Δοκιμή",
    }
