"""Whether a donated line is accepted: a pure decision over the item, the product and the clinic's policies."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

from shared.catalogue import Product
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
