"""What the check found: each difference with both sides, and how much was compared."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import force_setattr


class Kind(StrEnum):
    """What disagrees with what."""

    # Inside the ledger of stock
    LEDGER = "ledger"
    REVERSAL = "reversal"
    RECAST = "recast"
    RESERVED = "reserved"
    RESERVATION_MOVEMENTS = "reservation_movements"
    SURPLUS = "surplus"
    # Donations and stock
    DONATED_LINE = "donated_line"
    DONATED_LOT = "donated_lot"
    # Stock and dispense
    REQUEST = "request"
    ESCROW = "escrow"
    ESCROW_LOT = "escrow_lot"
    LOT_STATE = "lot_state"
    # Inside dispense
    ESCROW_LEFT = "escrow_left"
    GIVEN = "given"
    SUPPLY = "supply"
    OWED = "owed"
    # Transfers
    TRANSFER_STATE = "transfer_state"
    TRANSFER_LINE = "transfer_line"
    TRANSFER_LOT = "transfer_lot"
    TRANSFER_AGREED = "transfer_agreed"
    TRANSFER_RESERVED = "transfer_reserved"
    IN_TRANSIT = "in_transit"
    SENT = "sent"
    RECEIVED = "received"
    # What each service knows of stock's registry and catalogue
    PROJECTION = "projection"
    # The events themselves
    EVENT_PASSED_OVER = "event_passed_over"
    EVENT_UNKNOWN = "event_unknown"


SENTENCES: dict[Kind, str] = {
    Kind.LEDGER: "A balance of the lot is not what its movements add up to.",
    Kind.REVERSAL: "A movement does not mirror the one that it takes back.",
    Kind.RECAST: "One operation recast other units out of lots than into lots.",
    Kind.RESERVED: "What the lot has reserved is not what its reservations still hold.",
    Kind.RESERVATION_MOVEMENTS: "The reservation is not what the movements made for it say.",
    Kind.SURPLUS: "Other clinics were told that they may have more of the lot than is on its shelf.",
    Kind.DONATED_LINE: "An accepted line and its donated movement are not one to one.",
    Kind.DONATED_LOT: "What came into the lot as donated is not what was accepted for it.",
    Kind.REQUEST: "Stock and dispense do not say the same of a request for units.",
    Kind.ESCROW: "Stock's reservation and dispense's escrow do not hold the same units.",
    Kind.ESCROW_LOT: "The escrow describes another lot than stock has under this id.",
    Kind.LOT_STATE: "Stock and dispense do not agree on whether the lot is held.",
    Kind.ESCROW_LEFT: "Units are left in escrow that nobody may give any more.",
    Kind.GIVEN: "The escrow's given units are not what was dispensed out of it.",
    Kind.SUPPLY: "The supply's given units are not what was dispensed for it.",
    Kind.OWED: "What is owed is not what was needed and not given.",
    Kind.TRANSFER_STATE: "The two sides of a transfer are in states that do not go together.",
    Kind.TRANSFER_LINE: "The two sides of a transfer have different lines.",
    Kind.TRANSFER_LOT: "The two sides of a transfer have different lots.",
    Kind.TRANSFER_AGREED: "The lots set apart for a transfer's line are not the units agreed.",
    Kind.TRANSFER_RESERVED: "The sending side's reservation is not what the transfer's lots say.",
    Kind.IN_TRANSIT: "What the lot has in transit is not what its transfers shipped and nobody counted.",
    Kind.SENT: "The sending side's movements are not what was shipped, counted and settled.",
    Kind.RECEIVED: "The receiving side's movements are not what was counted.",
    Kind.PROJECTION: "A service knows something else of the registry or the catalogue than stock has.",
    Kind.EVENT_PASSED_OVER: "A later event was read and this one was not: it can never be applied.",
    Kind.EVENT_UNKNOWN: "More events were read than their producer has: it was restored from a backup.",
}


class Difference(Struct, frozen=True, kw_only=True):
    """Two sides that should agree and don't, whatever is still on its way between them."""

    kind: Kind
    one_side: str
    other_side: str
    clinic_id: UUID | None = None
    lot_id: UUID | None = None
    reference: UUID | None = None
    transfer_id: UUID | None = None
    subject: str | None = None
    """What else names it: a line, a request, an account, a table's row, an event."""
    sentence: str = ""
    """What it means; the kind's own, unless one is given."""

    def __post_init__(self) -> None:
        if not self.sentence:
            force_setattr(self, "sentence", SENTENCES[self.kind])


class Compared(Struct, frozen=True, kw_only=True):
    """How much was looked at."""

    lots: int = 0
    movements: int = 0
    reservations: int = 0
    lines: int = 0
    """Accepted lines of donations."""
    transfers: int = 0
    """Sides of transfers: two for each within the cell."""


class CheckReport(Struct, frozen=True, kw_only=True):
    differences: tuple[Difference, ...]
    left_out: int = 0
    """Differences beyond those that are named: there is a limit of each kind."""
    in_flight_events: int = 0
    """Events that stand in an outbox and that a service has yet to read, once for each such service."""
    parked_events: int = 0
    """Events that arrived and could not be applied, or contradict what is known: people have to look."""
    compared: Compared = Compared()

    @property
    def agrees(self) -> bool:
        return not self.differences


def render(report: CheckReport) -> str:
    """The report for people: one line a difference, and a closing sentence."""
    lines = [_line(found) for found in report.differences]
    if report.left_out:
        lines.append(f"… and {report.left_out} more.")
    return "\n".join([*lines, _closing(report)])


def _line(found: Difference) -> str:
    ids = {
        "clinic": found.clinic_id,
        "lot": found.lot_id,
        "reference": found.reference,
        "transfer": found.transfer_id,
    }
    where = [f"{name} {value}" for name, value in ids.items() if value is not None]
    if found.subject is not None:
        where.append(found.subject)
    return f"{found.kind}: {', '.join(where)}: {found.one_side} ≠ {found.other_side}. {found.sentence}"


def _closing(report: CheckReport) -> str:
    compared = report.compared
    counted = [
        _many(compared.lots, "lot"),
        _many(compared.movements, "movement"),
        _many(compared.reservations, "reservation"),
        _many(compared.lines, "accepted line"),
        _many(compared.transfers, "side of a transfer", "sides of transfers"),
    ]
    found = len(report.differences) + report.left_out
    sentences = [f"Compared {', '.join(counted)}: {_many(found, 'difference') if found else 'everything agrees'}."]
    if report.in_flight_events:
        sentences.append(f"{_many(report.in_flight_events, 'event')} on the way, and counted in.")
    if report.parked_events:
        sentences.append(f"{_many(report.parked_events, 'event')} parked, until people have looked.")
    return " ".join(sentences)


def _many(count: int, one: str, several: str | None = None) -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"


def in_words(**units: object) -> str:
    """One side of a difference: `reserved 28, given 10`; what is None is not said."""
    said = [f"{name.replace('_', ' ')} {value}" for name, value in units.items() if value is not None]
    return ", ".join(said) or "nothing"
