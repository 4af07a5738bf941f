"""What HTTP takes and returns of the question bank when it is curated."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from interview.questions import trades
from interview.questions.question import GAP, Kind, Level
from interview.schemas import storable
from interview.text import vocabulary


def _competency(name: str) -> str:
    known = sorted(
        vocabulary.competencies().keys() - {GAP}
    )  # a gap is asked about from what the résumé lacks
    if name not in known:
        raise ValueError(f"unknown competency; take one of {', '.join(known)}")
    return name


def _trade(name: str) -> str:
    if name not in trades.names():
        raise ValueError(f"unknown trade; take one of {', '.join(sorted(trades.names()))}")
    return name


def _each_once(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    return tuple(dict.fromkeys(levels))


QuestionId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60),
    Field(description="Its name for good: small letters, digits and hyphens.", examples=["care-handover"]),
]
SeenVersion = Annotated[int, Query(ge=1, description="The version you have seen.")]
Phrase = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(storable)
]
Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600), AfterValidator(storable)
]
Answer = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000), AfterValidator(storable)
]
Topic = Annotated[Phrase, StringConstraints(to_lower=True)]
Levels = Annotated[tuple[Level, ...], Field(min_length=1, max_length=9), AfterValidator(_each_once)]
Competency = Annotated[str, AfterValidator(_competency)]
Topics = Annotated[
    tuple[Topic, ...], Field(max_length=30, description="Words a résumé or a job may share with it.")
]
TradeNames = Annotated[
    tuple[Annotated[str, AfterValidator(_trade)], ...],
    Field(max_length=20, description="Who may be asked it; without a trade it is anybody."),
]
MainSamples = Annotated[
    tuple[Sentence, ...],
    Field(min_length=1, max_length=8, description="Sentences that do the main thing, as people say them."),
]
Mistakes = Annotated[
    tuple[Sentence, ...], Field(max_length=8, description="Sentences that get the main thing wrong.")
]
Anchors = Annotated[
    dict[Level, Sentence], Field(description="What a strong answer has, by the level it is asked at.")
]


class BankPoint(BaseModel):
    """Something a good answer says: short phrases that stand for it, and sentences as people say it."""

    model_config = ConfigDict(extra="forbid")

    point: Sentence
    any: Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=20)]
    samples: Annotated[tuple[Sentence, ...], Field(max_length=8)] = ()


class BankAnswers(BaseModel):
    """Answers of our own at two levels, as people would say them."""

    model_config = ConfigDict(extra="forbid")

    decent: Answer
    excellent: Answer


Points = Annotated[
    tuple[BankPoint, ...], Field(max_length=10, description="An explanation has at least one.")
]


class NewBankQuestion(BaseModel):
    """A question for the bank, and what an answer to it is judged by."""

    model_config = ConfigDict(extra="forbid")

    id: QuestionId
    text: Sentence
    kind: Kind
    levels: Levels
    competency: Competency
    topics: Topics = ()
    trades: TradeNames = ()
    main: Sentence
    main_samples: MainSamples
    mistakes: Mistakes = ()
    points: Points = ()
    anchors: Anchors
    answers: BankAnswers


class BankQuestionChange(BaseModel):
    """What the next version says otherwise; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(
        ge=1, description="The version you have seen; the change is refused where there is a newer one."
    )
    text: Sentence | None = None
    kind: Kind | None = None
    levels: Levels | None = None
    competency: Competency | None = None
    topics: Topics | None = None
    trades: TradeNames | None = None
    main: Sentence | None = None
    main_samples: MainSamples | None = None
    mistakes: Mistakes | None = None
    points: Points | None = None
    anchors: Anchors | None = None
    answers: BankAnswers | None = None
