"""Who is meant: by the card, or by a part of the name. Neither ever stands in an address."""

from uuid import UUID

from services.dispense.actions import finding
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import CardMistyped, CardUnknown
from services.dispense.rules.card import RANDOM_CHARACTERS, read_card_code
from shared.language import N_
from shared.web.pages import View
from shared.web.pages.forms import FieldProblem, FormWrong

MOST_FOUND = 9
"""So many are offered for a name: each has a digit of the keyboard."""

TOO_FEW_LETTERS = N_("Type two letters of the name at least, or scan the card.")


async def who_is_meant(view: View, text: str) -> UUID | finding.FoundByName:
    """The patient of a card, or the few whose name is like what was typed; raises FormWrong for the field `text`."""
    patient_id = await _of_card(view, text)
    if patient_id is not None:
        return patient_id
    if sum(sign.isalpha() for sign in text) < finding.LEAST_LETTERS:
        raise FormWrong(problems=[FieldProblem("text", TOO_FEW_LETTERS)])
    return await finding.find_by_name(view.reading, keys_of(view.runtime), text, MOST_FOUND)


async def _of_card(view: View, text: str) -> UUID | None:
    """None: it isn't like a card's code, so it is a name."""
    numbers = sum(sign.isdigit() for sign in text)
    if read_card_code(text) is None:
        plain = text.replace("-", "").replace(" ", "")
        if numbers and RANDOM_CHARACTERS <= len(plain) <= RANDOM_CHARACTERS + 2:
            raise FormWrong(problems=[FieldProblem("text", CardMistyped.detail)])
        return None
    try:
        return await actions.find_by_card(view.reading, keys_of(view.runtime), text)
    except CardUnknown:
        # A name of ten such letters may pass for a code by chance; one with digits or a dash in it hardly will.
        if numbers or "-" in text:
            raise FormWrong(problems=[FieldProblem("text", CardUnknown.title)]) from None
        return None
