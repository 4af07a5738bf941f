"""docs/logs.md lists every event that the code logs, with its severity, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("libs", "services") for path in ROOT.glob(f"{folder}/*/src/**/*.py"))
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (\S.*) \|$", re.MULTILINE)


def logged(source: str) -> Iterator[tuple[str, str]]:
    """Yield event and severity of each call of a logger."""
    for node in ast.walk(ast.parse(source)):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS
        ):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("log", "logger")):
            continue
        assert node.args, "an event has a name"
        event = node.args[0]
        assert isinstance(event, ast.Constant), (
            f"an event's name is written where it is logged: {ast.unparse(node)}"
        )
        yield str(event.value), node.func.attr


def documented() -> list[tuple[str, str, str]]:
    return ROW.findall((ROOT / "docs" / "logs.md").read_text(encoding="utf-8"))


def test_every_event_is_listed_with_its_severity_and_no_other() -> None:
    in_code = {event for path in SOURCES for event in logged(path.read_text(encoding="utf-8"))}
    assert len(in_code) > 40
    in_page = [(event, severity) for event, severity, _ in documented()]
    assert len(in_page) == len(set(in_page))
    assert in_code - set(in_page) == set(), "say in docs/logs.md what these mean"
    assert set(in_page) - in_code == set(), "nothing logs these any more"


def test_every_logger_is_called_log_so_that_no_event_is_overlooked() -> None:
    names = {
        target.id
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and "structlog.get_logger" in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert names == {"log"}


def test_an_event_whose_name_is_made_up_as_it_is_logged_is_refused() -> None:
    assert list(logged('log.info("begun", number=1)')) == [("begun", "info")]
    with pytest.raises(AssertionError, match="written where it is logged"):
        list(logged('log.error(f"failed {name}")'))
