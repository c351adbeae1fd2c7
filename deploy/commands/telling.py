"""How a command says that it can't: one plain sentence on stderr, and never a traceback for a person's mistake."""

import contextlib
import sys
from collections.abc import Generator
from typing import Any, NoReturn

import asyncpg
import rich_click as click

from deploy.cell import SERVICES
from deploy.embedded import DidNotStart
from services.stock.catalogue import CatalogueFileUnreadable
from shared.database import fact_of
from shared.errors import DosisError

CONSTRAINTS = {name: fact for service in SERVICES.values() for name, fact in service.constraints.items()}
NOT_SET_UP = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
)


class PlainGroup(click.RichGroup):
    """A group whose commands end in a sentence: exit code 1, or 2 when it was typed wrong."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        try:
            with plainly():
                code = super().main(*args, standalone_mode=False, **extra)
        except click.Abort:
            _end("Stopped before the end.", 1)
        except click.UsageError as problem:
            command = problem.ctx.command_path if problem.ctx else "dosis"
            _end(f"{_full_stop(problem.format_message())} See `{command} --help`.", problem.exit_code)
        except click.ClickException as problem:
            _end(problem.format_message(), problem.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


@contextlib.contextmanager
def plainly() -> Generator[None, None, None]:
    """What a person can mend becomes a sentence; only a programmer's mistake stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except Exception as problem:
        sentence = sentence_of(problem)
        if sentence is None:
            raise
        raise click.ClickException(sentence) from problem


def sentence_of(problem: Exception) -> str | None:
    fact = problem if isinstance(problem, DosisError) else fact_of(problem, CONSTRAINTS)
    if isinstance(problem, CatalogueFileUnreadable | DidNotStart) or (
        isinstance(problem, TimeoutError) and problem.args
    ):
        return str(problem)
    if fact is not None:
        return f"{fact.title}. {fact.said}"
    if isinstance(problem, NOT_SET_UP):
        return "The cell's databases are not set up, or not for this version of Dosis. `dosis up` does it."
    if isinstance(problem, asyncpg.InsufficientResourcesError):
        return f"The database has no room left: {problem}."
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename or 'A file'} can't be used: {problem.strerror}."
    return None


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _end(sentence: str, code: int) -> NoReturn:
    """Whatever was typed or logged, it is told in one line without control characters."""
    line = " ".join(sentence.split())
    sys.stderr.write("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line) + "\n")
    sys.exit(code)
