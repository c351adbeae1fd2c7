"""Why a row is left for a person, and which of its facts that leaves open. Plain values."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class OpenReason(StrEnum):
    """Why a row is left for a person. The page puts it into words."""

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
