"""The walls inside the code that no linter knows: read from the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.events import BY_TAG, UPCASTS

ROOT = Path(__file__).parent.parent
OURS = ("services", "shared", "deploy")
LONGEST_FUNCTION_LINES = 70


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def called(node: ast.AST) -> str:
    """The dotted name of what is called: `tx.sql.execute`, `date.today`; empty for anything else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


# Actions open transactions; so does signing in, which is an action of the registry, and what underlies them all.
ACTIONS = ("actions.py", "actions/*.py", "registry/sign_in.py")
BELOW_THE_ACTIONS = {
    "shared/database.py": "it is where they are made",
    "shared/gtins.py": "the projection of bindings, the same action in two services",
    "shared/inbox.py": "an event's effect and its mark",
    "shared/known.py": "the projection, the same action in two services",
    "shared/migrate.py": "migrations",
    "shared/outbox.py": "the relay's marks",
}


def opens_transactions(path: Path) -> bool:
    return any(called(node).endswith(".transaction") for node in nodes(path))


def test_only_actions_open_transactions() -> None:
    opening = {shown(path) for path in sources("services") if opens_transactions(path)}
    strangers = {name for name in opening if not any(Path(name).match(pattern) for pattern in ACTIONS)}
    assert not strangers, f"{sorted(strangers)}: a page, an operation or a store calls an action instead."
    assert len(opening) > 5
    assert {shown(path) for path in sources("shared") if opens_transactions(path)} == set(BELOW_THE_ACTIONS)


def test_only_actions_and_the_event_hand_events_to_the_outbox() -> None:
    emitting = {shown(path) for path in sources("services") if any(called(n).endswith(".emit") for n in nodes(path))}
    assert {name for name in emitting if not any(Path(name).match(pattern) for pattern in ACTIONS)} == set()
    assert emitting


def test_units_move_only_where_what_others_were_told_is_kept_true() -> None:
    door = ("lots.post", "store.post")
    posting = {shown(path) for path in sources("services") if any(called(node) in door for node in nodes(path))}
    assert posting == {"services/stock/actions/moving.py"}, "call move_units: else others hear of units that are gone."


# What a rule may import: arithmetic, text and plain values; other rules; and the plain values that all share.
PURE = {
    "bisect",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "itertools",
    "math",
    "msgspec",
    "re",
    "secrets",  # a card code is drawn, not decided
    "stdnum",
    "typing",
    "unicodedata",
    "uuid",
}
# Reads its tables when it is imported, once; from then on it is plain values.
TABLES = {"shared.moieties"}
PURE_SHARED = {"shared.catalogue", "shared.days", "shared.exact", "shared.policies", "shared.roles"}
CLOCKS = ("now", "utcnow", "today", "time", "monotonic", "perf_counter")


def is_rule(path: Path) -> bool:
    return path.name == "rules.py" or "rules" in path.parent.parts


RULES = [shown(path) for path in sources("services") if is_rule(path)]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            assert node.module is not None
            found.add(node.module)
    return found


def is_pure(module: str) -> bool:
    return (
        module.partition(".")[0] in PURE
        or module in PURE_SHARED | TABLES
        or (module.startswith("services.") and "rules" in module.split("."))
    )


def test_there_are_rules_in_every_service() -> None:
    assert {Path(name).parts[1] for name in RULES} == {"stock", "donations", "dispense"}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_imports_nothing_that_reads_or_writes(name: str) -> None:
    strangers = {module for module in imported(ROOT / name) if not is_pure(module)}
    assert not strangers, f"{name} imports {sorted(strangers)}: an action fetches, the rule decides over plain values."


@pytest.mark.parametrize("name", [*RULES, *(f"{module.replace('.', '/')}.py" for module in sorted(PURE_SHARED))])
def test_a_rule_is_told_what_day_it_is_and_opens_no_file(name: str) -> None:
    calls = {called(node) for node in nodes(ROOT / name)}
    clocks = {call for call in calls if "." in call and call.rpartition(".")[2] in CLOCKS}
    assert not clocks, f"{name} calls {sorted(clocks)}: `today` is an argument."
    assert not calls & {"open", "input", "print", "exec", "eval", "__import__", "new_id", "uuid4"}
    assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in nodes(ROOT / name))


def test_the_plain_values_that_rules_share_import_no_more_than_rules_do() -> None:
    for module in PURE_SHARED:
        path = ROOT / f"{module.replace('.', '/')}.py"
        assert {one for one in imported(path) if not is_pure(one)} == set(), module


@pytest.mark.parametrize("tag", sorted(BY_TAG.keys() | UPCASTS.keys()))
def test_every_event_version_has_a_contract_sample(tag: str) -> None:
    assert (ROOT / "tests" / "contracts" / f"{tag}.json").is_file()
    service, name, version = tag.split(".")
    assert service in {"stock", "donations", "dispense"}
    assert name == name.lower()
    assert version.removeprefix("v").isdigit()


def test_no_function_is_longer_than_a_person_keeps_in_mind() -> None:
    lengths = {
        f"{shown(path)}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*OURS)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 100
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION_LINES} == {}
