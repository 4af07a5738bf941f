"""Rubrics: what an answer is judged by. Immutable, versioned, and named by the hash of everything in them."""

import hashlib
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from interview.questions.question import GAP, Kind, Point, Question
from interview.text import vocabulary

FULL_STEP = 3
MET_STEP = 2
POINT = "point_"
POINT_ADVICE = "A point worth making: {point}."
POINT_PRAISE = "You made the point: {point}"


class Scale(StrEnum):
    """How finely a criterion is judged: met or not, or in steps from 0 to 3."""

    BINARY = "binary"
    FOUR_STEP = "four_step"


class CheckedBy(StrEnum):
    """Who may judge a criterion: code alone; the built-in coach or, where there is one, a model; a model alone."""

    CODE = "code"
    TEXT = "text"
    MODEL = "model"


class Criterion(BaseModel):
    """One thing that is judged on its own.

    A gate that is not met holds the whole answer at the floor. The main thing caps the score where it is wrong.
    `samples` are sentences that meet it, `mistakes` sentences that get it wrong, as people say them.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    scale: Scale
    weight: int
    checked_by: CheckedBy
    gate: bool = False
    main: bool = False
    anchors: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    praise: str = ""
    advice: str = ""

    def earned(self, level: int) -> Fraction:
        """Return how much of the weight a step earns; what is no step counts as the nearest one."""
        return Fraction(self.weight * max(0, min(FULL_STEP, level)), FULL_STEP)

    def is_met(self, level: int) -> bool:
        """Return whether a step meets the criterion: 2 and 3 on four steps, of a binary one only 3."""
        return level >= (MET_STEP if self.scale is Scale.FOUR_STEP else FULL_STEP)


class Rubric(BaseModel):
    """The criteria for one question: those of its kind, and one for each point a good answer makes."""

    model_config = ConfigDict(frozen=True)

    version: int
    kind: Kind
    competency: str
    anchor: str = ""
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
    sort = data[GAP if question.competency == GAP else question.kind.value]
    criteria = [_criterion(name, question) for name in sort["criteria"]]
    points = [
        _point(number, point, sort["point_weight"]) for number, point in enumerate(question.points, start=1)
    ]
    return Rubric(
        version=data["version"],
        kind=question.kind,
        competency=question.competency,
        anchor=question.guidance.anchor if question.guidance else "",
        criteria=(*criteria[:3], *points, *criteria[3:]),
    )


def _criterion(name: str, question: Question) -> Criterion:
    criterion = Criterion(id=name, **_data()["criteria"][name])
    guidance = question.guidance
    if not criterion.main or guidance is None:
        return criterion
    return criterion.model_copy(
        update={"name": guidance.main, "samples": guidance.main_samples, "mistakes": guidance.mistakes}
    )


def _point(number: int, point: Point, weight: int) -> Criterion:
    lowered = point.point[0].lower() + point.point[1:] if point.point[1:2].islower() else point.point
    return Criterion(
        id=f"{POINT}{number}",
        name=point.point,
        scale=Scale.BINARY,
        weight=weight,
        checked_by=CheckedBy.TEXT,
        anchors=("not said, or denied", "said"),
        phrases=point.any,
        samples=point.samples,
        praise=POINT_PRAISE.format(point=lowered),
        advice=POINT_ADVICE.format(point=lowered),
    )
