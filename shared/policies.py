"""A clinic's policies: what it decided, each with the decision behind it; the defaults are those of practice."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from shared.catalogue import FormGroup


class SourceKind(StrEnum):
    """Who gives: kept as data, so that each clinic decides whom it accepts from."""

    PERSON = "person"
    COLLECTIVE = "collective"
    ASSOCIATION = "association"
    COMPANY = "company"
    PUBLIC_BODY = "public_body"
    CHURCH = "church"
    PARTY = "party"


class SharingRule(StrEnum):
    """How a clinic shares out what isn't enough for all."""

    FIRST_COME = "first_come"
    MOST_URGENT = "most_urgent"
    EQUAL_DAYS = "equal_days"


class Policies(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All policies of one clinic. That controlled substances are refused is no policy: nothing loosens it."""

    least_remaining_months: Annotated[int, Meta(ge=0, le=60)] = 6
    """Months of life that a donated item must still have when it is handed in and checked."""
    opened_packs_accepted: tuple[FormGroup, ...] = (
        FormGroup.ORAL_SOLID,
        FormGroup.ORAL_PROLONGED,
        FormGroup.ORAL_GASTRO_RESISTANT,
        FormGroup.ORAL_ORODISPERSIBLE,
    )
    """Forms whose opened packs (undisturbed blisters) are taken; every other form only sealed."""
    cold_chain_accepted: bool = False
    sources_accepted: tuple[SourceKind, ...] = (
        SourceKind.PERSON,
        SourceKind.COLLECTIVE,
        SourceKind.ASSOCIATION,
    )
    supply_days_usual: Annotated[int, Meta(ge=1, le=60)] = 28
    supply_days_most: Annotated[int, Meta(ge=1, le=60)] = 30
    sharing_rule: SharingRule = SharingRule.MOST_URGENT
    walk_in_wait_seconds: Annotated[int, Meta(ge=1, le=600)] = 20
    records_kept_years: Annotated[int, Meta(ge=1, le=30)] = 5


NAMES = frozenset(Policies.__struct_fields__)


def policies_from(values: dict[str, Any]) -> Policies:
    """Check values against each policy's bounds; raises msgspec.ValidationError naming the one that is wrong."""
    return msgspec.convert(values, Policies)
