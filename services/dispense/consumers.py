"""What dispense does on stock's events."""

from services.dispense.actions import hearing
from shared import gtins, known
from shared.events import stock
from shared.inbox import Consumers

CONSUMERS: Consumers = {
    **known.CONSUMERS,
    **gtins.CONSUMERS,
    stock.ReservationAnswered: hearing.take_answer,
    stock.LotHeld: hearing.stop_held_lot,
    stock.LotHoldLifted: hearing.note_hold_lifted,
}
