"""Why a row is left for a person, and which of its facts that leaves open. Plain values."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class OpenReason(StrEnum):
    """Why a row is left for a person."""

    NAME_MISSING = "name_missing"
    SUBSTANCE_MISSING = "substance_missing"
    SUBSTANCE_CONTRADICTED = "substance_contradicted"
    SEVERAL_SUBSTANCES = "several_substances"  # in one field, with one strength: whose is it?
    STRENGTH_MISSING = "strength_missing"
    STRENGTH_CONTRADICTED = "strength_contradicted"
    FORM_UNKNOWN = "form_unknown"
    FORM_CONTRADICTED = "form_contradicted"
    ROUTE_UNKNOWN = "route_unknown"
    ROUTE_CONTRADICTED = "route_contradicted"
    UNIT_MISSING = "unit_missing"
    UNIT_CONTRADICTED = "unit_contradicted"
    PACK_SIZE_MISSING = "pack_size_missing"
    PACK_SIZE_CONTRADICTED = "pack_size_contradicted"
    CONTENT_MISSING = "content_missing"
    CODE_INVALID = "code_invalid"
    CODE_REPEATED = "code_repeated"
    COLUMNS_SHIFTED = "columns_shifted"  # more or fewer fields than the header has
    KIND_UNKNOWN = "kind_unknown"
    KIND_CONTRADICTED = "kind_contradicted"
    STORAGE_UNKNOWN = "storage_unknown"  # neither cold nor not
    KEY_MISSING = "key_missing"
    PACKS_DISAGREE = "packs_disagree"  # two rows of one product describe it differently
    CODE_OF_ANOTHER_PRODUCT = "code_of_another_product"  # another source gave this code to another product


FIELDS_LEFT_OPEN: Mapping[OpenReason, tuple[str, ...]] = {
    OpenReason.NAME_MISSING: ("name",),
    OpenReason.SUBSTANCE_MISSING: ("substances", "strengths", "strength_unit"),
    OpenReason.SUBSTANCE_CONTRADICTED: ("substances", "strengths", "strength_unit"),
    OpenReason.SEVERAL_SUBSTANCES: ("substances", "strengths", "strength_unit"),
    OpenReason.STRENGTH_MISSING: ("strengths", "strength_unit"),
    OpenReason.STRENGTH_CONTRADICTED: ("strengths", "strength_unit"),
    OpenReason.FORM_UNKNOWN: ("form_group",),
    OpenReason.FORM_CONTRADICTED: ("form_group",),
    OpenReason.ROUTE_UNKNOWN: ("route",),
    OpenReason.ROUTE_CONTRADICTED: ("route",),
    OpenReason.UNIT_MISSING: ("unit", "units_per_pack", "content_per_unit", "content_unit"),
    OpenReason.UNIT_CONTRADICTED: ("unit", "units_per_pack", "content_per_unit", "content_unit"),
    OpenReason.PACK_SIZE_MISSING: ("units_per_pack",),
    OpenReason.PACK_SIZE_CONTRADICTED: ("units_per_pack",),
    OpenReason.CONTENT_MISSING: ("content_per_unit", "content_unit"),
    OpenReason.CODE_INVALID: ("code",),
    OpenReason.CODE_REPEATED: ("code",),
    OpenReason.KEY_MISSING: ("source_key",),
    OpenReason.KIND_UNKNOWN: ("kind",),
    OpenReason.KIND_CONTRADICTED: ("kind",),
    OpenReason.STORAGE_UNKNOWN: ("cold_chain",),
}
"""What of a pack a reason leaves for a person; the other reasons leave a question about the whole row."""


class Gap(Struct, frozen=True):
    """One thing that a person must put right, and what the row says there now."""

    reason: OpenReason
    found: str


IN_WORDS: Mapping[OpenReason, str] = {
    OpenReason.NAME_MISSING: "it has no name",
    OpenReason.SUBSTANCE_MISSING: "its substance is missing",
    OpenReason.SUBSTANCE_CONTRADICTED: "its substances are known otherwise",
    OpenReason.SEVERAL_SUBSTANCES: "several substances share one strength",
    OpenReason.STRENGTH_MISSING: "its strength is missing or unclear",
    OpenReason.STRENGTH_CONTRADICTED: "its strength is told in two ways",
    OpenReason.FORM_UNKNOWN: "its form is not known",
    OpenReason.FORM_CONTRADICTED: "its form is told in two ways",
    OpenReason.ROUTE_UNKNOWN: "its route is not known",
    OpenReason.ROUTE_CONTRADICTED: "its route is known otherwise",
    OpenReason.UNIT_MISSING: "what it is counted in is missing",
    OpenReason.UNIT_CONTRADICTED: "what it is counted in is told in two ways",
    OpenReason.PACK_SIZE_MISSING: "how many are in the pack is missing",
    OpenReason.PACK_SIZE_CONTRADICTED: "how many are in the pack is told in two ways",
    OpenReason.CONTENT_MISSING: "how much is in one of them is missing",
    OpenReason.CODE_INVALID: "its code is not a pack's code",
    OpenReason.CODE_REPEATED: "its code stands in another row too",
    OpenReason.COLUMNS_SHIFTED: "it has more or fewer fields than the header",
    OpenReason.KIND_UNKNOWN: "its kind is not known",
    OpenReason.KIND_CONTRADICTED: "its kind is known otherwise",
    OpenReason.STORAGE_UNKNOWN: "whether it is kept cold is not known",
    OpenReason.KEY_MISSING: "its key is missing",
    OpenReason.PACKS_DISAGREE: "two rows describe the product differently",
    OpenReason.CODE_OF_ANOTHER_PRODUCT: "its code belongs to another product",
}
"""As a part of a sentence, told at the command line and translated on a page."""
