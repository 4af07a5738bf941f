"""The words interviews are described in."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What sort of interview or question it is; `mixed` interviews draw on all."""

    BEHAVIOURAL = "behavioural"
    TECHNICAL = "technical"
    SYSTEM_DESIGN = "system_design"
    MIXED = "mixed"


class Level(StrEnum):
    """How experienced the candidate is expected to be."""

    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"


class Point(BaseModel):
    """Something a good answer says, and the ways of saying it."""

    model_config = ConfigDict(frozen=True)

    point: str
    any: tuple[str, ...]


class Question(BaseModel):
    """A question as it is judged: its words, what it is about, and what a good answer says."""

    model_config = ConfigDict(frozen=True)

    text: str
    kind: Kind
    level: Level
    competency: str
    topics: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
