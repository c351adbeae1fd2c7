"""Who may do what: roles are given by delegations; each operation of the API names the act that it is."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is delegated to do at a clinic or a partner pharmacy."""

    PARTNER_PHARMACIST = "partner_pharmacist"
    CLINIC_PHARMACIST = "clinic_pharmacist"
    COUNTER_VOLUNTEER = "counter_volunteer"
    TRANSFERS_DELEGATE = "transfers_delegate"
    SECRETARY = "secretary"
    AUDITOR = "auditor"
    DECISIONS_DELEGATE = "decisions_delegate"


class Act(StrEnum):
    """What an operation does, as far as permission goes."""

    SEE_CLINIC = "see_clinic"
    DECIDE = "decide"
    TRY_AGAIN = "try_again"
    """An event that could not be applied."""
    SEE_CATALOGUE = "see_catalogue"
    SCAN = "scan"
    JUDGE_PRODUCT = "judge_product"
    COLLECT = "collect"
    SEE_COLLECTIONS = "see_collections"
    CHECK_DONATION = "check_donation"
    SEE_STOCK = "see_stock"
    CORRECT_STOCK = "correct_stock"
    SEE_TRANSFERS = "see_transfers"
    TRANSFER = "transfer"
    REGISTER_PATIENT = "register_patient"
    SEE_PATIENT = "see_patient"
    PLAN_THERAPY = "plan_therapy"
    FORGET_PATIENT = "forget_patient"
    SET_CALENDAR = "set_calendar"
    SEE_DAY = "see_day"
    PREPARE_DAY = "prepare_day"
    GIVE = "give"


_ALL = frozenset(Role)
_CLINIC = _ALL - {Role.PARTNER_PHARMACIST}
_PHARMACIST = frozenset({Role.CLINIC_PHARMACIST})
_COUNTER = frozenset({Role.CLINIC_PHARMACIST, Role.COUNTER_VOLUNTEER})

ALLOWED: Mapping[Act, frozenset[Role]] = {
    Act.SEE_CLINIC: _ALL,
    Act.DECIDE: frozenset({Role.DECISIONS_DELEGATE}),
    Act.TRY_AGAIN: frozenset({Role.DECISIONS_DELEGATE, Role.CLINIC_PHARMACIST}),
    Act.SEE_CATALOGUE: _ALL,
    Act.SCAN: _ALL - {Role.AUDITOR, Role.DECISIONS_DELEGATE},
    Act.JUDGE_PRODUCT: _PHARMACIST,
    Act.COLLECT: frozenset({Role.PARTNER_PHARMACIST}),
    Act.SEE_COLLECTIONS: frozenset({Role.PARTNER_PHARMACIST, Role.CLINIC_PHARMACIST, Role.AUDITOR}),
    Act.CHECK_DONATION: _PHARMACIST,
    Act.SEE_STOCK: _CLINIC,
    Act.CORRECT_STOCK: _PHARMACIST,
    Act.SEE_TRANSFERS: _CLINIC,
    Act.TRANSFER: frozenset({Role.TRANSFERS_DELEGATE, Role.CLINIC_PHARMACIST}),
    Act.REGISTER_PATIENT: frozenset({Role.SECRETARY, Role.CLINIC_PHARMACIST}),
    Act.SEE_PATIENT: _COUNTER | {Role.SECRETARY},
    Act.PLAN_THERAPY: _PHARMACIST,
    Act.FORGET_PATIENT: frozenset({Role.SECRETARY, Role.CLINIC_PHARMACIST}),
    Act.SET_CALENDAR: frozenset({Role.SECRETARY, Role.CLINIC_PHARMACIST}),
    Act.SEE_DAY: _COUNTER | {Role.SECRETARY, Role.AUDITOR},
    Act.PREPARE_DAY: _PHARMACIST,
    Act.GIVE: _COUNTER,
}
"""Roles that allow an act. An auditor only ever reads; nobody stands above the clinics."""
