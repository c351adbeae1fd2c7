"""Whether a donated line is accepted, and what its count says: pure decisions over plain values."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from shared.catalogue import FormGroup, Product
from shared.days import add_months
from shared.policies import Policies, SourceKind


class Storage(StrEnum):
    """How the donor says it was kept."""

    ROOM = "room"
    COLD = "cold"
    UNKNOWN = "unknown"


class RefusalReason(StrEnum):
    """Why a line is not accepted; the first that holds, the gravest first."""

    CONTROLLED = "controlled"
    EXPIRED = "expired"
    SOURCE_NOT_ACCEPTED = "source_not_accepted"
    OPENED_FORM = "opened_form"
    COLD_CHAIN = "cold_chain"
    COLD_CHAIN_BROKEN = "cold_chain_broken"
    LIFE_TOO_SHORT = "life_too_short"
    BY_PHARMACIST = "by_pharmacist"


class Item(Struct, frozen=True, kw_only=True):
    """What the rules have to know of a donated item."""

    expires_on: date
    opened: bool
    source_kind: SourceKind
    storage: Storage


class Refusal(Struct, frozen=True, kw_only=True):
    """Why, and by which policy; None: no policy can loosen it."""

    reason: RefusalReason
    policy_name: str | None


def judge(
    item: Item,
    product: Product,
    *,
    controlled: bool,
    policies: Policies,
    today: date,
    needed_soon: bool = False,
) -> Refusal | None:
    """Why the clinic does not accept the item, or None when it does.

    `needed_soon`: a pharmacist marks that a plan needs it and it will be used in time, so its remaining life
    may be shorter than the policy asks; an expired item is refused all the same.
    """
    for refusal, holds in (
        (Refusal(reason=RefusalReason.CONTROLLED, policy_name=None), controlled),
        (Refusal(reason=RefusalReason.EXPIRED, policy_name=None), item.expires_on < today),
        (
            Refusal(reason=RefusalReason.SOURCE_NOT_ACCEPTED, policy_name="sources_accepted"),
            item.source_kind not in policies.sources_accepted,
        ),
        (
            Refusal(reason=RefusalReason.OPENED_FORM, policy_name="opened_packs_accepted"),
            item.opened and product.form_group not in policies.opened_packs_accepted,
        ),
        (
            Refusal(reason=RefusalReason.COLD_CHAIN, policy_name="cold_chain_accepted"),
            product.cold_chain and not policies.cold_chain_accepted,
        ),
        (
            Refusal(reason=RefusalReason.COLD_CHAIN_BROKEN, policy_name="cold_chain_accepted"),
            product.cold_chain and item.storage is not Storage.COLD,
        ),
        (
            Refusal(reason=RefusalReason.LIFE_TOO_SHORT, policy_name="least_remaining_months"),
            not needed_soon and item.expires_on < add_months(today, policies.least_remaining_months),
        ),
    ):
        if holds:
            return refusal
    return None


IN_BLISTERS = frozenset(
    {
        FormGroup.ORAL_SOLID,
        FormGroup.ORAL_PROLONGED,
        FormGroup.ORAL_MODIFIED,
        FormGroup.ORAL_GASTRO_RESISTANT,
        FormGroup.ORAL_ORODISPERSIBLE,
        FormGroup.ORAL_CHEWABLE,
    }
)
"""Forms counted by the piece in its blister: where some are gone, the pack was opened. An ampoule less opens none."""


def full_pack_units(told_by_number: int | None, product: Product) -> int | None:
    """How many units a full pack has: as its number tells, or the product's only size; None: nobody can tell."""
    sizes = {pack.units_per_pack for pack in product.packs}
    if told_by_number is not None or len(sizes) != 1:
        return told_by_number
    return sizes.pop()


def is_opened(*, said: bool | None, was_opened: bool, units: int, full: int | None, form_group: FormGroup) -> bool:
    """Whether a pack that was counted anew is an opened one. Only a person's word makes it a sealed one again."""
    if said is not None:
        return said
    return was_opened or (form_group in IN_BLISTERS and full is not None and units < full)
