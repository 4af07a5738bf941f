"""Rubrics: what an answer is judged by. Immutable, versioned, and named by the hash of everything in them."""

import hashlib
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from interview.questions.question import Kind, Question
from interview.text import vocabulary

FULL_STEP = 3
POINT_ADVICE = "A point worth making: {point}."
POINT_PRAISE = "You made the point: {point}"


class Scale(StrEnum):
    """How finely a criterion is judged: met or not, or in steps from 0 to 3."""

    BINARY = "binary"
    FOUR_STEP = "four_step"


class CheckedBy(StrEnum):
    """Who may judge a criterion: by counting, by comparing texts, or by understanding."""

    CODE = "code"
    TEXT = "text"
    MODEL = "model"


class Criterion(BaseModel):
    """One thing that is judged on its own. A gate that is not met holds the whole answer at the floor."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    scale: Scale
    weight: int
    checked_by: CheckedBy
    gate: bool = False
    anchors: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    praise: str = ""
    advice: str = ""


class Rubric(BaseModel):
    """The criteria for one question: those of its kind, and one for each point a good answer makes."""

    model_config = ConfigDict(frozen=True)

    version: int
    kind: Kind
    competency: str
    criteria: tuple[Criterion, ...]

    @property
    def hash(self) -> str:
        """The rubric's name: two rubrics with the same hash are the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def criterion(self, criterion_id: str) -> Criterion | None:
        """Return the criterion of that id, or None."""
        return next((criterion for criterion in self.criteria if criterion.id == criterion_id), None)


@cache
def _data() -> dict[str, Any]:
    return vocabulary.load("rubrics.toml")


def for_question(question: Question) -> Rubric:
    """Return the rubric an answer to this question is judged by."""
    data = _data()
    names: list[str] = data[question.kind.value]["criteria"]
    criteria = [Criterion(id=name, **data["criteria"][name]) for name in names]
    points = [
        Criterion(
            id=f"point_{number}",
            name=point.point,
            scale=Scale.BINARY,
            weight=data["point_weight"],
            checked_by=CheckedBy.TEXT,
            anchors=("not said", "said"),
            phrases=point.any,
            praise=POINT_PRAISE.format(point=_lower_first(point.point)),
            advice=POINT_ADVICE.format(point=_lower_first(point.point)),
        )
        for number, point in enumerate(question.points, start=1)
    ]
    return Rubric(
        version=data["version"],
        kind=question.kind,
        competency=question.competency,
        criteria=(*criteria[:2], *points, *criteria[2:]),
    )


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:] if text[1:2].islower() else text
