"""What the interview service's tests share: answers to try the judging on."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from interview import bank
from interview.kinds import Level, Question


@pytest.fixture(scope="session")
def samples() -> dict[str, Any]:
    """The answers of answers.toml."""
    return tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def questions() -> dict[str, Question]:
    """The bank as it is judged, by id."""
    return {
        one.id: Question(
            text=one.text,
            kind=one.kind,
            level=Level.MID,
            competency=one.competency,
            topics=one.topics,
            points=one.points,
        )
        for one in bank.questions()
    }
