"""The coach's data: questions with answers at four levels, each sentence labelled by what it does."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

SEEN = Path(__file__).parent / "seen" / "questions"
LINE = re.compile(r"(?P<parts>[STARLO]+)(?P<evidence>[0-3])(?P<points>(?: [+-]\d)*) (?P<text>\S.*)")


class Grade(StrEnum):
    """How good an answer was written to be."""

    EXCELLENT = "excellent"
    DECENT = "decent"
    WEAK = "weak"
    FLUENT_WRONG = "fluent_wrong"


class Part(StrEnum):
    """What a sentence does in a story; `other` does nothing for it."""

    SITUATION = "S"
    TASK = "T"
    ACTION = "A"
    RESULT = "R"
    REFLECTION = "L"
    OTHER = "O"


class Frozen(BaseModel):
    """Data that never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sentence(Frozen):
    """One sentence as it is said; `evidence` is 0 (empty) to 3 (a checkable fact), point 0 is the main thing."""

    text: str
    parts: frozenset[Part]
    evidence: int
    made: frozenset[int]
    contradicted: frozenset[int]


class Question(Frozen):
    """A question, what matters most in its answer, and four answers."""

    id: str
    text: str
    kind: str
    competency: str
    trade: str
    main: str
    answers: dict[Grade, tuple[Sentence, ...]]

    def answer(self, grade: Grade) -> str:
        """Return an answer as it is given."""
        return " ".join(sentence.text for sentence in self.answers[grade])


@cache
def seen() -> tuple[Question, ...]:
    """Return the questions that engines may be tuned on."""
    return tuple(_question(path) for path in sorted(SEEN.glob("*.yaml")))


def _question(path: Path) -> Question:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    answers = {
        grade: tuple(_sentence(line) for line in text.splitlines())
        for grade, text in content["answers"].items()
    }
    return Question.model_validate(content | {"id": path.stem, "answers": answers})


def _sentence(line: str) -> Sentence:
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a labelled sentence: {line}")
    points = match["points"].split()
    return Sentence(
        text=match["text"],
        parts=frozenset(map(Part, match["parts"])),
        evidence=int(match["evidence"]),
        made=frozenset(int(point) for point in points if point.startswith("+")),
        contradicted=frozenset(-int(point) for point in points if point.startswith("-")),
    )
