"""Whether a donated line is accepted: every reason, its policy, and which of several is named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.donations.rules import Item, Refusal, RefusalReason, Storage, judge
from shared.catalogue import FormGroup, Kind, Pack, Product, Route, product_id_for
from shared.days import add_months
from shared.policies import NAMES, Policies, SourceKind

TODAY = date(2026, 8, 31)

TABLETS = Product(
    product_id=product_id_for("test:tablets"),
    source_key="test:tablets",
    name="TABLETS 5MG",
    kind=Kind.MEDICINE,
    ingredients=(),
    form_group=FormGroup.ORAL_SOLID,
    form="tablet",
    route=Route.ORAL,
    unit="tablet",
    content_unit="tablet",
    atc=None,
    holder=None,
    controlled=False,
    never_automatic=False,
    cold_chain=False,
    packs=(Pack(None, 30, "BTx30"),),
)
SYRUP = replace(TABLETS, form_group=FormGroup.ORAL_LIQUID)
KEPT_COLD = replace(TABLETS, form_group=FormGroup.INJECTION_PEN, cold_chain=True)
TAKES_COLD = Policies(cold_chain_accepted=True)


def an_item(
    expires_on: date = date(2028, 1, 31),
    *,
    opened: bool = False,
    source_kind: SourceKind = SourceKind.PERSON,
    storage: Storage = Storage.ROOM,
) -> Item:
    return Item(expires_on=expires_on, opened=opened, source_kind=source_kind, storage=storage)


def refusal_of(
    item: Item,
    product: Product = TABLETS,
    *,
    policies: Policies | None = None,
    controlled: bool = False,
    today: date = TODAY,
    needed_soon: bool = False,
) -> Refusal | None:
    return judge(
        item,
        product,
        controlled=controlled,
        policies=policies or Policies(),
        today=today,
        needed_soon=needed_soon,
    )


def test_a_sealed_pack_from_a_person_with_life_enough_is_accepted() -> None:
    assert refusal_of(an_item()) is None


REFUSED = [
    ("controlled", None, an_item(), TABLETS, Policies(), True),
    ("expired", None, an_item(date(2026, 8, 30)), TABLETS, Policies(), False),
    (
        "source_not_accepted",
        "sources_accepted",
        an_item(source_kind=SourceKind.COMPANY),
        TABLETS,
        Policies(),
        False,
    ),
    ("opened_form", "opened_packs_accepted", an_item(opened=True), SYRUP, Policies(), False),
    ("cold_chain", "cold_chain_accepted", an_item(storage=Storage.COLD), KEPT_COLD, Policies(), False),
    ("cold_chain_broken", "cold_chain_accepted", an_item(), KEPT_COLD, TAKES_COLD, False),
    ("life_too_short", "least_remaining_months", an_item(date(2027, 2, 27)), TABLETS, Policies(), False),
]


@pytest.mark.parametrize(("reason", "policy_name", "item", "product", "policies", "controlled"), REFUSED)
def test_each_reason_to_refuse_is_named_with_the_policy_behind_it(
    reason: str, policy_name: str | None, item: Item, product: Product, policies: Policies, controlled: bool
) -> None:
    found = refusal_of(item, product, policies=policies, controlled=controlled)
    assert found == Refusal(reason=RefusalReason(reason), policy_name=policy_name)
    assert policy_name is None or policy_name in NAMES


def test_every_reason_is_met_in_these_tests_but_the_pharmacists_own() -> None:
    assert {reason for reason, *_ in REFUSED} == set(RefusalReason) - {RefusalReason.BY_PHARMACIST}


def test_of_several_reasons_the_gravest_is_named_first() -> None:
    all_wrong = Item(expires_on=date(2026, 1, 31), opened=True, source_kind=SourceKind.PARTY, storage=Storage.UNKNOWN)
    not_controlled = refusal_of(all_wrong, KEPT_COLD, controlled=False)
    not_expired = replace(all_wrong, expires_on=date(2026, 9, 30))
    given_by_a_person = replace(not_expired, source_kind=SourceKind.PERSON)
    sealed = replace(given_by_a_person, opened=False)
    named = [
        refusal_of(all_wrong, KEPT_COLD, controlled=True),
        not_controlled,
        refusal_of(not_expired, KEPT_COLD),
        refusal_of(given_by_a_person, KEPT_COLD),
        refusal_of(sealed, KEPT_COLD),
        refusal_of(sealed, KEPT_COLD, policies=TAKES_COLD),
        refusal_of(replace(sealed, storage=Storage.COLD), KEPT_COLD, policies=TAKES_COLD),
    ]
    assert [refusal.reason for refusal in named if refusal] == list(RefusalReason)[:-1]


def test_what_expires_today_has_not_expired_yet() -> None:
    patient = Policies(least_remaining_months=0)
    assert refusal_of(an_item(TODAY), policies=patient) is None
    yesterday = refusal_of(an_item(date(2026, 8, 30)), policies=patient)
    assert yesterday == Refusal(reason=RefusalReason.EXPIRED, policy_name=None)


@pytest.mark.parametrize(("reason", "policy_name", "item", "product", "policies", "controlled"), REFUSED)
def test_being_needed_soon_loosens_the_remaining_life_and_nothing_else(
    reason: str, policy_name: str | None, item: Item, product: Product, policies: Policies, controlled: bool
) -> None:
    found = refusal_of(item, product, policies=policies, controlled=controlled, needed_soon=True)
    if reason == "life_too_short":
        assert found is None
    else:
        assert found == Refusal(reason=RefusalReason(reason), policy_name=policy_name)


@pytest.mark.parametrize(
    ("today", "months", "first_day_accepted"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 0, date(2026, 8, 31)),
    ],
)
def test_remaining_life_is_counted_in_calendar_months(today: date, months: int, first_day_accepted: date) -> None:
    policies = Policies(least_remaining_months=months)
    day_before = date.fromordinal(first_day_accepted.toordinal() - 1)
    assert add_months(today, months) == first_day_accepted
    assert refusal_of(an_item(first_day_accepted), policies=policies, today=today) is None
    assert refusal_of(an_item(day_before), policies=policies, today=today) is not None


def test_each_clinic_decides_how_much_life_an_item_must_have() -> None:
    nine_months_on = an_item(date(2027, 5, 31))
    assert refusal_of(nine_months_on, policies=Policies(least_remaining_months=9)) is None
    stricter = refusal_of(nine_months_on, policies=Policies(least_remaining_months=12))
    assert stricter == Refusal(reason=RefusalReason.LIFE_TOO_SHORT, policy_name="least_remaining_months")


@pytest.mark.parametrize("source", SourceKind)
def test_each_clinic_decides_from_whom_it_accepts(source: SourceKind) -> None:
    item = an_item(source_kind=source)
    others = tuple(kind for kind in SourceKind if kind is not source)
    assert refusal_of(item, policies=Policies(sources_accepted=(source,))) is None
    refused = refusal_of(item, policies=Policies(sources_accepted=others))
    assert refused == Refusal(reason=RefusalReason.SOURCE_NOT_ACCEPTED, policy_name="sources_accepted")


def test_by_default_only_persons_collectives_and_associations_may_give() -> None:
    accepted = {kind for kind in SourceKind if refusal_of(an_item(source_kind=kind)) is None}
    assert accepted == {SourceKind.PERSON, SourceKind.COLLECTIVE, SourceKind.ASSOCIATION}


@pytest.mark.parametrize("group", FormGroup)
def test_each_clinic_decides_which_forms_it_takes_opened(group: FormGroup) -> None:
    product = replace(TABLETS, form_group=group)
    others = tuple(other for other in FormGroup if other is not group)
    assert refusal_of(an_item(opened=True), product, policies=Policies(opened_packs_accepted=(group,))) is None
    refused = refusal_of(an_item(opened=True), product, policies=Policies(opened_packs_accepted=others))
    assert refused == Refusal(reason=RefusalReason.OPENED_FORM, policy_name="opened_packs_accepted")
    assert refusal_of(an_item(opened=False), product, policies=Policies(opened_packs_accepted=())) is None


def test_by_default_only_blisters_of_tablets_and_capsules_are_taken_opened() -> None:
    taken = {
        group for group in FormGroup if refusal_of(an_item(opened=True), replace(TABLETS, form_group=group)) is None
    }
    assert taken == {
        FormGroup.ORAL_SOLID,
        FormGroup.ORAL_PROLONGED,
        FormGroup.ORAL_GASTRO_RESISTANT,
        FormGroup.ORAL_ORODISPERSIBLE,
    }


def test_what_must_be_kept_cold_is_taken_only_if_the_clinic_can_store_it_and_it_was_kept_so() -> None:
    accepted = {
        (storage, policies.cold_chain_accepted)
        for storage in Storage
        for policies in (Policies(), TAKES_COLD)
        if refusal_of(an_item(storage=storage), KEPT_COLD, policies=policies) is None
    }
    assert accepted == {(Storage.COLD, True)}


ANY_ITEM = st.builds(
    Item,
    expires_on=st.dates(date(2025, 1, 1), date(2040, 12, 31)),
    opened=st.booleans(),
    source_kind=st.sampled_from(SourceKind),
    storage=st.sampled_from(Storage),
)
ANY_PRODUCT = st.builds(
    lambda group, cold_chain: replace(TABLETS, form_group=group, cold_chain=cold_chain),
    st.sampled_from(FormGroup),
    st.booleans(),
)
ANY_POLICIES = st.builds(
    Policies,
    least_remaining_months=st.integers(0, 60),
    opened_packs_accepted=st.lists(st.sampled_from(FormGroup), unique=True).map(tuple),
    cold_chain_accepted=st.booleans(),
    sources_accepted=st.lists(st.sampled_from(SourceKind), unique=True).map(tuple),
)


@given(ANY_ITEM, ANY_PRODUCT, ANY_POLICIES, st.booleans())
def test_no_policy_ever_lets_a_controlled_substance_in(
    item: Item, product: Product, policies: Policies, needed_soon: bool
) -> None:
    found = refusal_of(item, product, policies=policies, controlled=True, needed_soon=needed_soon)
    assert found == Refusal(reason=RefusalReason.CONTROLLED, policy_name=None)


@given(ANY_ITEM, ANY_PRODUCT, ANY_POLICIES, st.booleans())
def test_no_policy_and_no_need_ever_lets_an_expired_item_in(
    item: Item, product: Product, policies: Policies, needed_soon: bool
) -> None:
    found = refusal_of(item, product, policies=policies, needed_soon=needed_soon)
    if item.expires_on < TODAY:
        assert found == Refusal(reason=RefusalReason.EXPIRED, policy_name=None)
