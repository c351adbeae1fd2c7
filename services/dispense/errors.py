"""What dispense can refuse, each named for the fact."""

from collections.abc import Mapping

from shared.errors import Conflict, DosisError, NotFound, Refused, Unavailable


class PatientNotFound(NotFound):
    title = "There is no such patient at this clinic"


class CardUnknown(NotFound):
    title = "No card of this clinic has that code"
    detail = "Look whether the card is from another clinic, or has been forgotten."


class CardMistyped(Refused):
    title = "That can't be a card's code"
    detail = "A card's code has ten letters and digits, such as K7Q2M-9XW4T. Read it once more."


class PatientForgotten(Conflict):
    title = "This person has been forgotten"
    detail = "Their identity is destroyed. If they come back, register them anew."


class ClinicKeyMissing(Unavailable):
    title = "The clinic's key is not on this machine"
    detail = "Without it nobody's identity can be read or registered. Put the key file back."


class IdentityUnreadable(Unavailable):
    title = "The patient's identity can't be read with this clinic's key"
    detail = "The key on this machine is not the one it was sealed with. Put the right key file back."


class TherapyLineNotFound(NotFound):
    title = "There is no such line in this patient's plan"


class TherapyDaysWrong(Refused):
    title = "A line of a plan ends on or after its first day"
    detail = "Give another last day, or none."


class PlannedAlready(Conflict):
    title = "This medicine is in the plan already"
    detail = "Change the line that is there, so that it isn't given twice."


class PlanChanged(Conflict):
    title = "The plan has changed since you looked"
    detail = "Somebody has just changed it, or noted an allergy. Look at it once more."


class TherapyLineOver(Conflict):
    title = "This line of the plan is over"
    detail = "It was changed or stopped meanwhile. Look at the plan as it is now."


class PerIntakeWrong(Refused):
    title = "That is no amount to take at once"
    detail = "Write it as 1, 1/2, 1 1/2 or 0.5: more than nothing and at most 1000."


class NotAPharmacyDay(Refused):
    title = "The clinic's pharmacy isn't open on that day"
    detail = "Look at the clinic's weekdays and closures."


class DayTooFar(Refused):
    title = "That day is too far away to prepare"
    detail = "Plans change until then. Prepare a day of the next three months."


class DayNotClosed(Conflict):
    title = "That day has not been closed"
    detail = "There is nothing to open again."


class DayIsPast(Conflict):
    title = "That day is past"
    detail = "Prepare today's pharmacy day or a coming one."


class DayNotPrepared(NotFound):
    title = "That pharmacy day has not been prepared"
    detail = "Prepare it first."


class DayClosed(Conflict):
    title = "That pharmacy day has been closed"
    detail = "What was not given has gone back to the shelf."


class DayNotBegun(Conflict):
    title = "That day has not come yet"
    detail = "Close a pharmacy day on the day itself, or later."


class VisitServed(Conflict):
    title = "This patient was given medicines today"
    detail = "Undo that first, if it was a mistake."


class NotToday(Conflict):
    title = "That visit is on another day"
    detail = "Give on the day that was prepared; a patient who comes on another day is a walk-in."


class VisitNotFound(NotFound):
    title = "There is no such visit at this clinic"


class NotExpectedToday(NotFound):
    title = "Nothing is prepared for this card today"
    detail = "Open a walk-in for them, or look when they are expected."


class LineNotInVisit(Refused):
    title = "The visit has no such line"
    detail = "Name lines of this visit, each once."


class MoreThanReserved(Refused):
    title = "Not so many units are reserved for that line"
    detail = "Give at most what is reserved; what is missing can be owed."


class OwedFirst(Refused):
    title = "What is owed of it comes first"
    detail = "Of the same medicine something is owed since last time: give that before what is for later days."


class NothingToGive(Conflict):
    title = "Nothing is reserved for this visit"
    detail = "What was reserved has been given or is no longer given; prepare again, or note that it is owed."


class SomethingToGive(Conflict):
    title = "Something lies ready for this visit"
    detail = "Give what there is: what is missing is owed with it."


class NothingToUndo(Conflict):
    title = "Nothing was given on this visit that could be undone today"


class AlreadySupplied(Conflict):
    title = "These days have been supplied already"
    detail = "The patient was given this medicine for some of the same days. Look at what they were given."


class SupplyOverdrawn(Conflict):
    title = "That is more than the patient needs for these days"
    detail = "Look at what was given already."


class NothingNeeded(Conflict):
    title = "This patient needs nothing today"
    detail = "Their plan is supplied beyond the next pharmacy day."


class AlreadyExpected(Conflict):
    title = "This patient is expected today"
    detail = (
        "Find today's visit by their card: it says what is prepared, what stock has not answered, and what is owed."
    )


class NothingWaits(Conflict):
    title = "Nothing waits for an answer there"


class OwedNotFound(NotFound):
    title = "Nothing is owed there"


CONSTRAINTS: Mapping[str, type[DosisError]] = {
    "supply_same_days_once": AlreadySupplied,
    "supply_not_overdrawn": SupplyOverdrawn,
    "escrow_not_overdrawn": MoreThanReserved,
    "therapy_line_follows_once": TherapyLineOver,
}
