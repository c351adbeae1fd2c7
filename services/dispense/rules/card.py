"""Card codes: random, with a check character, easy to read out and hard to mistake."""

import secrets
from itertools import product

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


# What the keys of these letters type on the Greek layout: W and S are one letter there, in capitals.
_OF_KEYS = {
    **dict(zip(":ΕΡΤΥΘΠΑΔΦΓΗΞΚΛΖΧΨΩΒΝΜ", ("Q", *"ERTYUPADFGHJKLZXCVBNM"), strict=True)),
    ";": "Q",
    "Σ": "WS",
}


def read_card_code(text: str) -> str | None:
    """The code as it is kept, however it was typed; None when it can't be a card's code.

    Letters that look alike are read as such; else by the keys that a scanner or a hand pressed under the Greek layout.
    """
    plain = text.upper().replace("-", "").replace(" ", "")
    if _is_code(read := plain.translate(_LOOKALIKES)):
        return _shown(read)
    if len(plain) != RANDOM_CHARACTERS + 1:
        return None
    by_keys = product(*(_OF_KEYS.get(sign, sign) for sign in plain))
    found = [code for code in map("".join, by_keys) if _is_code(code)]
    return _shown(found[0]) if len(found) == 1 else None


def _is_code(plain: str) -> bool:
    return len(plain) == RANDOM_CHARACTERS + 1 and bool(luhn.is_valid(plain, ALPHABET))


def _shown(plain: str) -> str:
    return f"{plain[:5]}-{plain[5:]}"
