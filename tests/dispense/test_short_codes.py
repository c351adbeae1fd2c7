"""Short codes of how a medicine is taken: read in Greek and in English, said in words, written back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispense.directions import amount, in_words
from services.dispense.rules import AtTimes, EveryDays, EveryHours, OnWeekdays, Schedule, TimesADay
from services.dispense.rules.short_codes import (
    ContradictionError,
    NotAShortCodeError,
    read_short_code,
    write_short_code,
)
from shared.language import LANGUAGES, Language, words_in

HALF = Fraction(1, 2)
MORNING_AND_EVENING = AtTimes(times_of_day=("08:00", "20:00"))
MONDAY_AND_THURSDAY = OnWeekdays(weekdays=(1, 4))

# What is typed, in all its spellings; what it is; how it is said.
READ: list[tuple[list[str], Fraction, Schedule, str, str]] = [
    (
        ["1x2", "1 x 2", "1X2", "1χ2", "1Χ2", "1×2", "1*2", " 1  x2 ", "1x2/d", "1x2/ημ"],
        Fraction(1),
        TimesADay(times=2),
        "1 tablet 2 times a day",
        "1 δισκίο 2 φορές την ημέρα",
    ),
    (
        ["1/2x1", "½x1", "0,5x1", "0.5 χ 1", "1/2 x 1", "½/ημέρα", "1/2/day"],
        HALF,
        TimesADay(times=1),
        "½ tablet once a day",
        "½ δισκίο μία φορά την ημέρα",
    ),
    (
        ["1 1/2 x 3", "1 1/2x3", "1½x3", "1,5x3", "1½ χ 3"],
        Fraction(3, 2),
        TimesADay(times=3),
        "1½ tablets 3 times a day",
        "1½ δισκία 3 φορές την ημέρα",
    ),
    (
        ["1x1 πρωί", "1 π", "1 ΠΡΩΊ", "1 πρωι", "1 am", "1x1 morning", "1 8:00", "1 08:00"],
        Fraction(1),
        AtTimes(times_of_day=("08:00",)),
        "1 tablet in the morning (08:00)",
        "1 δισκίο το πρωί (08:00)",
    ),
    (
        ["1 π β", "1 β π", "1 π,β", "1 π-β", "1 π+β", "1x2 πρωί και βράδυ", "1 am pm", "1x2 am & pm", "1 8:00, 20:00"],
        Fraction(1),
        MORNING_AND_EVENING,
        "1 tablet in the morning (08:00) and in the evening (20:00)",
        "1 δισκίο το πρωί (08:00) και το βράδυ (20:00)",
    ),
    (
        ["1/2 μ ν", "½ μεσημέρι, νύχτα", "1/2x2 noon night", "1/2 midday bedtime", "½ 14:00 22:00"],
        HALF,
        AtTimes(times_of_day=("14:00", "22:00")),
        "½ tablet at midday (14:00) and at bedtime (22:00)",
        "½ δισκίο το μεσημέρι (14:00) και πριν τον ύπνο (22:00)",
    ),
    (
        ["1/2 π", "½ πρωί", "1/2x1 am", "1/2 8:00"],
        HALF,
        AtTimes(times_of_day=("08:00",)),
        "½ tablet in the morning (08:00)",
        "½ δισκίο το πρωί (08:00)",
    ),
    (
        ["1/2 δευ", "½ Monday"],
        HALF,
        OnWeekdays(weekdays=(1,)),
        "½ tablet every Monday",
        "½ δισκίο κάθε Δευτέρα",
    ),
    (
        ["2 7:30", "2x1 07:30"],
        Fraction(2),
        AtTimes(times_of_day=("07:30",)),
        "2 tablets at 07:30",
        "2 δισκία στις 07:30",
    ),
    (
        ["1 δευ,πεμ", "1 δευ πεμ", "1x1 Δευτέρα και Πέμπτη", "1 πε δε", "1 mon,thu", "1x1 thursday mon", "1 ΔΕΥ ΠΕΜ"],
        Fraction(1),
        MONDAY_AND_THURSDAY,
        "1 tablet every Monday and Thursday",
        "1 δισκίο κάθε Δευτέρα και Πέμπτη",
    ),
    (
        ["1x2 κυρ", "1x2 sun", "1 χ 2 Κυριακή"],
        Fraction(1),
        OnWeekdays(weekdays=(7,), times=2),
        "1 tablet 2 times a day, every Sunday",
        "1 δισκίο 2 φορές την ημέρα, κάθε Κυριακή",
    ),
    (
        ["1/8h", "1/8 hours", "1 / 8 h", "1/8ω", "1/8 ώρες", "1/8ωρ"],
        Fraction(1),
        EveryHours(hours=8),
        "1 tablet every 8 hours",
        "1 δισκίο κάθε 8 ώρες",
    ),
    (
        ["1 1/2/h", "1½/1h", "1,5/ώρα"],
        Fraction(3, 2),
        EveryHours(hours=1),
        "1½ tablets every hour",
        "1½ δισκία κάθε ώρα",
    ),
    (
        ["1/2d", "1/2 days", "1/2ημ", "1/2 ημέρες", "1/2 μέρες", "1x1/2d"],
        Fraction(1),
        EveryDays(days=2),
        "1 tablet every 2 days",
        "1 δισκίο κάθε 2 ημέρες",
    ),
    (
        ["1/2/2d", "½/2d", "0,5/2ημ"],
        HALF,
        EveryDays(days=2),
        "½ tablet every 2 days",
        "½ δισκίο κάθε 2 ημέρες",
    ),
    (
        ["2/εβδ", "2/week", "2/1w", "2/7d", "2/εβδομάδα"],
        Fraction(2),
        EveryDays(days=7),
        "2 tablets every 7 days",
        "2 δισκία κάθε 7 ημέρες",
    ),
    (
        ["1x3/2d", "1 χ 3 / 2 ημ"],
        Fraction(1),
        EveryDays(days=2, times=3),
        "1 tablet 3 times a day, every 2 days",
        "1 δισκίο 3 φορές την ημέρα, κάθε 2 ημέρες",
    ),
]

# Unreadable, readable in two ways, or nothing that a plan can hold.
UNREAD = """
|x2|2|1|1 x|1x0|0x2|1x25|1001x1|1x|1xx2|x|-1x2|1x-2|1x2.5|1x1/2|1 2x3|1 3/2x1|1//8h|1/0h|1/169h|1/367d|1/53w
|1 1/2d|1 1/2h|1/8|1/8η|1/8Η|1/2μ|1/2δ|1/μήνα|1/month|1/8hd|1x2/8h|1 πβ|1 πμ|1 μμ|1 δευ-παρ|1 mon-fri|1 δευ δευ
|1 π π|1 π 8:00|1 δευ π|1 τ|1 25:00|1 8:60|1 800|1x2 daily|δύο|ένα το πρωί|1x2 π β νωρίς|as needed|1x2;|1x2 1x3
|1x١|²x1|1x²|1 am 1 pm|1x2 am|1 8|π 1
""".replace("\n", "").split("|")


@pytest.mark.parametrize(
    ("text", "per_intake", "schedule"),
    [(text, per_intake, schedule) for texts, per_intake, schedule, *_ in READ for text in texts],
)
def test_a_code_is_read_however_it_is_typed(text: str, per_intake: Fraction, schedule: Schedule) -> None:
    assert read_short_code(text) == (per_intake, schedule)


@pytest.mark.parametrize("text", [*UNREAD, "1" * 61, "1 " + "π " * 40, "9" * 50 + "x1"])
def test_what_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(NotAShortCodeError):
        read_short_code(text)


@pytest.mark.parametrize("text", ["1x2 π", "1x1 π β", "1x3 am pm", "1x1 8:00 12:00 20:00"])
def test_times_of_the_day_that_are_not_as_many_as_was_said_contradict(text: str) -> None:
    with pytest.raises(ContradictionError):
        read_short_code(text)


@pytest.mark.parametrize(("per_intake", "schedule", "english", "greek"), [row[1:] for row in READ])
def test_it_is_said_in_words(per_intake: Fraction, schedule: Schedule, english: str, greek: str) -> None:
    assert in_words(words_in("en"), per_intake, schedule, "tablet") == english
    assert in_words(words_in("el"), per_intake, schedule, "tablet") == greek


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_ways_of_taking_sound_alike(language: Language) -> None:
    said = [in_words(words_in(language), per_intake, schedule, "tablet") for _, per_intake, schedule, *_ in READ]
    assert len(set(said)) == len(READ)


@pytest.mark.parametrize(
    ("content", "unit", "english", "greek"),
    [
        (Fraction(5), "ml", "5 ml", "5 ml"),
        (Fraction(2), "dose", "2 doses", "2 δόσεις"),
        (Fraction(1, 4), "capsule", "¼ capsule", "¼ καψάκιο"),
        (Fraction(5, 8), "tablet", "5/8 tablet", "5/8 δισκίο"),
        (Fraction(21, 8), "tablet", "2 5/8 tablets", "2 5/8 δισκία"),
        (Fraction(3), "ζευγάρι", "3 ζευγάρι", "3 ζευγάρι"),
    ],
)
def test_an_amount_is_said_in_the_products_unit(content: Fraction, unit: str, english: str, greek: str) -> None:
    assert amount(words_in("en"), content, unit) == english
    assert amount(words_in("el"), content, unit) == greek


AMOUNTS = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000)
CLOCK = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
TIMES = st.integers(1, 24)
SCHEDULES: st.SearchStrategy[Schedule] = st.one_of(
    st.builds(TimesADay, times=TIMES),
    st.builds(EveryHours, hours=st.integers(1, 168)),
    st.builds(EveryDays, days=st.integers(2, 366), times=TIMES),
    st.builds(
        lambda days, times: OnWeekdays(weekdays=tuple(sorted(days)), times=times),
        st.sets(st.integers(1, 7), min_size=1),
        TIMES,
    ),
    st.builds(
        lambda times: AtTimes(times_of_day=tuple(sorted(times))),
        st.sets(st.sampled_from(["08:00", "14:00", "20:00", "22:00"]) | CLOCK, min_size=1, max_size=8),
    ),
)


@given(AMOUNTS, SCHEDULES, st.sampled_from(LANGUAGES))
def test_every_schedule_has_a_code_that_is_read_back_as_the_same(
    per_intake: Fraction, schedule: Schedule, language: Language
) -> None:
    code = write_short_code(per_intake, schedule, language)
    assert read_short_code(code) == (per_intake, schedule)


@given(st.text(max_size=70))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        taken = read_short_code(text)
    except NotAShortCodeError:
        return
    assert read_short_code(write_short_code(*taken, "el")) == taken
