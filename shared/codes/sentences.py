"""What is asked and said of a code, in the words of whoever stands with the box in the hand."""

from collections.abc import Mapping
from enum import StrEnum

from shared.language import N_

# Questions: each ends with what a person can see on the box.

RUN_TOGETHER = N_(
    "The scanner left out the mark between two parts of the code, so where one ends isn't certain. "
    "Which of these is printed on the box?"
)
TWICE = N_("The code says one thing twice, and differently. Which of these is printed on the box?")
NO_EXPIRY = N_(
    "The code has another date (best before, or one with an hour) but no plain expiry. Does the box say this?"
)
NO_PRODUCT = N_("This was read, but it doesn't say which product it is. Which product is it?")
IN_BRACKETS = N_("What is in brackets may be a part of the batch, or not. Which of these is printed on the box?")
GREEK_KEYBOARD = N_(
    "The keyboard was set to Greek, so some letters aren't certain. Which of these is printed on the box?"
)
GREEK_LETTERS = N_("Some letters were typed in Greek, and boxes have Latin ones. Which of these is printed on the box?")
CAPS_LOCK = N_(
    "Caps Lock was on, so it isn't certain which letters are capitals. Which of these is printed on the box?"
)
SMALL_LETTERS = N_("The letters came as small ones; most boxes have capitals. Which of these is printed on the box?")
PUNCTUATION = N_("There is a dot, comma or dash at the end. Which of these is printed on the box?")
SPACES = N_("There are spaces inside. Is this what is printed on the box?")
DATE_ORDER = N_("The date can be read in more than one way. Which expiry is meant on the box?")
EOF_CODE = N_("Nine digits may be the EOF code of a Greek medicine. Is it this pack?")
LAST_DIGIT_LOST = N_("A Greek pack's number has thirteen digits, and the last is missing here. Is it this pack?")
MAY_BE_A_DATE = N_("These eight digits may be a date or a product's number. Is this number printed under the bars?")
LETTER_FOR_DIGIT = N_("A letter stands among the digits. Is this the number printed under the bars?")
MORE_BEHIND = N_("More was typed behind the number. Is this the number printed under the bars?")
GLUED = N_("Two codes came as one; scan the other again by itself. Which of these is this box?")
NUMBER_IN_ADDRESS = N_("The web address has a number that may be the product's. Is this number printed on the box?")
UNREAD_WORDS = N_("Some of the words weren't understood; this is what was read. Is it all that is printed on the box?")
MORE = N_("There are more possibilities than these.")


class RefusalReason(StrEnum):
    """Why nothing can be made of it, the same word in the command line, the API and the tests."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    SEVERAL_CODES = "several_codes"
    NOT_A_CODE = "not_a_code"
    WRONG_LENGTH = "wrong_length"
    CHECK_DIGIT = "check_digit"
    CUT_OFF = "cut_off"
    NO_PRODUCT = "no_product"
    OF_A_SHOP = "of_a_shop"
    NOT_A_MEDICINE = "not_a_medicine"
    NOT_A_PACK = "not_a_pack"
    IMPOSSIBLE_DATE = "impossible_date"
    DATE_TOO_FAR = "date_too_far"
    VALUE_TOO_LONG = "value_too_long"
    VALUE_EMPTY = "value_empty"
    BAD_CHARACTER = "bad_character"
    GREEK_LETTERS = "greek_letters"
    OTHER_SYSTEM = "other_system"
    COMPRESSED_LINK = "compressed_link"
    NOT_A_GS1_LINK = "not_a_gs1_link"


SENTENCES: Mapping[RefusalReason, str] = {
    RefusalReason.EMPTY: N_("Nothing came. Scan the box again."),
    RefusalReason.TOO_LONG: N_("This is longer than any code on a box. Scan one code at a time."),
    RefusalReason.SEVERAL_CODES: N_("These are several codes. Scan one at a time."),
    RefusalReason.NOT_A_CODE: N_(
        "This is no code of a medicine's box. Scan the bars or the small square on the box, "
        "or type the number under the bars."
    ),
    RefusalReason.WRONG_LENGTH: N_(
        "Digits are missing or too many: the number under the bars has 13 (on small boxes 8). Scan or type it again."
    ),
    RefusalReason.CHECK_DIGIT: N_(
        "The product's number can't be right: a digit is wrong, or two changed places. Scan or type it again."
    ),
    RefusalReason.CUT_OFF: N_("A part of the code is missing. Scan the whole code again."),
    RefusalReason.NO_PRODUCT: N_("The code doesn't say which product it is. Scan the bars on the box instead."),
    RefusalReason.OF_A_SHOP: N_(
        "This is a number that a shop made for itself; elsewhere it means another thing. "
        "Look for the maker's code on the box."
    ),
    RefusalReason.NOT_A_MEDICINE: N_(
        "This is the number of a book, a newspaper or a voucher. Look for the code on the medicine's box."
    ),
    RefusalReason.NOT_A_PACK: N_("This is the label of a parcel. Open it, and scan the boxes inside."),
    RefusalReason.IMPOSSIBLE_DATE: N_(
        "The expiry can't be right: there is no such day, or a part of it is missing. "
        "Scan again, or type what is printed on the box."
    ),
    RefusalReason.DATE_TOO_FAR: N_(
        "The expiry is too far away: no box has such a year. Scan again, or type what is printed on the box."
    ),
    RefusalReason.VALUE_TOO_LONG: N_(
        "The batch or serial number is too long (20 characters at most). Scan again, or type the number under the bars."
    ),
    RefusalReason.VALUE_EMPTY: N_(
        "The batch or serial number is missing. Scan again, or type the number under the bars, "
        "and the batch from the box."
    ),
    RefusalReason.BAD_CHARACTER: N_(
        "There is a sign in the code that can't be there. Scan again, or type the number under the bars."
    ),
    RefusalReason.GREEK_LETTERS: N_(
        "The letters are partly Greek, so they aren't certain. Switch the keyboard to English and scan again."
    ),
    RefusalReason.OTHER_SYSTEM: N_(
        "This is a code of another system, as of German pharmacies (PZN, PPN), which Dosis does not read. "
        "Look for another code on the box."
    ),
    RefusalReason.COMPRESSED_LINK: N_(
        "This web address is packed in a way that Dosis does not read. Scan another code."
    ),
    RefusalReason.NOT_A_GS1_LINK: N_(
        "This web address doesn't say which product it is. Scan the bars or the small square on the box."
    ),
}
