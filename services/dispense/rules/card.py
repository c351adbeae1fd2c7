"""Card codes: random, with a check character, easy to read out and hard to mistake."""

import secrets

from stdnum import luhn

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O. Luhn mod 32 finds every single wrong character and most exchanged neighbours."""
RANDOM_CHARACTERS = 9

_LOOKALIKES = str.maketrans("ΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEZHKMNPTYX")


def new_card_code() -> str:
    """45 random bits and a check character: K7Q2M-9XW4T."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    code = body + luhn.calc_check_digit(body, ALPHABET)
    return f"{code[:5]}-{code[5:]}"


def read_card_code(text: str) -> str | None:
    """The code as it is kept, however it was typed; None when it can't be a card's code."""
    plain = text.upper().translate(_LOOKALIKES).replace("-", "").replace(" ", "")
    if len(plain) != RANDOM_CHARACTERS + 1 or not luhn.is_valid(plain, ALPHABET):
        return None
    return f"{plain[:5]}-{plain[5:]}"
