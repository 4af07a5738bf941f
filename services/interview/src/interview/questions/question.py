"""The words interviews are described in."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

GAP = "gap"  # the competency of a question about what the job asks for and the résumé lacks


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
    """Something a good answer says: short phrases that stand for it, and sentences as people say it."""

    model_config = ConfigDict(frozen=True)

    point: str
    any: tuple[str, ...]
    samples: tuple[str, ...] = ()


class SampleAnswers(BaseModel):
    """Answers of our own at two levels, as people would say them."""

    model_config = ConfigDict(frozen=True)

    decent: str
    excellent: str


class Guidance(BaseModel):
    """What makes an answer right: its main thing, sentences that do it, and sentences that get it wrong.

    `anchor` says what a strong answer has at the level the question was asked for.
    """

    model_config = ConfigDict(frozen=True)

    main: str
    main_samples: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    anchor: str = ""
    answers: SampleAnswers | None = None


class Question(BaseModel):
    """A question as it is judged: its words, what it is about, and what a good answer says."""

    model_config = ConfigDict(frozen=True)

    text: str
    kind: Kind
    level: Level
    competency: str
    topics: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    guidance: Guidance | None = None
