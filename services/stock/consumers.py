"""What stock does on the events of the other services, and of the network's clinics."""

from services.stock.actions import gtins, hearing, lots, reservation
from shared.events import dispense, donations, stock
from shared.inbox import Consumers, Together

CONSUMERS: Consumers = {
    donations.LineAccepted: Together(lots.receive_accepted_lines),
    donations.GtinLearnt: gtins.take_learnt_gtin,
    dispense.ReservationAsked: reservation.take_request_part,
    dispense.ReservationAbandoned: reservation.abandon_request,
    dispense.Dispensed: reservation.take_dispensed,
    dispense.DispensingUndone: reservation.undo_dispensed,
    dispense.ReservationReleased: reservation.take_released,
    stock.ClinicAnnounced: hearing.hear_clinic,
    stock.SurplusOffered: hearing.hear_surplus,
    stock.TransferRequested: hearing.hear_requested,
    stock.TransferAgreed: hearing.hear_agreed,
    stock.TransferDeclined: hearing.hear_declined,
    stock.TransferShipped: hearing.hear_shipped,
    stock.TransferReceived: hearing.hear_received,
    stock.TransferSettled: hearing.hear_settled,
}
