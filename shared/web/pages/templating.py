"""Jinja's environment, one for each language, over the templates of all services that are there."""

import functools
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from shared.language import Words, words_in
from shared.web.assets import asset, inlined

ROOT = Path(__file__).parent.parent.parent.parent
FOLDERS = (ROOT / "shared" / "templates", *sorted(ROOT.glob("services/*/templates")))


@functools.cache
def environment(language: str) -> Environment:
    """Templates of a service stand in a folder of its name, so that no two have one name."""
    words = words_in(language)
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(FOLDERS), PackageLoader("nhsuk_frontend_jinja", "templates")]),
        extensions=["jinja2.ext.do"],
        undefined=ChainableUndefined,  # nhsuk-frontend's macros ask for parameters of parameters that nobody gave
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    _give(made, words)
    return made


def _give(made: Any, words: Words) -> None:
    """What every template may use; what extensions add to an environment, its types don't know."""
    words.speak_in(made)
    made.globals.update({"words": words, "asset": asset, "inlined": inlined})
    made.filters["said"] = words.gettext  # of a text that stands in a table of words


def rendered(template: str, language: str, context: dict[str, Any]) -> str:
    return environment(language).get_template(template).render(context)
