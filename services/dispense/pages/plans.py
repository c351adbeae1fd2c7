"""Lines of a plan: a medicine by its name, how it is taken by a short code, said in words before it is kept."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct
from msgspec.structs import replace

from services.dispense import directions, words
from services.dispense.actions import changing
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import PatientForgotten, TherapyLineNotFound
from services.dispense.pages.patients import show_patient
from services.dispense.pages.seen import Line, Seen, address_of, seen
from services.dispense.rules.short_codes import (
    LONGEST_CODE,
    ContradictionError,
    NotAShortCodeError,
    Taken,
    read_short_code,
    write_short_code,
)
from shared import fields, gtins, known
from shared.codes import Question, Recognised, read_code
from shared.database import Transaction, Work
from shared.exact import fraction_of
from shared.language import N_, Words
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page
from shared.web.pages.forms import NEEDED, FieldProblem, FormWrong, read_what_can_be

MOST_FOUND = 9
"""So many are offered for a name: each has a digit of the keyboard."""

NO_CODE = N_("This can't be read. Write it like one of these: 1x2, 1/2x1, 1 am pm, 1 mon,thu, 1/8h, 1/2d.")
CONTRADICTION = N_("The number of times and the times of day don't agree. Write only one of them, like 1 am pm.")
UNTIL_BEFORE = N_("The last day is before the first one.")


class LineForm(Struct, frozen=True, kw_only=True):
    """`text`: a medicine's name, or the code of its box. `sure`: the words were seen and are right; `seen`: the
    plan as it stood beside them; `seen_until`: the line's last day, as the form showed it."""

    text: fields.Scan | None = None
    product_id: UUID | None = None
    code: Annotated[str, Meta(max_length=LONGEST_CODE, pattern=fields.ONE_LINE)] | None = None
    starts: fields.Day | None = None
    until: fields.Day | None = None
    prescribed_by: fields.Name | None = None
    only_this_product: bool = False
    sure: bool = False
    seen: Annotated[str, Meta(max_length=40, pattern=fields.ONE_LINE)] | None = None
    seen_until: fields.Day | None = None
    again: bool = False
    """The fields are wanted: a medicine was chosen, or the words aren't right."""


class Step(Struct, frozen=True, kw_only=True):
    """How far a line has come: a name to choose from, the fields, or the words to say yes to."""

    typed: LineForm
    found: list[known.FoundProduct] | None = None
    product: known.KnownProduct | None = None
    taken: Taken | None = None
    before: changing.Before | None = None

    @property
    def alerts(self) -> Sequence[actions.TherapyAlert]:
        return self.before.alerts if self.before else ()

    def said(self, words: Words) -> str:
        assert self.taken is not None and self.product is not None
        return directions.in_words(words, *self.taken, self.product.product.content_unit)


