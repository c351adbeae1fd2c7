"""Giving a delegation, giving it again, ending it: one form for what, where, from when, until when, and by which
decision."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.errors import DelegationNotFound
from services.stock.registry import actions, rules, store
from services.stock.registry.pages.decisions import choice_of_decisions
from services.stock.registry.pages.people import PERSON, address_of, person_here, show_person
from shared import fields
from shared.database import Transaction, Work
from shared.days import add_months
from shared.language import N_
from shared.roles import Act, Role
from shared.web.pages import View, form, page
from shared.web.pages.forms import NO_CHOICE, FieldProblem, FormWrong
from shared.words import ROLES

USUAL_MONTHS = 12

CHOOSE = N_("Choose one")
PASSED = N_("This day has passed already.")
BEFORE_FIRST = N_("This is before its first day.")
TOO_FAR = N_("A delegation lasts two years at most: until {last} at the latest.")


@page(PERSON + "/give", act=Act.DECIDE)
async def show_giving(work: Work, view: View, clinic_id: UUID, person_id: UUID) -> Response[Any]:
    """`?like=`: a delegation of theirs that is given again, from where it ends."""
    async with work.reading() as tx:
        person, held = await person_here(tx, view, person_id)
        tasks = await _tasks(tx, view)
        decisions = await choice_of_decisions(tx, view)
    like = next((each for each in held if str(each.delegation_id) == view.asked("like")), None)
    from_on = view.today if like is None or like.is_over(view.today) else like.until_on + timedelta(days=1)
    return await view.page(
        "stock/clinic/give.html",
        base=address_of(clinic_id, person_id),
        person=person,
        has_nothing=not held,
        like=like,
        tasks=tasks if like else {"": CHOOSE, **tasks},
        task=f"{like.role} {like.place_id}" if like else "",
        from_on=from_on,
        until_on=add_months(from_on, USUAL_MONTHS),
        decisions=decisions,
        decision=view.asked("decision"),
        was=view.asked("was"),
        roles=ROLES,
    )


async def _tasks(tx: Transaction, view: View) -> Mapping[str, str]:
    """What can be given, each with its place: a partner pharmacist's is a pharmacy, every other role's the clinic."""
    words = view.words
    tasks = {f"{role} {tx.clinic_id}": words.gettext(text) for role, text in ROLES.items()}
    tasks.pop(f"{Role.PARTNER_PHARMACIST} {tx.clinic_id}")
    for pharmacy in await store.pharmacies(tx.sql, tx.clinic_id):
        if pharmacy.until_on is None or pharmacy.until_on >= tx.today:
            told = words.say(
                N_("{role}: {place}"), role=words.gettext(ROLES[Role.PARTNER_PHARMACIST]), place=pharmacy.name
            )
            tasks[f"{Role.PARTNER_PHARMACIST} {pharmacy.pharmacy_id}"] = told
    return tasks


class GivingForm(Struct, frozen=True, kw_only=True):
    """`task`: a role and its place."""

    task: fields.Name
    from_on: date
    until_on: date
    decision_id: UUID


@form(PERSON + "/give", act=Act.DECIDE, again=show_giving)
async def give_by_form(work: Work, view: View, clinic_id: UUID, person_id: UUID) -> Response[Any]:
    typed = view.typed(GivingForm)
    async with view.reading.reading() as tx:
        await person_here(tx, view, person_id)
        tasks = await _tasks(tx, view)
    problems = list(_wrong_days(typed, view))
    if typed.task not in tasks:
        problems.append(FieldProblem("task", NO_CHOICE))
    if problems:
        raise FormWrong(problems=problems)
    role, place_id = typed.task.split(" ")
    doing = actions.give_delegation(
        work, person_id, Role(role), UUID(place_id), typed.decision_id, typed.from_on, typed.until_on
    )
    given = await view.once(doing, actions.DelegationChanged)
    return view.go(address_of(clinic_id, person_id), was="given", delegation=given.delegation_id)


def _wrong_days(typed: GivingForm, view: View) -> list[FieldProblem]:
    if typed.until_on < typed.from_on:
        return [FieldProblem("until_on", BEFORE_FIRST)]
    if typed.until_on < view.today:
        return [FieldProblem("until_on", PASSED)]
    if not rules.are_delegation_days(typed.from_on, typed.until_on):
        last = typed.from_on + timedelta(days=rules.LONGEST_DELEGATION_DAYS)
        return [FieldProblem("until_on", TOO_FAR, {"last": view.words.day(last)})]
    return []


@form(PERSON + "/delegations/{delegation_id:uuid}/end", act=Act.DECIDE, again=show_person)
async def end_by_form(work: Work, view: View, clinic_id: UUID, person_id: UUID, delegation_id: UUID) -> Response[Any]:
    """The way back is giving it anew, from today until the day it had."""
    async with view.reading.reading() as tx:
        _, held = await person_here(tx, view, person_id)
    if delegation_id not in {each.delegation_id for each in held}:
        raise DelegationNotFound
    await view.once(actions.end_delegation(work, delegation_id), actions.DelegationChanged)
    return view.go(address_of(clinic_id, person_id), was="ended", delegation=delegation_id)


PAGES = (show_giving, give_by_form, end_by_form)
