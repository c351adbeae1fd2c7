"""The policies in force, each in words with the decision behind it; and setting one, by a form that fits it."""

from collections.abc import Mapping
from typing import Any, Literal, get_type_hints
from uuid import UUID

import msgspec
from litestar import Response
from msgspec import Struct, inspect

from services.stock.errors import PolicyNotKnown
from services.stock.registry import actions, decisions, listing
from services.stock.registry.pages.around import base_of, shortened
from services.stock.registry.pages.decisions import choice_of_decisions
from shared import known
from shared.catalogue import FormGroup
from shared.database import Transaction, Work
from shared.language import N_
from shared.policies import NAMES, Policies, SharingRule, SourceKind
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.words import FORM_GROUPS, POLICIES, POLICY_UNITS, SHARING_RULES, SOURCES, YES_OR_NO

TABLES: Mapping[type, Mapping[Any, str]] = {
    FormGroup: FORM_GROUPS,
    SourceKind: SOURCES,
    SharingRule: SHARING_RULES,
}


NOTHING = N_("None of them")


class Shape(Struct, frozen=True, kw_only=True):
    """How a policy is asked for: a number between bounds, yes or no, one of a table, or several of one."""

    kind: Literal["number", "yes_or_no", "one", "several"]
    table: Mapping[Any, str] = {}
    least: int = 0
    most: int = 0


def shape_of(kind: inspect.Type) -> Shape:
    match kind:
        case inspect.IntType():
            return Shape(kind="number", least=kind.ge or 0, most=kind.le or 0)
        case inspect.BoolType():
            return Shape(kind="yes_or_no", table=YES_OR_NO)
        case inspect.EnumType():
            return Shape(kind="one", table=TABLES[kind.cls])
        case inspect.VarTupleType(item_type=inspect.EnumType(cls=cls)):
            return Shape(kind="several", table=TABLES[cls])
        case _:
            raise AssertionError(f"no policy is a {kind}")


def _shapes() -> Mapping[str, Shape]:
    described = inspect.type_info(Policies)
    assert isinstance(described, inspect.StructType)
    return {field.name: shape_of(field.type) for field in described.fields}


SHAPES = _shapes()
USUAL = Policies()


def otherwise_than_usual(in_force: Policies) -> int:
    """How many policies the clinic has decided otherwise than most do."""
    return sum(getattr(in_force, name) != getattr(USUAL, name) for name in NAMES)


def in_words(view: View, name: str, value: Any) -> str:
    words, shape = view.words, SHAPES[name]
    match shape.kind:
        case "number":
            return words.ngettext(*POLICY_UNITS[name], value).format(n=words.number(value))
        case "yes_or_no":
            said = "yes" if value else "no"
            return words.gettext(YES_OR_NO[said])
        case "one":
            return words.gettext(shape.table[value])
        case "several":
            return ", ".join(words.gettext(shape.table[each]) for each in value) or words.gettext(NOTHING)


class Policy(Struct, frozen=True, kw_only=True):
    """`usual`: it is as most clinics have it. `decision` None: nobody has decided it here."""

    name: str
    value: Any
    said: str
    usual: bool
    decision: listing.ShownDecision | None


async def _policies(tx: Transaction, view: View) -> list[Policy]:
    in_force = await known.policies_of(tx.sql, tx.clinic_id)
    decided_by = {each.name: each.decision_id for each in await decisions.policies(tx)}
    by_id = {id_: await listing.find_decision(tx, id_) for id_ in {*decided_by.values()} if id_ is not None}
    return [
        Policy(
            name=name,
            value=getattr(in_force, name),
            said=in_words(view, name, getattr(in_force, name)),
            usual=getattr(in_force, name) == getattr(USUAL, name),
            decision=by_id[id_] if (id_ := decided_by.get(name)) is not None else None,
        )
        for name in SHAPES
    ]


@page("/clinics/{clinic_id:uuid}/clinic/policies", act=Act.SEE_CLINIC)
async def show_policies(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        policies = await _policies(tx, view)
    return await view.page(
        "stock/clinic/policies.html",
        base=f"{base_of(clinic_id)}/policies",
        decisions_at=f"{base_of(clinic_id)}/decisions",
        policies=policies,
        changed=next((each for each in policies if each.name == view.asked("was")), None),
        names=POLICIES,
        shortened=shortened,
    )


@page("/clinics/{clinic_id:uuid}/clinic/policies/{name:str}", act=Act.DECIDE)
async def show_policy(work: Work, view: View, clinic_id: UUID, name: str) -> Response[Any]:
    """`?decision=`: the decision that it is set by, chosen already."""
    _refuse_unknown(name)
    async with work.reading() as tx:
        policy = next(each for each in await _policies(tx, view) if each.name == name)
        latest = await choice_of_decisions(tx, view)
    return await view.page(
        "stock/clinic/policy.html",
        base=f"{base_of(clinic_id)}/policies",
        decisions_at=f"{base_of(clinic_id)}/decisions",
        policy=policy,
        shape=SHAPES[name],
        usual=in_words(view, name, getattr(USUAL, name)),
        decisions=latest,
        decision=view.asked("decision"),
        names=POLICIES,
    )


@form("/clinics/{clinic_id:uuid}/clinic/policies/{name:str}", act=Act.DECIDE, again=show_policy)
async def set_policy_by_form(work: Work, view: View, clinic_id: UUID, name: str) -> Response[Any]:
    _refuse_unknown(name)
    typed: Any = view.typed(_form_of(name))
    doing = actions.set_policy(work, name, msgspec.to_builtins(typed.value), typed.decision_id)
    await view.once(doing, actions.PolicyChanged)
    return view.go(f"{base_of(clinic_id)}/policies", was=name)


def _form_of(name: str) -> type[Struct]:
    """A form whose value has the policy's own type and bounds. Of several to tick, none may be."""
    kind = get_type_hints(Policies, include_extras=True)[name]
    value = ("value", kind, ()) if SHAPES[name].kind == "several" else ("value", kind)
    return msgspec.defstruct("PolicyForm", [value, ("decision_id", UUID)], frozen=True, kw_only=True)


def _refuse_unknown(name: str) -> None:
    if name not in NAMES:
        raise PolicyNotKnown(name=name, policies=sorted(NAMES))


PAGES = (show_policies, show_policy, set_policy_by_form)
