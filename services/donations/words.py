"""What donations names with a code, in words for people. A table's values are all translated."""

from collections.abc import Mapping

from services.donations.rules import RefusalReason, Storage
from services.donations.scanning.deciding import Missing
from services.donations.store.collections import CollectionState
from services.donations.store.lines import LineState

REFUSALS: Mapping[RefusalReason, str] = {
    RefusalReason.CONTROLLED: "It is a controlled substance",
    RefusalReason.EXPIRED: "It has expired",
    RefusalReason.SOURCE_NOT_ACCEPTED: "The clinic does not accept donations from this source",
    RefusalReason.OPENED_FORM: "It is opened, and this form is accepted sealed only",
    RefusalReason.COLD_CHAIN: "It belongs in the fridge, and the clinic can't keep it there",
    RefusalReason.COLD_CHAIN_BROKEN: "It was not kept in the fridge",
    RefusalReason.LIFE_TOO_SHORT: "It expires too soon",
    RefusalReason.BY_PHARMACIST: "A pharmacist decided so",
}

STORAGES: Mapping[Storage, str] = {
    Storage.ROOM: "At room temperature",
    Storage.COLD: "In the fridge",
    Storage.UNKNOWN: "Nobody knows",
}

COLLECTION_STATES: Mapping[CollectionState, str] = {
    "open": "Open",
    "handed_in": "Handed in",
    "checked": "Checked",
}

LINE_STATES: Mapping[LineState, str] = {
    "logged": "Logged",
    "withdrawn": "Taken out",
    "accepted": "Accepted",
    "held": "Held",
    "refused": "Refused",
    "missing": "Missing",
}

CHECKS: Mapping[str, str] = {
    "accept": "Accept",
    "hold": "Hold",
    "refuse": "Refuse",
    "missing": "Missing",
}
"""What a pharmacist can say of a line."""

MISSING: Mapping[Missing, str] = {
    "product": "Which product is it?",
    "batch": "Which batch number is printed on the box?",
    "expires_on": "When does it expire?",
    "units": "How many are in the box?",
}
"""What is asked where a scan and a person's words don't say it."""
