"""What the clinic decided: by which body, in which words, how, with which dissent, and when it is looked at again."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct

from services.stock.errors import DecisionNotFound
from services.stock.registry import actions, decisions, listing, store
from services.stock.registry.pages.around import base_of, shortened
from shared import fields
from shared.database import Transaction, Work
from shared.days import add_months
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import NEEDED, FieldProblem, FormWrong
from shared.words import POLICIES, ROLES

USUAL_MONTHS = 12
MOST_CHOSEN_FROM = 50
MOST_SHOWN = 50
WAYS: Mapping[str, str] = {
    "consensus": N_("By consensus"),
    "votes": N_("By a vote"),
}

NOT_YET = N_("This day hasn't come yet.")
BEFORE_DECIDED = N_("This is before the day of the decision.")
NO_VOTES = N_("With consensus nothing is counted: leave this empty, or say that there was a vote.")
NO_MAJORITY = N_("What has no more votes for than against was not decided.")


async def choice_of_decisions(tx: Transaction, view: View) -> Mapping[str, str]:
    """The latest decisions, to be chosen from, each with its day and how its words begin."""
    latest = await listing.decisions(tx, 1, MOST_CHOSEN_FROM)
    asked = view.asked("decision")
    if asked and asked not in {str(each.decision_id) for each in latest}:
        latest += [each for each in [await _asked_for(tx, asked)] if each]
    return {str(each.decision_id): f"{view.words.day(each.decided_on)} · {shortened(each.text, 70)}" for each in latest}


async def _asked_for(tx: Transaction, text: str) -> listing.ShownDecision | None:
    try:
        return await listing.find_decision(tx, UUID(text))
    except ValueError:
        return None


@page("/clinics/{clinic_id:uuid}/clinic/decisions", act=Act.SEE_CLINIC)
async def show_decisions(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """The latest first; `?which=due`: those whose day of re-evaluation has come."""
    due = view.asked("which") == "due"
    async with work.reading() as tx:
        counts = await listing.counts(tx)
        listed = listing.decisions_due if due else listing.decisions
        shown = await listed(tx, view.page_number)
    number = counts.decisions_due if due else counts.decisions
    return await view.page(
        "stock/clinic/decisions.html",
        base=f"{base_of(clinic_id)}/decisions",
        decisions=shown,
        counts=counts,
        due=due,
        pages=-(-number // listing.A_PAGE),
        shortened=shortened,
    )


@page("/clinics/{clinic_id:uuid}/clinic/decisions/{decision_id:uuid}", act=Act.SEE_CLINIC)
async def show_decision(work: Work, view: View, clinic_id: UUID, decision_id: UUID) -> Response[Any]:
    """One decision in full, and what stands on it."""
    async with work.reading() as tx:
        decision = await listing.find_decision(tx, decision_id)
        if decision is None:
            raise DecisionNotFound
        held = await listing.held_by_decision(tx, decision_id, MOST_SHOWN)
        policies = [each.name for each in await decisions.policies(tx) if each.decision_id == decision_id]
        recorded_by = await store.find_person(tx.sql, decision.recorded_by) if decision.recorded_by else None
    return await view.page(
        "stock/clinic/decision.html",
        base=f"{base_of(clinic_id)}/decisions",
        clinic_at=base_of(clinic_id),
        decision=decision,
        held=held,
        policies=policies,
        recorded_by=recorded_by,
        was=view.asked("was"),
        roles=ROLES,
        names=POLICIES,
    )


@page("/clinics/{clinic_id:uuid}/clinic/decisions/new", act=Act.DECIDE)
async def show_recording(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """`?again=`: an earlier decision that was looked at again, whose words are there to be changed."""
    async with work.reading() as tx:
        again = await _asked_for(tx, view.value(_new_at(clinic_id), "reevaluates", view.asked("again")))
    return await view.page(
        "stock/clinic/decision_new.html",
        base=f"{base_of(clinic_id)}/decisions",
        again=again,
        ways=WAYS,
        reevaluate_on=add_months(view.today, USUAL_MONTHS),
    )


Votes = Annotated[int, Meta(ge=0, le=100_000)]


class DecisionForm(Struct, frozen=True, kw_only=True):
    body: fields.Name
    text: fields.Text
    decided_on: date
    way: Literal["consensus", "votes"]
    votes_for: Votes | None = None
    votes_against: Votes | None = None
    votes_blank: Votes | None = None
    dissent: fields.Text | None = None
    reevaluate_on: date
    reevaluates: UUID | None = None


@form("/clinics/{clinic_id:uuid}/clinic/decisions/new", act=Act.DECIDE, again=show_recording)
async def record_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    typed = view.typed(DecisionForm)
    problems = [*_wrong_days(typed, view.today), *_wrong_votes(typed)]
    if problems:
        raise FormWrong(problems=problems)
    decision = actions.Decision(
        body=typed.body,
        text=typed.text,
        decided_on=typed.decided_on,
        reevaluate_on=typed.reevaluate_on,
        consensus=typed.way == "consensus",
        votes_for=typed.votes_for,
        votes_against=typed.votes_against,
        votes_blank=typed.votes_blank,
        dissent=typed.dissent,
        reevaluates=typed.reevaluates,
    )
    recorded = await view.once(actions.record_decision(work, decision), actions.DecisionRecorded)
    return view.go(f"{base_of(clinic_id)}/decisions/{recorded.decision_id}", was="recorded")


def _wrong_days(typed: DecisionForm, today: date) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if typed.decided_on > today:
        problems.append(FieldProblem("decided_on", NOT_YET))
    if typed.reevaluate_on < typed.decided_on:
        problems.append(FieldProblem("reevaluate_on", BEFORE_DECIDED))
    return problems


def _wrong_votes(typed: DecisionForm) -> list[FieldProblem]:
    votes = {name: getattr(typed, name) for name in ("votes_for", "votes_against", "votes_blank")}
    if typed.way == "consensus":
        return [FieldProblem(name, NO_VOTES) for name, number in votes.items() if number is not None]
    missing = [FieldProblem(name, NEEDED) for name, number in votes.items() if number is None]
    if not missing and votes["votes_for"] <= votes["votes_against"]:
        return [FieldProblem("votes_for", NO_MAJORITY)]
    return missing


def _new_at(clinic_id: UUID) -> str:
    return f"{base_of(clinic_id)}/decisions/new"


PAGES = (show_decisions, show_decision, show_recording, record_by_form)
