"""What people read: every text has its Greek, and each language says days, numbers and amounts as people do."""

import ast
import re
import time
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

from deploy import translations
from services.donations.scanning import deciding
from services.stock.errors import FactsWrong, LotNotFound
from shared import language
from shared.codes import Possible, sentences
from shared.codes.reading import MOST_READINGS, asked
from shared.errors import DosisError, NotAllowed
from shared.identity import Access, require
from shared.ids import new_id
from shared.language import LOCALE, messages, words_in
from shared.migrate import MigrationChanged
from shared.roles import Act
from tests.shared.unmarked import unmarked

ROOT = translations.ROOT
GREEK, ENGLISH = words_in("el"), words_in("en")
TEMPLATES = [ROOT / "shared" / "templates", *sorted(ROOT.glob("services/*/templates"))]


def both(text: object) -> tuple[str, ...]:
    """A text's one form, or its two."""
    return (text,) if isinstance(text, str) else tuple(str(form) for form in text)  # pyright: ignore[reportGeneralTypeIssues]


def test_the_catalogues_are_what_the_code_makes_them() -> None:
    standing = {path.stem: path.read_bytes() for path in (LOCALE / "el").iterdir()}
    assert translations.catalogues() == standing, "Run `make translations`, and write the Greek of what is new."


def test_every_text_has_a_greek_translation() -> None:
    texts = {message.id: message for message in messages("el")}
    assert len(texts) > 400
    lacking = [text for text, message in texts.items() if message.fuzzy or not all(both(message.string))]
    assert not lacking


def test_nothing_obsolete_stands_in_the_catalogues() -> None:
    for path in (LOCALE / "el").iterdir():
        with path.open("rb") as file:
            assert not read_po(file, "el").obsolete


def places_in(text: str) -> set[str]:
    named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return named | set(re.findall(r"%\((\w+)\)", text))


def test_a_translation_has_the_same_places_for_values() -> None:
    for message in messages("el"):
        wanted = set[str]().union(*(places_in(text) for text in both(message.id)))
        for text in both(message.string):
            assert places_in(text) == wanted, message.id


def test_the_text_of_every_error_is_translated() -> None:
    classes = translations.error_classes()
    assert {DosisError, LotNotFound, NotAllowed} < set(classes)
    assert MigrationChanged not in classes, "only an operator meets it"
    for cls in classes:
        error = cls()
        assert GREEK.title(error) != error.title, cls
        assert GREEK.said(error) != error.said, cls


def test_a_detail_is_a_literal_that_names_just_facts_that_it_is_given() -> None:
    calls = [
        call
        for folder in ("shared", "services", "deploy")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for call in translations.details_given(path)
    ]
    assert len(calls) > 20
    for call in calls:
        detail = call.args[0]
        assert isinstance(detail, ast.Constant), f"{ast.unparse(call)}: an f-string has no translation."
        assert places_in(str(detail.value)) <= {keyword.arg for keyword in call.keywords}, ast.unparse(call)


def test_what_is_asked_of_a_scan_is_translated() -> None:
    for module in (sentences, deciding):
        questions = [text for name, text in vars(module).items() if name.isupper() and isinstance(text, str)]
        assert len(questions) > 5
        for text in (*questions, *sentences.SENTENCES.values()):
            assert GREEK.gettext(text) != text


def test_a_question_is_said_in_whole_sentences() -> None:
    readings = [Possible(gtin=f"{n:014}") for n in range(MOST_READINGS + 1)]
    few, many = asked(sentences.SPACES, readings[:2]), asked(sentences.SPACES, readings)
    assert few.sentences == (few.question,) == (sentences.SPACES,)
    assert many.sentences == (sentences.SPACES, sentences.MORE)
    assert asked(many.question, readings).question == many.question == f"{sentences.SPACES} {sentences.MORE}"


def test_texts_are_found_in_templates_and_python(tmp_path: Path) -> None:
    page, code = tmp_path / "services" / "stock" / "templates" / "a.html", tmp_path / "shared" / "b.py"
    page.parent.mkdir(parents=True)
    code.parent.mkdir()
    page.write_text(
        "{{ _('Called') }}{% trans %}\n  In\n  a block\n{% endtrans %}"
        "{% trans n=n %}One{% pluralize %}{{ n }} of 100 %{% endtrans %}"
    )
    code.write_text(
        'N_("Marked " "in two") + words.say("Said {x}", x=1) + words.ngettext("a", "b", n) + f(_("Called"))'
    )
    found = translations.texts(tmp_path)
    assert {"Called", "In a block", ("One", "%(n)s of 100 %%"), "Marked in two", "Said {x}", ("a", "b")} <= set(found)
    assert translations.part_of(found["In a block"]) == "stock"
    assert translations.part_of(found["Called"]) == "shared"


