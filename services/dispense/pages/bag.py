"""One patient at the counter: what to give, Enter, and the next."""

import re
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store, words
from services.dispense.actions import counter as actions
from services.dispense.errors import MoreThanReserved, VisitNotFound
from services.dispense.pages.bags import bag_of
from services.dispense.pages.counter import counter_address, refuse_other_day
from services.dispense.pages.reach import reach_of
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import NO_NUMBER, FieldProblem, FormWrong, Typed

AT_MOST = N_("Only {most} are reserved.")
NOTHING_CHOSEN = N_("Give at least one, or say that nothing is given.")
MOST_UNITS = 1_000_000
_UNITS_OF = re.compile(r"units_([0-9a-f-]{36})")


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/counter/{visit_id:uuid}", act=Act.GIVE)
async def show_bag(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    """What lies ready for somebody who stands here."""
    refuse_other_day(view, day_on)
    visit = await _visit(work, day_on, visit_id)
    bag = await bag_of(view, visit)
    return await view.page(
        "dispense/bag.html",
        base=counter_address(clinic_id, day_on),
        day_on=day_on,
        bag=bag,
        in_part=view.asked("part") != "" or (view.failed is not None and view.failed.path.endswith("/give")),
        too_late=bag.waits_until is not None and view.runtime.clock.now() > bag.waits_until,
        reach=await reach_of(view),
        alerts=words.ALERTS,
    )


async def _visit(work: Work, day_on: date, visit_id: UUID) -> store.visits.VisitRow:
    async with work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
    if visit is None or visit.day_on != day_on:
        raise VisitNotFound
    return visit


_PATH = "/clinics/{clinic_id:uuid}/days/{day_on:date}/counter/{visit_id:uuid}"


@form(_PATH + "/give", act=Act.GIVE, again=show_bag)
async def give_by_form(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    """Just what stood on the screen is given: what was held or came meanwhile is never given unseen."""
    wanted = units_typed(view.request.scope["state"]["typed"])
    await _visit(view.reading, day_on, visit_id)
    try:
        await view.once(actions.give(work, visit_id, wanted), actions.VisitChanged)
    except MoreThanReserved as refused:
        there = refused.facts["lines"]
        assert isinstance(there, dict)
        problems = [FieldProblem(f"units_{line}", AT_MOST, {"most": most}) for line, most in there.items()]
        raise FormWrong(problems=problems) from refused
    return view.go(counter_address(clinic_id, day_on), was=visit_id)


def units_typed(typed: Typed) -> dict[UUID, int]:
    """{line: units} of the fields `units_LINE`; an empty one and 0 say that nothing of it is given."""
    wanted: dict[UUID, int] = {}
    problems: list[FieldProblem] = []
    for name, values in typed.items():
        found = _UNITS_OF.fullmatch(name)
        said = values[-1].strip() or "0"
        if found is None:
            continue
        if not re.fullmatch(r"[0-9]{1,7}", said) or int(said) > MOST_UNITS:
            problems.append(FieldProblem(name, NO_NUMBER, {"least": 0, "most": MOST_UNITS}))
        elif int(said):
            wanted[_line(found[1])] = int(said)
    if not wanted and not problems:
        problems = [FieldProblem(name, NOTHING_CHOSEN) for name in typed if _UNITS_OF.fullmatch(name)][:1]
    if problems or not wanted:
        raise FormWrong(problems=problems)
    return wanted


def _line(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as problem:
        raise FormWrong from problem


@form(_PATH + "/not-come", act=Act.GIVE, again=show_bag)
async def not_come_by_form(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    await _visit(view.reading, day_on, visit_id)
    await view.once(actions.mark_not_come(work, visit_id), actions.VisitChanged)
    return view.go(counter_address(clinic_id, day_on), was=visit_id)


@form(_PATH + "/owe", act=Act.GIVE, again=show_bag)
async def owe_everything_by_form(
    work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID
) -> Response[Any]:
    """Somebody came in vain: they are not noted as not come, and all that they need is owed."""
    await _visit(view.reading, day_on, visit_id)
    await view.once(actions.owe_everything(work, visit_id), actions.VisitChanged)
    return view.go(counter_address(clinic_id, day_on), was=visit_id)


@form(_PATH + "/undo", act=Act.GIVE, again=show_bag)
async def undo_by_form(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    await _visit(view.reading, day_on, visit_id)
    await view.once(actions.undo_last(work, visit_id), actions.VisitChanged)
    return view.go(f"{counter_address(clinic_id, day_on)}/{visit_id}", undone="yes")


@form(_PATH + "/ask-again", act=Act.GIVE, again=show_bag)
async def ask_again_by_form(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    """What was short is asked for once more: something may have come since."""
    visit = await _visit(view.reading, day_on, visit_id)
    await view.once(actions.open_walk_in(work, visit.patient_id), actions.VisitChanged)
    return view.go(f"{counter_address(clinic_id, day_on)}/{visit_id}")


@form(_PATH + "/abandon", act=Act.GIVE, again=show_bag)
async def abandon_by_form(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    """No answer came: nothing is reserved, and nobody waits any more."""
    await _visit(view.reading, day_on, visit_id)
    await view.once(actions.abandon_walk_in(work, visit_id), actions.VisitChanged)
    return view.go(counter_address(clinic_id, day_on), was=visit_id)


@page("/clinics/{clinic_id:uuid}/fragments/days/{day_on:date}/visits/{visit_id:uuid}", act=Act.GIVE)
async def show_bag_waiting(work: Work, view: View, clinic_id: UUID, day_on: date, visit_id: UUID) -> Response[Any]:
    """Whether stock has answered; when it has, or when waiting is over, the page is to be loaded again."""
    await _visit(work, day_on, visit_id)
    async with work.reading() as tx:
        lines = await store.visit_lines.lines_of_visit(tx, visit_id)
        waits_until = await store.requests.waits_until(tx, visit_id)
        over = waits_until is not None and tx.now > waits_until
    answer = view.plain(
        "dispense/bag_waiting.html", base=counter_address(clinic_id, day_on), visit_id=visit_id, day_on=day_on
    )
    if over or not any(line.waits for line in lines):
        answer.headers["HX-Refresh"] = "true"
    return answer


PAGES = (
    show_bag,
    give_by_form,
    not_come_by_form,
    owe_everything_by_form,
    undo_by_form,
    ask_again_by_form,
    abandon_by_form,
    show_bag_waiting,
)
