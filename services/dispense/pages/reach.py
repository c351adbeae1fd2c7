"""Whether stock can be reached, as far as dispense knows it by itself: said on every page of a day and the counter."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.dispense import store
from shared.bus import ELSEWHERE
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, page
from shared.web.seeing import health_of

UNSENT_SECONDS = 15
"""An event that is older than this, and still not sent, shows that the bus is cut, whatever the connection says."""
SILENT = timedelta(seconds=20)
"""Stock answers in a second; after this long somebody at the counter has to know."""


class Reach(Struct, frozen=True, kw_only=True):
    """`cut`: nothing goes out or comes in. `silent`: the bus is there, and stock doesn't answer."""

    cut: bool
    silent: bool
    unsent_minutes: int

    @property
    def away(self) -> bool:
        return self.cut or self.silent


async def reach_of(view: View) -> Reach:
    health = await health_of(view.runtime)
    async with view.reading.reading() as tx:
        since = await store.requests.oldest_waiting(tx)
        silent = since is not None and tx.now - since > SILENT
    here = health.bus or view.runtime.bus.last_error == ELSEWHERE
    return Reach(
        cut=not here or health.outbox_age_seconds > UNSENT_SECONDS,
        silent=silent,
        unsent_minutes=int(health.outbox_age_seconds // 60),
    )


@page("/clinics/{clinic_id:uuid}/fragments/reach", act=Act.SEE_DAY)
async def show_reach(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """Asked for again and again by the pages that stay open: the banner comes and goes by itself."""
    return view.plain("dispense/reach.html", reach=await reach_of(view))


PAGES = (show_reach,)
