"""The stage on which the stories are played: a cell, its services as processes, and who speaks to them."""

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from msgspec import Struct

from deploy import operator
from deploy.cell import SERVICES, Cell, ServiceProcess
from deploy.client import Api, ApiRefused, wait_until
from deploy.demo.boxes import common_products
from deploy.demo.people import PEOPLE, DemoPlace
from shared.catalogue import Product
from shared.clock import days_ahead


class Story(Struct, frozen=True, kw_only=True):
    """What one story showed."""

    name: str
    ok: bool
    seconds: float
    facts: dict[str, Any]


class NotAsTold(AssertionError):
    """Something in a story did not come out as it must."""


class Stage:
    """Shared by the stories: callers, the products at hand, and what has been told so far."""

    def __init__(
        self,
        cell: Cell,
        urls: dict[str, str],
        places: dict[str, DemoPlace],
        products: Sequence[Product],
        *,
        seed: int = 20261121,
    ) -> None:
        self.cell = cell
        self.urls = urls
        self.places = places
        self.random = Random(seed)  # noqa: S311 - a story, not a secret
        self.products = list(products)
        self.common = common_products(products, self.random)
        self.processes: dict[str, ServiceProcess] = {}
        self.callers: dict[str, Api] = {}
        self.cards: dict[str, str] = {}
        self.told: list[Story] = []

    async def hire(self) -> None:
        """A token for everybody."""
        for person in PEOPLE:
            signed = await operator.make_token(self.cell, person.sign_in_name, "demo")
            self.callers[person.sign_in_name] = Api(self.urls, signed.token, self.places[person.clinic].clinic_id)

    def wait_until_known(self) -> None:
        """Until every service knows the registry and the catalogue."""
        last = self.products[-1].name[:60]

        def known() -> bool:
            try:
                return all(
                    self.callers[who].get(service, "/products", text=last)["products"]
                    for service in SERVICES
                    for who in self.callers
                )
            except ApiRefused:  # a delegation that has not arrived yet
                return False

        wait_until(known, "the services know the registry and the catalogue", 60)

    @property
    def today(self) -> date:
        return self.cell.settings_of("stock").clock().today()

    def tell(self, name: str, story: Callable[["Stage"], dict[str, Any]]) -> None:
        """Play one story and keep what it showed; what goes wrong is told too."""
        started = time.perf_counter()
        try:
            facts, ok = story(self), True
        except Exception as problem:
            facts, ok = {"went_wrong": f"{type(problem).__name__}: {problem}"}, False
        self.told.append(Story(name=name, ok=ok, seconds=round(time.perf_counter() - started, 2), facts=facts))
        if not ok:
            raise NotAsTold(f"{name}: {facts['went_wrong']}")

    def shelf_units(self, who: str) -> int:
        """All units on a clinic's shelves."""
        return sum(lot["shelf"] for lot in self.lots(who))

    def lots(self, who: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.callers[who].get("stock", "/lots", most=500, **params, **({"after": after} if after else {}))
            found += page["lots"]
            after = page["next"]
            if after is None:
                return found

    def day(self, who: str, day_on: date) -> dict[str, Any]:
        view: dict[str, Any] = self.callers[who].get("dispense", f"/pharmacy-days/{day_on}")
        return view

    def wait_for_answers(self, who: str, day_on: date) -> dict[str, Any]:
        """The day once stock has answered every line."""
        view: dict[str, Any] = wait_until(
            lambda: (found := self.day(who, day_on)) and not any(x["waits"] for x in found["lines"]) and found,
            f"stock answers all that {day_on} asked for",
            40,
        )
        return view

    def next_pharmacy_day(self, who: str) -> date:
        days = self.callers[who].get("dispense", "/pharmacy-days")["coming_days"]
        return date.fromisoformat(days[0])

    def move_to(self, day_on: date) -> None:
        """Set the demo's clock to a day to come."""
        real_today = self.today - timedelta(days=days_ahead(self.cell.demo_days))
        self.cell.set_days_ahead((day_on - real_today).days)


def require(holds: object, what: str) -> None:
    if not holds:
        raise NotAsTold(what)
