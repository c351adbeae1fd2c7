"""What stock names with a code, in words for people. A table's values are all translated."""

from collections.abc import Mapping

from services.stock.catalogue.reasons import IN_WORDS, OpenReason
from services.stock.rules.expiry import Band, Within
from services.stock.rules.fefo import Reason
from services.stock.rules.ledger import Account, BusinessStep
from services.stock.rules.transfer import Side, State, Step

NOT_OFFERED: Mapping[Reason, str] = {
    Reason.EXPIRED: "It will have expired by then",
    Reason.EXPIRES_TOO_SOON: "It expires before it would be used up",
    Reason.HELD: "It is held",
    Reason.NOTHING_FREE: "Nothing of it is free",
    Reason.NOT_THIS_MEDICINE: "It is another medicine",
    Reason.EXPIRES_LATER: "What expires earlier is enough",
}

ACCOUNTS: Mapping[Account, str] = {
    Account.DONATED: "Donated",
    Account.RECEIVED_FROM_CLINIC: "Received from another clinic",
    Account.FOUND: "Found when counting",
    Account.RECAST: "Put right",
    Account.QUARANTINE: "Quarantine",
    Account.SHELF: "Shelf",
    Account.RESERVED: "Reserved",
    Account.IN_TRANSIT: "On the way",
    Account.DISPENSED: "Given",
    Account.SENT: "Sent to another clinic",
    Account.EXPIRED: "Expired",
    Account.DESTROYED: "Destroyed",
    Account.LOST: "Lost",
}

MOVED: Mapping[tuple[Account, Account], str] = {
    (Account.DONATED, Account.SHELF): "Accepted from a donation",
    (Account.DONATED, Account.QUARANTINE): "Accepted from a donation, into quarantine",
    (Account.RECEIVED_FROM_CLINIC, Account.SHELF): "Came from another clinic",
    (Account.RECEIVED_FROM_CLINIC, Account.QUARANTINE): "Came from another clinic, into quarantine",
    (Account.FOUND, Account.SHELF): "Found when counting",
    (Account.FOUND, Account.QUARANTINE): "Found when counting, into quarantine",
    (Account.RECAST, Account.SHELF): "Put right: they stood under another lot",
    (Account.RECAST, Account.QUARANTINE): "Put right: they stood under another lot; into quarantine",
    (Account.SHELF, Account.RECAST): "Put right: they belong to another lot",
    (Account.QUARANTINE, Account.RECAST): "Put right: they belong to another lot",
    (Account.SHELF, Account.QUARANTINE): "From the shelf into quarantine",
    (Account.QUARANTINE, Account.SHELF): "From quarantine onto the shelf",
    (Account.SHELF, Account.RESERVED): "Set apart",
    (Account.RESERVED, Account.SHELF): "No longer set apart: back on the shelf",
    (Account.RESERVED, Account.QUARANTINE): "No longer set apart: into quarantine",
    (Account.RESERVED, Account.DISPENSED): "Given",
    (Account.DISPENSED, Account.RESERVED): "Given in error: set apart again",
    (Account.RESERVED, Account.IN_TRANSIT): "Left for another clinic",
    (Account.SHELF, Account.IN_TRANSIT): "Left for another clinic",
    (Account.IN_TRANSIT, Account.SENT): "Arrived at the other clinic",
    (Account.IN_TRANSIT, Account.SHELF): "Came back from the way",
    (Account.IN_TRANSIT, Account.LOST): "Lost on the way",
    (Account.SHELF, Account.EXPIRED): "Taken out: expired",
    (Account.QUARANTINE, Account.EXPIRED): "Taken out: expired",
    (Account.SHELF, Account.DESTROYED): "Taken out: destroyed",
    (Account.QUARANTINE, Account.DESTROYED): "Taken out: destroyed",
    (Account.SHELF, Account.LOST): "Taken out: not there any more",
    (Account.QUARANTINE, Account.LOST): "Taken out: not there any more",
}
"""A movement as people say it. What hardly ever happens is said by the names of its two accounts."""

BANDS: Mapping[Band, str] = {
    Band.EXPIRED: "Has expired",
    Band.UNDER_30: "Under 30 days",
    Band.UNDER_90: "Under 90 days",
    Band.UNDER_180: "Under 180 days",
    Band.LATER: "180 days or more",
}

