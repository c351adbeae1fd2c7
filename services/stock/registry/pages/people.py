"""The clinic's people: who is delegated to what, until when; somebody new; and one person with all of theirs."""

from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.errors import PersonNameMixed, PersonNameTaken, PersonNotFound
from services.stock.registry import actions, listing, rules, store
from services.stock.registry.pages.around import base_of, held_due
from shared import fields
from shared.database import Transaction, Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong
from shared.words import ROLES

NAME_TAKEN = N_("Somebody signs in under that name already. If it is the same person, give them a delegation instead.")
NOBODY = N_("Nobody signs in under that name. Look at how it is written, or register them.")

PERSON = "/clinics/{clinic_id:uuid}/clinic/people/{person_id:uuid}"


def address_of(clinic_id: UUID, person_id: UUID) -> str:
    return f"{base_of(clinic_id)}/people/{person_id}"


@page("/clinics/{clinic_id:uuid}/clinic/people", act=Act.SEE_CLINIC)
async def show_people(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """Who has a delegation; `?which=ending`: those whose end is near, `?which=ever`: all who ever had one."""
    which = view.asked("which") if view.asked("which") in ("ending", "ever") else ""
    async with work.reading() as tx:
        due = await held_due(tx, view)
        only = list({each.delegate_id for each in due}) if which == "ending" else None
        people, number = await listing.people(tx, view.page_number, ever=which != "", only=only)
        held = await listing.held_by(tx, [person.person_id for person in people])
    return await view.page(
        "stock/clinic/people.html",
        base=f"{base_of(clinic_id)}/people",
        people=[(person, _in_force(held, person.person_id, view)) for person in people],
        number=number,
        pages=-(-number // listing.A_PAGE),
        which=which,
        due={each.delegation_id for each in due},
        roles=ROLES,
    )


def _in_force(held: list[listing.Held], person_id: UUID, view: View) -> list[listing.Held]:
    return [each for each in held if each.delegate_id == person_id and not each.is_over(view.today)]


class FindForm(Struct, frozen=True, kw_only=True):
    sign_in_name: fields.Name


@form("/clinics/{clinic_id:uuid}/clinic/people/find", act=Act.DECIDE, again=show_people)
async def find_person_by_form(view: View, clinic_id: UUID) -> Response[Any]:
    """Somebody who is registered already, to be given a delegation here."""
    name = rules.sign_in_name_of(view.typed(FindForm).sign_in_name)
    async with view.reading.reading() as tx:
        person = await store.find_person_named(tx.sql, name)
    if person is None:
        raise FormWrong(problems=[FieldProblem("sign_in_name", NOBODY)])
    return view.go(address_of(clinic_id, person.person_id) + "/give")


@page("/clinics/{clinic_id:uuid}/clinic/people/new", act=Act.DECIDE)
async def show_new_person(view: View, clinic_id: UUID) -> Response[Any]:
    return await view.page("stock/clinic/person_new.html", base=f"{base_of(clinic_id)}/people")


class PersonForm(Struct, frozen=True, kw_only=True):
    """A password is asked for: without one, nobody signs in at a page, and nobody could give one later."""

    display_name: fields.Name
    sign_in_name: fields.Name
    password: fields.Password


@form("/clinics/{clinic_id:uuid}/clinic/people/new", act=Act.DECIDE, again=show_new_person)
async def add_person_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """Then what they are to do here is given them."""
    typed = view.typed(PersonForm)
    doing = actions.add_person(work, typed.sign_in_name, typed.display_name, typed.password)
    try:
        added = await view.once(doing, actions.PersonAdded)
    except PersonNameTaken as taken:
        raise FormWrong(problems=[FieldProblem("sign_in_name", NAME_TAKEN)]) from taken
    except PersonNameMixed as mixed:
        raise FormWrong(problems=[FieldProblem("sign_in_name", mixed.title)]) from mixed
    return view.go(address_of(clinic_id, added.person_id) + "/give", was="added")


async def person_here(tx: Transaction, view: View, person_id: UUID) -> tuple[store.PersonRow, list[listing.Held]]:
    """Somebody with what they hold or held here. Who has nothing here is there only for whoever may give it."""
    person = await store.find_person(tx.sql, person_id)
    held = await listing.held_by(tx, [person_id])
    if person is None or (not held and not view.may(Act.DECIDE)):
        raise PersonNotFound
    return person, held


@page(PERSON, act=Act.SEE_CLINIC)
async def show_person(work: Work, view: View, clinic_id: UUID, person_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        person, held = await person_here(tx, view, person_id)
        due = {each.delegation_id for each in await held_due(tx, view)}
    asked = view.asked("delegation")
    return await view.page(
        "stock/clinic/person.html",
        base=address_of(clinic_id, person_id),
        people_at=f"{base_of(clinic_id)}/people",
        person=person,
        held=[each for each in held if not each.is_over(view.today)],
        over=[each for each in held if each.is_over(view.today)][::-1],
        due=due,
        was=view.asked("was"),
        changed=next((each for each in held if str(each.delegation_id) == asked), None),
        roles=ROLES,
    )


PAGES = (show_people, find_person_by_form, show_new_person, add_person_by_form, show_person)