def test_no_template_says_what_is_not_marked() -> None:
    assert [text for folder in TEMPLATES for text in unmarked(folder)] == []


MARKED = """
<p title="{{ _('Title') }}" class="Big">{{ _("Shown") }} {% trans %}Block <b>bold</b>{% endtrans %} 12 — Dosis</p>
<code>dosis up</code>{{ button({"text": _("Save"), "classes": "nhsuk-button small"}) }}{# A comment #}
<script>let Text = "Words";</script>
"""


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Words</p>",
        "<p>{{ n }} λόγια</p>",
        '<img alt="Words">',
        '<a aria-label="{{ n }} words">{{ n }}</a>',
        '<input placeholder="words">',
        '<b title="words"></b>',
        '{{ button({"text": "Words here"}) }}',
        '{% set title = "Words" %}',
        "<code>{{ n }}</code> words",
    ],
)
def test_an_unmarked_text_is_noticed(tmp_path: Path, planted: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(MARKED)
    assert unmarked(tmp_path) == []
    page.write_text(MARKED + planted)
    assert len(unmarked(tmp_path)) == 1


def test_templates_speak_a_language() -> None:
    environment = Environment(autoescape=True)
    GREEK.speak_in(environment)
    page = environment.from_string("{% trans %}\n  Say\n  why\n{% endtrans %}: {{ _('Missing') }} {{ x }}")
    assert page.render(x="<b>") == "Πείτε τον λόγο: Λείπει &lt;b&gt;"


def test_an_error_says_its_facts_in_the_reader_s_language() -> None:
    access, clinic_id = Access(person_id=new_id(), session_id=new_id(), places={}), new_id()
    with pytest.raises(NotAllowed) as refused:
        require(access, Act.GIVE, clinic_id)
    roles = "clinic pharmacist, counter volunteer"
    assert refused.value.said == f"This needs a delegation in force today at this clinic, as: {roles}."
    assert ENGLISH.said(refused.value) == refused.value.said
    assert GREEK.said(refused.value).endswith("ως: φαρμακοποιός του ιατρείου, εθελοντής στον πάγκο.")
    assert GREEK.title(refused.value) == "Η ανάθεσή σας δεν το επιτρέπει εδώ"


def test_a_fact_is_filled_in_as_it_is() -> None:
    odd = FactsWrong("The row is of the pack {code}: leave the code out, or give that one.", code="{x}%s")
    for said in (odd.said, GREEK.said(odd)):
        assert "{x}%s" in said


def test_what_is_counted_has_its_plural() -> None:
    assert [GREEK.units(n, "tablet") for n in (0, 1, 2, 1200)] == ["0 δισκία", "1 δισκίο", "2 δισκία", "1.200 δισκία"]
    assert [ENGLISH.units(n, "tablet") for n in (1, 2, 1200)] == ["1 tablet", "2 tablets", "1,200 tablets"]
    assert GREEK.units(2, "σετ {1}") == "2 σετ {1}"


@pytest.mark.parametrize(
    ("units", "per_pack", "greek", "english"),
    [
        (74, 30, "2 συσκευασίες των 30 και 14 δισκία", "2 packs of 30 and 14 tablets"),
        (31, 30, "1 συσκευασία των 30 και 1 δισκίο", "1 pack of 30 and 1 tablet"),
        (60, 30, "2 συσκευασίες των 30", "2 packs of 30"),
        (29, 30, "29 δισκία", "29 tablets"),
        (0, 30, "0 δισκία", "0 tablets"),
        (3, 1, "3 δισκία", "3 tablets"),
    ],
)
def test_an_amount_is_said_in_whole_packs_and_units(units: int, per_pack: int, greek: str, english: str) -> None:
    assert GREEK.packs(units, per_pack, "tablet") == greek
    assert ENGLISH.packs(units, per_pack, "tablet") == english


def test_days_and_times_are_said_as_people_write_them() -> None:
    day, noon = date(2027, 6, 30), datetime(2027, 6, 30, 12, 5, tzinfo=UTC)
    assert (GREEK.day(day), ENGLISH.day(day)) == ("30 Ιουν 2027", "30 Jun 2027")
    assert GREEK.day(date(2027, 5, 1)) == "1 Μαΐ 2027"
    assert (GREEK.weekday(3), ENGLISH.weekday(day.isoweekday())) == ("Τετάρτη", "Wednesday")
    for words in (GREEK, ENGLISH):
        assert words.month(day) == "06/2027"
        assert words.time(noon, ZoneInfo("Europe/Athens")) == "15:05"
        assert words.say("{day}", day=day) == words.day(day)


def test_the_catalogues_are_read_in_no_time() -> None:
    words_in.cache_clear()
    began = time.process_time()
    read = words_in(language.DEFAULT)
    assert time.process_time() - began < 0.3
    assert words_in(language.DEFAULT) is read
