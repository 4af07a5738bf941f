"""The one table of how long everything is kept says what the settings and the code say, and leaves no table out."""

import importlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

from auth.settings import Settings as AuthSettings
from common.provision import ProvisionSettings
from gateway.settings import Settings as GatewaySettings
from interview.settings import Settings as InterviewSettings
from resume.settings import Settings as ResumeSettings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| what", "| ---"))
]
SETTINGS = {
    name.upper(): field.default
    for kind in (AuthSettings, ResumeSettings, InterviewSettings, GatewaySettings, ProvisionSettings)
    for name, field in kind.model_fields.items()
}
UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "MiB": 1024 * 1024}
QUANTITY = re.compile(r"\b(\d+) (minute|hour|day|MiB)s?\b")
NAMED = [row for row in ROWS if re.fullmatch(r"`(?:[A-Z_]+|[\w.]+\.[A-Z_]+)`", row[3])]


def value_of(name: str) -> float:
    """Return a setting's default, or a constant of the code, in seconds or bytes."""
    if name in SETTINGS:
        return float(SETTINGS[name])
    module, _, constant = name.rpartition(".")
    value = getattr(importlib.import_module(module), constant)
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def test_most_of_the_table_is_held_to_the_code() -> None:
    assert all(len(row) == 4 for row in ROWS)
    assert len(NAMED) >= 12


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row[3])
def test_a_time_in_the_table_is_the_one_that_the_code_has(row: list[str]) -> None:
    quantity = QUANTITY.search(row[2])
    assert quantity is not None, row
    assert int(quantity[1]) * UNITS[quantity[2]] == value_of(row[3].strip("`"))


def test_every_setting_that_keeps_something_is_in_the_table() -> None:
    keeping = {name for name in SETTINGS if re.search(r"_KEEP$|_RETENTION$", name)}
    assert keeping >= {"OUTBOX_KEEP", "INBOX_KEEP", "TASK_KEEP", "KAFKA_RETENTION"}
    assert keeping - {row[3].strip("`") for row in ROWS} == set()


async def test_every_table_of_the_database_is_in_the_table(whole) -> None:
    rows = await whole.query(
        "SELECT DISTINCT table_name FROM information_schema.tables"
        " WHERE table_schema IN ('auth', 'resume', 'interview') AND table_type = 'BASE TABLE'"
    )
    named = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[0])}
    assert {row["table_name"] for row in rows} - named == set()
    assert len(rows) >= 18