WITHIN: Mapping[Within, str] = {
    "0": "Expired, and still here",
    "30": "Expiring within 30 days",
    "60": "Expiring within 60 days",
    "90": "Expiring within 90 days",
    "180": "Expiring within 180 days",
    "all": "All lots",
}

CONDITIONS: Mapping[str, str] = {
    "no": "Sealed pack",
    "yes": "Opened pack",
}
"""Whether a pack is opened."""

WRITE_OFF_SOURCES: Mapping[str, str] = {
    "shelf": "From the shelf",
    "quarantine": "From quarantine",
}

WRITE_OFF_OUTCOMES: Mapping[str, str] = {
    "destroyed": "Destroyed",
    "expired": "Expired",
    "lost": "Lost",
}

LOT_DONE: Mapping[str, str] = {
    "held": "The lot is held: nobody gives from it any more",
    "lifted": "The lot may be given from again",
    "placed": "The place is noted",
    "written_off": "The units are taken out",
    "corrected": "Put right: the units stand under this lot now",
    "offered": "The other clinics are told that they may have it",
    "withdrawn": "The other clinics are told that they may have it no more",
}
"""What somebody has just done with a lot."""

STEPS: Mapping[BusinessStep, str] = {
    BusinessStep.ACCEPTING: "Accepting",
    BusinessStep.STORING: "Putting on the shelf",
    BusinessStep.HOLDING: "Holding",
    BusinessStep.RESERVING: "Reserving",
    BusinessStep.RELEASING: "Releasing",
    BusinessStep.DISPENSING: "Giving",
    BusinessStep.SHIPPING: "Sending",
    BusinessStep.RECEIVING: "Receiving",
    BusinessStep.DESTROYING: "Destroying",
    BusinessStep.CYCLE_COUNTING: "Counting",
    BusinessStep.CORRECTING: "Correcting",
    BusinessStep.SETTLING: "Settling a transfer",
}

HOLDERS: Mapping[str, str] = {
    "visit_line": "A pharmacy day",
    "transfer": "A transfer",
}
"""Whom reserved units are for."""

TRANSFER_SIDES: Mapping[Side, str] = {
    "asking": "We asked for it",
    "sending": "We were asked for it",
}

TRANSFER_STATES: Mapping[State, str] = {
    "requested": "Asked for",
    "agreed": "Agreed",
    "declined": "Declined",
    "shipped": "Sent",
    "received": "Received, and something is missing",
    "closed": "Done",
}

TRANSFER_OURS: Mapping[Step, str] = {
    "answer": "We answer: what can we send?",
    "send": "We pack it, and send it",
    "count": "We count what arrived",
    "settle": "We say what became of what did not arrive",
}
"""The next step of a transfer, where it is ours."""

TRANSFER_THEIRS: Mapping[Step, str] = {
    "answer": "{clinic} answers what it can send",
    "send": "{clinic} packs it, and sends it",
    "count": "{clinic} counts what arrived",
    "settle": "{clinic} says what became of what did not arrive",
}
"""The next step of a transfer, where it is the other clinic's."""

TRANSFERS_WAITING: Mapping[Step, str] = {
    "answer": "another clinic waits for our answer",
    "send": "agreed, to be sent",
    "count": "on the way to us, to be counted on arrival",
    "settle": "something did not arrive, to be settled",
}
"""What transfers wait for, after their number."""

TRANSFER_DONE: Mapping[str, str] = {
    "asked": "The other clinic is asked",
    "agreed": "Agreed: the units are set apart",
    "declined": "Declined: the other clinic is told why",
    "shipped": "Sent: print the note and put it into the box",
    "received": "Counted: what arrived is in our stock",
    "settled": "Settled: nothing is on the way any more",
}
"""What somebody has just done with a transfer."""

SETTLEMENTS: Mapping[str, str] = {
    "lost": "Lost",
    "returned": "Came back",
}
"""What became of the units of a transfer that did not arrive."""

SESSION_USES: Mapping[str, str] = {
    "page": "Signed in",
    "program": "Token for a program",
}

OPEN_REASONS: Mapping[OpenReason, str] = IN_WORDS
"""Why a row of an imported file waits for a person, as a part of a sentence."""
