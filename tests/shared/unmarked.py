"""What a template says without marking it for translation: between tags, in attributes, and in its expressions."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

from shared.language import words_in

PROPER_NAMES = re.compile(r"\b(Dosis|GTIN|English|Ελληνικά)\b")
LETTER = re.compile(r"[^\W\d_]")
SHOWN_ATTRIBUTES = frozenset({"title", "alt", "placeholder", "aria-label", "aria-description", "label"})
NOT_WORDS = frozenset({"code", "kbd", "script", "style"})
LIKE_A_TEXT = re.compile(r"[A-ZΑ-Ω][a-zα-ω]")
"""How a text in an expression begins; a class, an address or a key begins otherwise."""
TRANSLATING = frozenset({"_", "gettext", "ngettext"})


def unmarked(folder: Path) -> list[str]:
    """Each text that stands unmarked in a folder of templates, with its file."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.do"])
    words_in("el").speak_in(environment)
    found: list[str] = []
    for path in sorted(path for path in folder.rglob("*.html")):
        tree = environment.parse(path.read_text())
        texts = [*_Shown("".join(part.data for part in tree.find_all(nodes.TemplateData))).texts, *_constants(tree)]
        found += [f"{path.name}: {text}" for text in texts if LETTER.search(PROPER_NAMES.sub("", text))]
    return found


class _Shown(HTMLParser):
    """What of a page's HTML a person sees or hears."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in NOT_WORDS
        self.texts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag in NOT_WORDS

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.texts.append(data.strip())


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATING:
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and LIKE_A_TEXT.match(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)
