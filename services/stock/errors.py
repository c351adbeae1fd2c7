"""What stock can refuse, each named for the fact."""

from collections.abc import Mapping

from shared.errors import Conflict, DosisError, NotFound, NotSignedIn, Refused, TooMany


class LotNotFound(NotFound):
    title = "There is no such lot at this clinic"


class LotNotHeld(Conflict):
    title = "This lot is not held and has nothing in quarantine"
    detail = "There is nothing to release."


class LotHeldAlready(Conflict):
    title = "This lot is held already"
    detail = "Its reason stands on the lot; nothing more is needed."


class LotNotExpired(Conflict):
    title = "This lot has not expired"
    detail = "Say that its units were destroyed or lost, whichever it was."


class NotEnoughUnits(Refused):
    title = "There are not so many units in that place"
    detail = "Look at the lot again and ask for at most what is there."


class SameLot(Refused):
    title = "Nothing would change"
    detail = "Give another batch, expiry or condition than the lot has now."


class LotIsHeld(Conflict):
    title = "This lot is held"
    detail = "Nobody is given or sent of it until the hold is lifted."


class ExpiresTooSoonToSend(Refused):
    title = "This lot expires too soon to be sent to another clinic"
    detail = "It must still be of use where it arrives."


class SurplusNotOffered(Conflict):
    title = "Other clinics are not told of this lot"
    detail = "There is nothing to withdraw."


class TransferNotFound(NotFound):
    title = "There is no such transfer at this clinic"


class TransferNotReady(Conflict):
    title = "The transfer is in another state"
    detail = "Look at the transfer again: the other clinic may have answered, or somebody here did."


class TransferNotSent(Conflict):
    title = "This transfer has not been sent"
    detail = "Its note is printed once it is on its way."


class ClinicNotHeard(NotFound):
    title = "No such clinic has been heard on the network"
    detail = "Choose one of the clinics in the list of neighbours."


class LineNotInTransfer(Refused):
    title = "The transfer has no such line"
    detail = "Name each line or lot by the number that the transfer shows."


class ProductMustBeNamed(Refused):
    title = "This clinic's catalogue does not know the product that was shipped"
    detail = "Name the product of this clinic's catalogue that it is."


class ClinicNotFound(NotFound):
    title = "There is no such clinic in this cell"
    detail = "Look at the list of clinics again."


class ClinicNameTaken(Conflict):
    title = "A clinic of this cell has that name already"
    detail = "Choose another name."


class PersonNotFound(NotFound):
    title = "There is no such person"


class PersonNameTaken(Conflict):
    title = "Somebody signs in under that name already"
    detail = "Choose another sign-in name."


class PersonNameMixed(Refused):
    title = "A sign-in name has plain letters, all Greek or all Latin"
    detail = "Letters of two alphabets look alike, and nobody could tell two names apart."


class DecisionNotFound(NotFound):
    title = "There is no such decision of this clinic"
    detail = "Record the decision first; a delegation or policy stands on it."


class DelegationNotFound(NotFound):
    title = "There is no such delegation at this clinic"


class DelegationOver(Conflict):
    title = "That delegation is over already"
    detail = "There is nothing to end."


class LastToDecide(Conflict):
    title = "Nobody would be left who can give delegations"
    detail = "Give this task to somebody else first."


class DelegationDaysWrong(Refused):
    title = "A delegation ends on or after its first day, and within two years"
    detail = "Give an until-day that the assembly can keep in mind."


class PlaceNotOurs(Refused):
    title = "The place is neither this clinic nor one of its partner pharmacies"
    detail = "A partner pharmacist's place is a partner pharmacy; every other role's place is the clinic."


class PolicyNotKnown(NotFound):
    title = "There is no policy of that name"


class PolicyValueWrong(Refused):
    title = "That value is outside the policy's bounds"


class VotesWrong(Refused):
    title = "The votes don't fit the way of deciding"
    detail = "Consensus has no votes; a vote has for, against and blank, and more for than against."


class PharmacyNotFound(NotFound):
    title = "There is no such partner pharmacy of this clinic"


class PartnershipDaysWrong(Refused):
    title = "A partnership ends on or after its first day"
    detail = "Give a later until-day, or none."


class SignInRefused(NotSignedIn):
    title = "Name and password don't fit together"
    detail = "Check both. After five wrong tries there is a minute's wait."


class TooManySignIns(TooMany):
    title = "Five wrong tries in a row"
    detail = "Wait a minute, then try again."


class SessionNotFound(NotFound):
    title = "You have no such sign-in or token"


class ControlledStays(Refused):
    title = "A product can be called controlled, never the other way round"
    detail = "Controlled substances are always refused; no clinic can loosen that."


class OpenRowNotFound(NotFound):
    title = "There is no such row waiting for a person"
    detail = "Look at the list again: somebody may have completed it, or a newer file did."


class FactsWrong(Refused):
    title = "These facts don't describe a product"


class NothingCorrected(Refused):
    title = "Nothing would change"
    detail = "Say what is otherwise than the product says now."


class GtinCheckDigitWrong(Refused):
    title = "The check digit of that GTIN is wrong"
    detail = "Scan the pack again: a digit was misread."


class GtinInCatalogue(Conflict):
    title = "The catalogue has this number as a pack's code"
    detail = "Nothing has to be learnt. If the catalogue is wrong, correct the catalogue."


class GtinBoundOtherwise(Conflict):
    title = "Somebody named another product for this GTIN"
    detail = "Look at the box. If the binding is wrong, a clinic's pharmacist can change or refuse it."


class GtinNotBound(NotFound):
    title = "Nobody has named a product for this GTIN"
    detail = "Name its product first."


CONSTRAINTS: Mapping[str, type[DosisError]] = {
    "lot_units_not_negative": NotEnoughUnits,
    "gtin_binding_check_digit": GtinCheckDigitWrong,
    "clinic_name_key": ClinicNameTaken,
    "decision_clinic_fkey": ClinicNotFound,
    "partnership_clinic_fkey": ClinicNotFound,
    "person_sign_in_name_key": PersonNameTaken,
    "session_person_fkey": PersonNotFound,
    "delegation_delegate_fkey": PersonNotFound,
    "decision_votes_unless_consensus": VotesWrong,
    "delegation_days": DelegationDaysWrong,
    "partnership_days": PartnershipDaysWrong,
    "policy_decision_fkey": DecisionNotFound,
    "delegation_decision_fkey": DecisionNotFound,
    "decision_reevaluates_fkey": DecisionNotFound,
}
