"""What can be made of a code: a reading that is certain, a question, or a refusal."""

from datetime import date

from msgspec import Struct

from shared.codes.sentences import MORE, NO_PRODUCT, SENTENCES, RefusalReason


class Recognised(Struct, frozen=True, kw_only=True, tag_field="kind", tag="recognised"):
    """All that the code says, certain. A day that has passed is a reading too: whoever takes the pack judges it.

    `gtin` always has 14 digits; `pack_code` is how the same number is printed under bars: 13 digits, or 8; None
    for a box of several packs. `national_numbers` by their application identifier (710 to 717).
    """

    gtin: str
    pack_code: str | None
    batch: str | None = None
    expires_on: date | None = None
    serial: str | None = None
    national_numbers: dict[str, str] = {}


class Possible(Struct, frozen=True, kw_only=True):
    """One of the readings that a code could have; None: not in it.

    `text` is read as just this reading when it is sent instead, and asks for the product only where there is no `gtin`.
    """

    gtin: str | None
    batch: str | None = None
    expires_on: date | None = None
    serial: str | None = None
    national_numbers: dict[str, str] = {}
    text: str | None = None

    @property
    def fullness(self) -> int:
        """How many of the four fields of a medicine's pack it has."""
        return sum(each is not None for each in (self.gtin, self.batch, self.expires_on, self.serial))


class Question(Struct, frozen=True, kw_only=True, tag_field="kind", tag="question"):
    """What isn't certain, with readings that it could be, the fullest first: a person looks at the box and says."""

    question: str
    readings: tuple[Possible, ...]

    @property
    def has_all_readings(self) -> bool:
        """Whether there are no others than these."""
        return not self.question.endswith(MORE)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The question in parts that each have a translation."""
        bare = self.question.removesuffix(f" {MORE}")
        return (bare,) if self.has_all_readings else (bare, MORE)

    @property
    def only_lacks_product(self) -> bool:
        """Whether all is certain but which product it is."""
        return self.question == NO_PRODUCT and len(self.readings) == 1


class Refusal(Struct, frozen=True, kw_only=True, tag_field="kind", tag="refusal"):
    """Why nothing can be made of it, as a word and as a sentence."""

    reason: RefusalReason
    refusal: str


Reading = Recognised | Question | Refusal

MOST_READINGS = 12


class Unreadable(Exception):
    """Raised inside this package; whoever calls it gets a Refusal."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason)
        self.reason = reason


def refused(reason: RefusalReason) -> Refusal:
    return Refusal(reason=reason, refusal=SENTENCES[reason])


def asked(question: str, readings: list[Possible]) -> Question:
    """A question with its readings, each once, the fullest first."""
    once: list[Possible] = []
    for reading in readings:
        if reading not in once:
            once.append(reading)
    once.sort(key=lambda reading: -reading.fullness)
    more = f" {MORE}" if len(once) > MOST_READINGS and not question.endswith(MORE) else ""
    return Question(question=question + more, readings=tuple(once[:MOST_READINGS]))


def certain(possible: Possible) -> Reading:
    """The reading itself, if it names a product."""
    if possible.gtin is None:
        return refused(RefusalReason.NO_PRODUCT)
    return Recognised(
        gtin=possible.gtin,
        pack_code=pack_code_of(possible.gtin),
        batch=possible.batch,
        expires_on=possible.expires_on,
        serial=possible.serial,
        national_numbers=possible.national_numbers,
    )


def pack_code_of(gtin: str) -> str | None:
    """The number as it stands under bars: EAN-8 or EAN-13; None for a box of packs (first digit 1 to 9)."""
    if gtin.startswith("000000"):
        return gtin[6:]
    return gtin[1:] if gtin.startswith("0") else None


def codes_of(gtin: str) -> list[str]:
    """Every way a catalogue may write this number: with 14, 13, 12 or 8 digits."""
    return [gtin[14 - digits :] for digits in (14, 13, 12, 8) if not gtin[: 14 - digits].strip("0")]
