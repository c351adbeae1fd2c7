"""What dispense names with a code, in words for people. A table's values are all translated."""

from collections.abc import Mapping

from services.dispense.actions.patients import AgeBand, TherapyAlert
from services.dispense.store.visits import VisitState

AGE_BANDS: Mapping[AgeBand, str] = {
    AgeBand.CHILD: "Child",
    AgeBand.ADULT: "Adult",
    AgeBand.OLDER: "Older person",
}

ALERTS: Mapping[TherapyAlert, str] = {
    TherapyAlert.SAME_SUBSTANCE_TWICE: "The plan has this already, or the same substance",
    TherapyAlert.ALLERGY: "There is an allergy to this substance",
}

DAY_STATES: Mapping[str, str] = {
    "open": "Open",
    "closed": "Closed",
}

VISIT_STATES: Mapping[VisitState, str] = {
    "expected": "Expected",
    "served": "Served",
    "not_come": "Did not come",
}

OWED_REASONS: Mapping[str, str] = {
    "short": "There was not enough at the clinic",
    "given_in_part": "A part was given",
}
