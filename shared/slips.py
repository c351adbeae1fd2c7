"""The number on the paper that goes with a bag or a box: eleven digits, the last of which checks the others.

There is no column for it: the id of the collection or transfer is the record, and its last 32 bits, which are random,
become ten digits. Only digits, because they are where they are on every keyboard layout, and can be read out in any
language. Two collections of a clinic could share a number, once in some billions: then the later one is found.
"""

import re
from uuid import UUID

from stdnum import luhn

BITS = 32
_SLIP = re.compile(r"[0-9]{11}")


def slip_number(of_id: UUID) -> str:
    digits = f"{of_id.int % 2**BITS:010}"
    return digits + luhn.calc_check_digit(digits)


def slip_number_shown(of_id: UUID) -> str:
    """In groups, as it is printed and read out: 123 4567 8901."""
    number = slip_number(of_id)
    return f"{number[:3]} {number[3:7]} {number[7:]}"


def bits_of_slip(text: str) -> str | None:
    """The last eight hex digits of the id, however the number is spaced; None: it is no slip's number."""
    number = "".join(text.split())
    if _SLIP.fullmatch(number) is None or not luhn.is_valid(number):
        return None
    bits = int(number[:-1])
    return f"{bits:08x}" if bits < 2**BITS else None