# A new line


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/plan", act=Act.PLAN_THERAPY)
async def show_planning(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    typed = read_what_can_be(LineForm, view.failed.typed) if view.failed else LineForm()
    step = Step(typed=typed)
    if typed.product_id is not None:
        async with work.reading() as tx:
            step = Step(typed=typed, product=await known.product_of(tx.sql, clinic_id, typed.product_id))
    return await _show_planning(work, runtime, view, patient_id, step)


async def _show_planning(work: Work, runtime: Runtime, view: View, patient_id: UUID, step: Step) -> Response[Any]:
    found = await _present(work, runtime, patient_id)
    base = address_of(_clinic_of(work), patient_id)
    return await view.page(
        "dispense/plan.html", base=base, path=f"{base}/plan", seen=found, step=step, tables=words, day=day_shown
    )


@form("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/plan", act=Act.PLAN_THERAPY, again=show_planning)
async def plan_by_form(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    typed = view.typed(LineForm)
    if typed.product_id is None or typed.again or not typed.sure:
        step = await _next_step(view, runtime, patient_id, typed)
        return await _show_planning(view.reading, runtime, view, patient_id, step)
    taken, starts_on = _read(typed, view.today)
    line = actions.NewLine(
        product_id=typed.product_id,
        only_this_product=typed.only_this_product,
        per_intake=str(taken.per_intake),
        schedule=taken.schedule,
        starts_on=starts_on,
        until_on=typed.until,
        prescribed_by=typed.prescribed_by,
        seen=typed.seen,
    )
    planning = actions.plan_therapy(work, keys_of(runtime), patient_id, line)
    added = await view.once(planning, actions.TherapyLineChanged)
    return view.go(address_of(clinic_id, patient_id), line=added.therapy_line_id, was="added")


async def _next_step(view: View, runtime: Runtime, patient_id: UUID, typed: LineForm) -> Step:
    """Nothing is stored yet: what was typed is looked up, read, and said in words."""
    if typed.product_id is None:
        if typed.text is None:
            raise FormWrong(problems=[FieldProblem("text", NEEDED)])
        async with view.reading.reading() as tx:
            scanned = await _scanned(tx, typed.text, view.today)
            if scanned is not None:
                return Step(typed=replace(typed, product_id=scanned.product.product_id), product=scanned)
            return Step(typed=typed, found=await known.products_named(tx.sql, tx.clinic_id, typed.text, MOST_FOUND))
    async with view.reading.reading() as tx:
        product = await known.product_of(tx.sql, tx.clinic_id, typed.product_id)
    if typed.again:
        return Step(typed=typed, product=product)
    taken, _ = _read(typed, view.today)
    before = await changing.alerts_before(view.reading, keys_of(runtime), patient_id, typed.product_id)
    return Step(typed=typed, product=product, taken=taken, before=before)


async def _scanned(tx: Transaction, text: str, today: date) -> known.KnownProduct | None:
    """The medicine of a box that was scanned: an empty one that somebody brought; None: it is a name."""
    reading = read_code(text, today)
    numbers = {reading.gtin} if isinstance(reading, Recognised) else set[str | None]()
    if isinstance(reading, Question):
        numbers = {each.gtin for each in reading.readings}
    gtin = numbers.pop() if len(numbers) == 1 else None
    pack = await gtins.pack_of(tx.sql, tx.clinic_id, gtin) if gtin else None
    return pack.product if pack else None


def _read(typed: LineForm, today: date) -> tuple[Taken, date]:
    """How it is taken and from when; raises FormWrong with all that is wrong."""
    problems: list[FieldProblem] = []
    taken = None
    try:
        taken = read_short_code(typed.code) if typed.code else None
        problems += [] if taken else [FieldProblem("code", NEEDED)]
    except ContradictionError:
        problems.append(FieldProblem("code", CONTRADICTION))
    except NotAShortCodeError:
        problems.append(FieldProblem("code", NO_CODE))
    starts_on = typed.starts or today
    if typed.until is not None and typed.until < starts_on:
        problems.append(FieldProblem("until", UNTIL_BEFORE))
    if problems or taken is None:
        raise FormWrong(problems=problems)
    return taken, starts_on


# A line that is there


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/plan/{therapy_line_id:uuid}", act=Act.PLAN_THERAPY)
async def show_line(
    work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID, therapy_line_id: UUID
) -> Response[Any]:
    return await _show_line(work, runtime, view, patient_id, therapy_line_id, None)


async def _show_line(
    work: Work, runtime: Runtime, view: View, patient_id: UUID, line_id: UUID, typed: LineForm | None
) -> Response[Any]:
    """The fields with what holds now, or with what was typed; once that is readable, the words."""
    found = await _present(work, runtime, patient_id)
    line = _line_of(found, line_id)
    base = address_of(_clinic_of(work), patient_id)
    taken = _read(typed, view.today)[0] if typed is not None and not typed.again else None
    step = Step(typed=typed or _as_it_is(line, view), product=line.product, taken=taken)
    return await view.page(
        "dispense/line.html",
        base=base,
        path=f"{base}/plan/{line_id}",
        seen=found,
        line=line,
        step=step,
        tables=words,
        day=day_shown,
    )


@form(
    "/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/plan/{therapy_line_id:uuid}",
    act=Act.PLAN_THERAPY,
    again=show_line,
)
async def change_line_by_form(
    work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID, therapy_line_id: UUID
) -> Response[Any]:
    typed = view.typed(LineForm)
    if typed.again or not typed.sure:
        return await _show_line(view.reading, runtime, view, patient_id, therapy_line_id, typed)
    taken, starts_on = _read(typed, view.today)
    line = changing.ChangedLine(
        per_intake=str(taken.per_intake),
        schedule=taken.schedule,
        starts_on=starts_on,
        until_on=typed.until,
        only_this_product=typed.only_this_product,
        prescribed_by=typed.prescribed_by,
        seen_until=typed.seen_until,
    )
    doing = changing.change_therapy_line(work, keys_of(runtime), patient_id, therapy_line_id, line)
    changed = await view.once(doing, actions.TherapyLineChanged)
    return view.go(address_of(clinic_id, patient_id), line=changed.therapy_line_id, was="changed")


def _as_it_is(line: Line, view: View) -> LineForm:
    row = line.row
    return LineForm(
        code=write_short_code(fraction_of(row.per_intake), row.schedule, view.words.language),
        starts=max(row.starts_on, view.today),
        until=row.until_on,
        prescribed_by=line.prescribed_by,
        only_this_product=row.only_this_product,
        seen_until=row.until_on,
    )


def _line_of(found: Seen, therapy_line_id: UUID) -> Line:
    line = next((line for line in found.lines if line.row.therapy_line_id == therapy_line_id), None)
    if line is None:
        raise TherapyLineNotFound
    return line


class StopForm(Struct, frozen=True, kw_only=True):
    """`go_on`: it was stopped by mistake."""

    go_on: bool = False


@form(
    "/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/plan/{therapy_line_id:uuid}/stop",
    act=Act.PLAN_THERAPY,
    again=show_patient,
)
async def stop_by_form(
    work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID, therapy_line_id: UUID
) -> Response[Any]:
    """Today is its last day; what begins today or later is never given. The opposite lets it go on without an end."""
    line = _line_of(await _present(view.reading, runtime, patient_id), therapy_line_id)
    begins_on = line.row.starts_on
    last_on = view.today if begins_on < view.today else begins_on - timedelta(days=1)
    go_on = view.typed(StopForm).go_on
    doing = actions.end_therapy_line(work, patient_id, therapy_line_id, None if go_on else last_on)
    await view.once(doing, actions.TherapyLineChanged)
    was = "continued" if go_on else "stopped"
    return view.go(address_of(clinic_id, patient_id), line=therapy_line_id, was=was)


async def _present(work: Work, runtime: Runtime, patient_id: UUID) -> Seen:
    found = await seen(work, runtime, patient_id, "plan")
    if found.identity is None:
        raise PatientForgotten
    return found


def _clinic_of(work: Work) -> UUID:
    assert work.clinic_id is not None
    return work.clinic_id


def day_shown(day: date | None) -> str:
    """As it is typed: 27/6/2027."""
    return f"{day.day}/{day.month}/{day.year}" if day is not None else ""


PAGES = (
    show_planning,
    plan_by_form,
    show_line,
    change_line_by_form,
    stop_by_form,
)
