"""What a message that waits is about, and why it waits. No table says whom it is about."""

from collections.abc import Mapping

from shared.inbox import Reason
from shared.language import N_

# By the event's name, without its version.
EVENTS: Mapping[str, str] = {
    "donations.line_accepted": "A donation that was accepted on {day} could not be entered in the stock",
    "donations.gtin_learnt": "A pack's number that was learnt on {day} could not be passed on",
    "dispense.reservation_asked": "What a pharmacy day needs, as of {day}, could not be reserved",
    "dispense.reservation_abandoned": "What was reserved and is not needed since {day} could not be put back",
    "dispense.reservation_released": "What was reserved and is not needed since {day} could not be put back",
    "dispense.dispensed": "What was given on {day} could not be taken off the stock",
    "dispense.dispensing_undone": "What was taken back on {day} could not be added to the stock again",
    "stock.clinic_registered": "A clinic that was entered on {day} could not be taken over",
    "stock.clinic_announced": "A clinic that announced itself on {day} could not be taken over",
    "stock.partnership_recorded": "A change in the partner pharmacies, of {day}, could not be taken over",
    "stock.person_registered": "Somebody who was entered among the people on {day} could not be taken over",
    "stock.delegation_given": "A delegation that was given on {day} could not be taken over",
    "stock.delegation_ended": "The end of a delegation, of {day}, could not be taken over",
    "stock.session_ended": "Somebody's signing out, of {day}, could not be taken over",
    "stock.policy_set": "A policy that was set on {day} could not be taken over",
    "stock.product_listed": "A product that was entered in the catalogue on {day} could not be taken over",
    "stock.product_overridden": "What the clinic decided about a product on {day} could not be taken over",
    "stock.gtin_bound": "A pack's number that was judged on {day} could not be taken over",
    "stock.reservation_answered": "Stock's answer of {day}, about what is reserved, could not be entered",
    "stock.lot_held": "A lot that was held back on {day} could not be stopped here",
    "stock.lot_hold_lifted": "A lot that may be given again since {day} could not be set free here",
    "stock.surplus_offered": "What another clinic can spare, as of {day}, could not be entered",
    "stock.transfer_requested": "A request for a transfer, of {day}, could not be entered",
    "stock.transfer_agreed": "An answer about a transfer, of {day}, could not be entered",
    "stock.transfer_declined": "An answer about a transfer, of {day}, could not be entered",
    "stock.transfer_shipped": "A transfer that was sent on {day} could not be entered",
    "stock.transfer_received": "What another clinic counted of a transfer on {day} could not be entered",
    "stock.transfer_settled": "What became of the missing units of a transfer, settled on {day}, could not be entered",
}

UNKNOWN = N_("A message of {day} could not be processed")
UNREADABLE = N_("A message that can't be read has arrived")

REASONS: Mapping[Reason, str] = {
    "early": "It waits for an earlier message, which has not arrived yet.",
    "failed": "It arrived, but what it says could not be carried out here.",
    "fork": "It contradicts what had arrived before: the service that sent it was probably restored from a backup.",
}

TO_DO: Mapping[Reason, str] = {
    "early": "As a rule it is processed by itself as soon as the earlier one is there. Nothing is lost.",
    "failed": "Try it again. Nothing is lost: it is kept here until it has been processed.",
    "fork": "Trying again does not help here. Nothing is lost: it is kept here.",
}

SERVICES: Mapping[str, str] = {
    "donations": "Donations",
    "stock": "Stock",
    "dispense": "Dispensing",
}
