"""`make translations`: brings shared/locale/el/*.po into line with the texts of the code, and keeps what is translated.

A text that one part alone has stands in that part's file; what shared/ or several have, in shared.po. What only an
operator meets is left out and stays English: all that deploy says, what is wrong with a catalogue's file, and errors
outside the HTTP families of shared/errors.py.
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

import services
import shared
from shared.errors import DosisError
from shared.language import LOCALE, messages

ROOT = Path(__file__).parent.parent
PARTS = ("shared", "donations", "stock", "dispense")
KEYWORDS = {"N_": None, "_": None, "gettext": None, "say": None, "ngettext": (1, 2)}
TEMPLATE_OPTIONS = {
    "newstyle_gettext": "true",
    "trimmed": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do",
}
HEADER = r"""msgid ""
msgstr ""
"Language: el\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""

Text = str | tuple[str, ...]
"""A text to translate; two for one that counts."""


def texts(root: Path = ROOT) -> dict[Text, set[str]]:
    """Every text that a user sees, with the files that have it."""
    found: dict[Text, set[str]] = {}
    for each in (_marked(root), _in_templates(root), _of_errors(), _given_when_raised(root), _in_tables()):
        for text, path in each:
            found.setdefault(text, set()).add(path.as_posix())
    return found


def catalogues(root: Path = ROOT) -> dict[str, bytes]:
    """What each part's file should hold: its texts in their order, with the translations there are."""
    translated = {message.id: message.string for message in messages("el")}
    parts = {part: Catalog("el") for part in PARTS}
    for text, files in texts(root).items():
        places = [(name, 0) for name in sorted(files)]
        parts[part_of(files)].add(text, translated.get(text, ""), locations=places)
    return {part: _written(catalogue) for part, catalogue in parts.items()}


def part_of(files: set[str]) -> str:
    parts = {name.split("/")[1] if name.startswith("services/") else "shared" for name in files}
    return parts.pop() if len(parts) == 1 else "shared"


def error_classes() -> list[type[DosisError]]:
    """The errors that a user can meet."""
    _modules()  # An error is known once its module is imported.
    found: list[type[DosisError]] = [DosisError]
    for cls in found:
        found += [one for one in cls.__subclasses__() if one not in found]
    ours = [cls for cls in found if cls.__module__.startswith(("shared.", "services."))]
    return [cls for cls in ours if cls is DosisError or cls.status != DosisError.status]


def _marked(root: Path) -> Iterator[tuple[Text, Path]]:
    for path in _sources(root):
        for _, text, _, _ in extract_from_file("python", path, KEYWORDS):
            yield text, path.relative_to(root)


def _in_templates(root: Path) -> Iterator[tuple[Text, Path]]:
    for folder in (root / "shared" / "templates", *sorted(root.glob("services/*/templates"))):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            for _, text, _, _ in extract_from_file("jinja2", path, KEYWORDS, options=TEMPLATE_OPTIONS):
                yield text, path.relative_to(root)


def _of_errors() -> Iterator[tuple[Text, Path]]:
    for cls in error_classes():
        for name in ("title", "detail"):
            if name in vars(cls):
                yield vars(cls)[name], _path_of(sys.modules[cls.__module__])


def _given_when_raised(root: Path) -> Iterator[tuple[Text, Path]]:
    for path in _sources(root):
        for call in details_given(path):
            if isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value), path.relative_to(root)


def details_given(path: Path) -> Iterator[ast.Call]:
    """Where an error is made with a detail of its own."""
    names = {cls.__name__ for cls in error_classes()}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).rpartition(".")[2] in names:
            yield node


def _written(catalogue: Catalog) -> bytes:
    """Without dates, tools and line numbers: it changes only where a text does."""
    body = BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, sort_output=True, include_lineno=False)
    return HEADER.encode() + body.getvalue()


def _in_tables() -> Iterator[tuple[Text, Path]]:
    for module in _modules():
        if module.__name__.endswith(".words"):
            for name, table in vars(module).items():
                if name.isupper() and isinstance(table, Mapping):
                    yield from ((text, _path_of(module)) for text in table.values())


@cache
def _modules() -> list[ModuleType]:
    names = [
        found.name
        for package in (shared, services)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [importlib.import_module(name) for name in names if not name.endswith(".__main__")]


def _path_of(module: ModuleType) -> Path:
    assert module.__file__ is not None
    return Path(module.__file__).relative_to(ROOT)


def _sources(root: Path) -> list[Path]:
    return sorted([*(root / "shared").rglob("*.py"), *(root / "services").rglob("*.py")])


def main() -> None:
    for part, content in catalogues().items():
        (LOCALE / "el" / f"{part}.po").write_bytes(content)
    waiting = [message.id for message in messages("el") if not message.string or not all(message.string)]
    print(*waiting, f"{len(waiting)} texts have no Greek yet.", sep="\n")


if __name__ == "__main__":
    main()
