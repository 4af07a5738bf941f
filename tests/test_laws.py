"""What holds of every file: layers, one call at the edge, tests beside their source, few exceptions from checks."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.db import tables

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("libs", "services") for path in ROOT.glob(f"{folder}/*/src/**/*.py"))
TESTS = sorted(
    path for folder in ("libs", "services") for path in ROOT.glob(f"{folder}/*/tests/**/test_*.py")
)
EDGES = sorted(
    path
    for pattern in ("api.py", "api/*.py", "reactions.py", "tasks.py")
    for path in ROOT.glob(f"services/*/src/*/{pattern}")
)
Function = ast.FunctionDef | ast.AsyncFunctionDef
EXCEPTION = re.compile(r"#\s*(type: ignore|noqa|pragma: no cover|nosec)")
MOST_EXCEPTIONS = 25
API = "/api/v1"
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match, ast.Raise)
SEVERAL_CALLS = {
    "interview.api.answer_question": "waits for the evaluation where `Prefer: wait` asks for it",
}
"""Functions at the edge that make more than one call, and why. The list may only get shorter."""


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).parts[3:]
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")


def _contracts() -> list[dict[str, object]]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, object]] = configuration["tool"]["importlinter"]["contracts"]
    return contracts


def _layered() -> set[str]:
    """Return the packages and modules that stand in an exhaustive contract of layers."""
    return {
        f"{container}.{name.strip()}"
        for contract in _contracts()
        if contract.get("exhaustive")
        for container in contract["containers"]  # type: ignore[attr-defined]
        for layer in contract["layers"]  # type: ignore[attr-defined]
        for name in re.split(r"[|:]", layer)
    }


def test_no_module_is_outside_the_import_contracts() -> None:
    modules = {_module(path) for path in SOURCES}
    assert len(modules) > 200
    layered = _layered()
    outside = {name for name in modules if "." in name and ".".join(name.split(".")[:2]) not in layered}
    assert outside == set()
    gone = {name for name in layered if name not in modules}
    assert gone == set(), "a contract names what is not there"


def _handlers(tree: ast.Module) -> Iterator[Function]:
    """Yield what a router is told of: routes, reactions, tasks and schedules."""
    for node in tree.body:
        if isinstance(node, Function) and any(
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and isinstance(decorator.func.value, ast.Name)
            for decorator in node.decorator_list
        ):
            yield node


def _calls(handler: Function) -> int:
    """Count what is awaited, and each branch, loop, block and inner function as one more."""
    nodes = [node for statement in handler.body for node in ast.walk(statement)]
    awaited = sum(isinstance(node, ast.Await) for node in nodes)
    return max(awaited, 1) + sum(isinstance(node, (*BRANCHES, Function)) for node in nodes)


def test_a_route_a_reaction_and_a_task_make_one_call() -> None:
    handlers = {
        f"{_module(path)}.{handler.name}": _calls(handler)
        for path in EDGES
        for handler in _handlers(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert len(handlers) > 40
    several = {name for name, calls in handlers.items() if calls > 1}
    assert several == set(SEVERAL_CALLS)


def test_what_the_edge_awaits_is_a_function_of_a_module_of_its_service() -> None:
    elsewhere = set()
    for path in EDGES:
        service, tree = _module(path).partition(".")[0], ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        nouns = {
            name.asname or name.name
            for node in imports
            if node.module and node.module.partition(".")[0] == service
            for name in node.names
        }
        for handler in _handlers(tree):
            awaited = [node.value for node in ast.walk(handler) if isinstance(node, ast.Await)]
            calls = [ast.unparse(call.func) for call in awaited if isinstance(call, ast.Call)]
            if len(calls) < len(awaited) or any(call.partition(".")[0] not in nouns for call in calls):
                elsewhere.add(f"{_module(path)}.{handler.name}")
    assert elsewhere <= set(SEVERAL_CALLS)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_test_stands_where_its_source_stands_and_begins_with_its_name(path: Path) -> None:
    member, _, folder = str(path.parent.relative_to(ROOT)).partition("/tests")
    source = ROOT / member / "src" / Path(member).name / folder.strip("/")
    name = path.stem.removeprefix("test_")
    sources = {file.stem.strip("_") for file in source.glob("*.py")} | {
        file.name for file in source.iterdir() if file.is_dir()
    }
    assert any(name == known or name.startswith(f"{known}_") for known in sources), sorted(sources)


def test_no_service_asks_the_shared_tables_by_itself() -> None:
    names = "|".join([*tables.METADATA.tables, *tables.QUEUE.tables])
    query = re.compile(rf"\b(FROM|INTO|JOIN|UPDATE|TABLE) ({names})\b|common\.db(\.| import .*\b)tables\b")
    assert query.search("SELECT 1 FROM task WHERE true")
    assert query.search("from common.db import engine, tables")
    assert len(names) > 50
    own = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.is_relative_to(ROOT / "services") and query.search(path.read_text(encoding="utf-8"))
    }
    assert own == set()


def test_where_the_apis_addresses_begin_stands_once() -> None:
    places = {
        _module(path)
        for path in SOURCES
        for line in path.read_text(encoding="utf-8").splitlines()
        if API in line and '"""' not in line and f"{API}/namespaces" not in line
    }
    # the load is sent by a Python that has nothing of ours
    assert places == {"common.paths", "devstack.paths", "devstack.kubernetes.load"}


def test_no_service_makes_a_response_of_an_error_by_itself() -> None:
    handlers = {_module(path) for path in SOURCES if "exception_handler(" in path.read_text(encoding="utf-8")}
    assert handlers == {"common.web.problems", "common.web.database_problems"}


def test_exceptions_from_the_checks_are_few() -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if EXCEPTION.search(line)
    ]
    assert len(lines) <= MOST_EXCEPTIONS, lines
