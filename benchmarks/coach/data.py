"""The coach's data: questions with answers at four levels, each sentence labelled by what it does."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

SEEN = Path(__file__).parent / "seen"
TRAINING = Path(__file__).parent / "training"
UNSEEN = Path(__file__).parent / "unseen"
LINE = re.compile(r"(?P<parts>[STARLOPWX]+)(?P<evidence>[0-3])(?P<points>(?: [+-]\d)*) (?P<text>\S.*)")


class Grade(StrEnum):
    """How good an answer was written to be."""

    EXCELLENT = "excellent"
    DECENT = "decent"
    WEAK = "weak"
    FLUENT_WRONG = "fluent_wrong"


class Kind(StrEnum):
    """What a question asks for: something that happened, or how a thing is and why."""

    STORY = "story"
    EXPLANATION = "explanation"


class Form(StrEnum):
    """How a decent answer is said again with the same content."""

    PARAPHRASE = "paraphrase"
    PASSIVE = "passive"
    PRESENT = "present"


class Part(StrEnum):
    """What a sentence does in a story (S to L) or an explanation (P to X); `other` does nothing for either."""

    SITUATION = "S"
    TASK = "T"
    ACTION = "A"
    RESULT = "R"
    REFLECTION = "L"
    OTHER = "O"
    STATEMENT = "P"
    WHY = "W"
    EXPERIENCE = "X"


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
    """A question, what matters most in its answer (point 0), the bank's points (from 1), and four answers.

    `otherwise` has the decent answer said again, `negated` an answer that names the points to deny them.
    """

    id: str
    text: str
    kind: Kind
    competency: str
    trade: str
    main: str
    points: tuple[str, ...] = ()
    answers: dict[Grade, tuple[Sentence, ...]]
    otherwise: dict[Form, tuple[Sentence, ...]] = {}
    negated: tuple[Sentence, ...] = ()

    def answer(self, grade: Grade) -> str:
        """Return an answer as it is given."""
        return spoken(self.answers[grade])


class Injection(Frozen):
    """What somebody writes into an answer so that it gets a better score than it earns."""

    sort: str
    text: str


def spoken(sentences: Iterable[Sentence]) -> str:
    """Return sentences as one text."""
    return " ".join(sentence.text for sentence in sentences)


@cache
def seen() -> tuple[Question, ...]:
    """Return the questions that engines may be tuned on."""
    return _questions(SEEN)


@cache
def training() -> tuple[Question, ...]:
    """Return further questions that engines may be trained on; nothing is measured on them."""
    return _questions(TRAINING)


@cache
def unseen() -> tuple[Question, ...]:
    """Return the questions that engines are only measured on."""
    return _questions(UNSEEN)


@cache
def sentences(half: Path = SEEN) -> tuple[Sentence, ...]:
    """Return the labelled sentences that belong to no answer."""
    return tuple(
        _sentence(parts + line)
        for path in sorted(half.glob("sentences*.yaml"))
        for parts, lines in _content(path).items()
        for line in lines
    )


@cache
def injections(half: Path = SEEN) -> tuple[Injection, ...]:
    """Return what is written into answers to raise a score."""
    return tuple(Injection.model_validate(item) for item in _content(half / "injections.yaml"))


@cache
def harmless() -> tuple[str, ...]:
    """Return honest sentences that a careless filter would take for injections."""
    return tuple(_content(TRAINING / "harmless.yaml"))


def _content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _questions(half: Path) -> tuple[Question, ...]:
    return tuple(_question(path) for path in sorted((half / "questions").glob("*.yaml")))


def _question(path: Path) -> Question:
    content = _content(path)
    labelled = {
        "answers": {grade: _answer(text) for grade, text in content["answers"].items()},
        "otherwise": {form: _answer(text) for form, text in content.get("otherwise", {}).items()},
        "negated": _answer(content.get("negated", "")),
    }
    return Question.model_validate(content | labelled | {"id": path.stem})


def _answer(text: str) -> tuple[Sentence, ...]:
    return tuple(_sentence(line) for line in text.splitlines())


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
