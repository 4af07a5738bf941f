"""What makes an answer right to a question that was made from a résumé, or from what it lacks."""

from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict

from interview.questions.question import Guidance, Level, Point
from interview.text import vocabulary


class Sort(StrEnum):
    """What a question was made from, and how it asks about it."""

    FIGURE = "figure"
    LEADING = "leading"
    PLAIN = "plain"
    DESIGN_CLAIM = "design_claim"
    SKILL = "skill"
    SKILL_LEARNT = "skill_learnt"
    SKILL_DESIGN = "skill_design"
    POSITION = "position"
    GAP = "gap"


class _Template(BaseModel):
    model_config = ConfigDict(frozen=True)

    main: str
    main_samples: tuple[str, ...]
    mistakes: tuple[str, ...]
    anchors: dict[Level, str]
    points: tuple[Point, ...] = ()


def guidance(sort: Sort, level: Level, subject: dict[str, str]) -> Guidance:
    """Return what makes an answer right at a level; `subject` says what it is about, by name."""
    template = _templates()[sort]
    return Guidance(
        main=template.main.format(**subject),
        main_samples=_filled(template.main_samples, subject),
        mistakes=_filled(template.mistakes, subject),
        anchor=template.anchors[level].format(**subject),
    )


def points(sort: Sort, subject: dict[str, str]) -> tuple[Point, ...]:
    """Return what a good answer says, in sentences about the subject."""
    return tuple(
        point.model_copy(update={"samples": _filled(point.samples, subject)})
        for point in _templates()[sort].points
    )


def _filled(texts: tuple[str, ...], subject: dict[str, str]) -> tuple[str, ...]:
    return tuple(text.format(**subject) for text in texts)


@cache
def _templates() -> dict[Sort, _Template]:
    return {
        Sort(sort): _Template.model_validate(template)
        for sort, template in vocabulary.load("made_questions.toml").items()
    }
