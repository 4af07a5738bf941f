"""The bank: questions of our own writing, by kind and level."""

from collections.abc import Sequence, Set
from functools import cache

from pydantic import BaseModel, ConfigDict

from common.web.pagination import InvalidCursor
from interview.questions.question import Guidance, Kind, Level, Point, Question, SampleAnswers
from interview.text import vocabulary

AROUND = frozenset({"opening", "closing"})
# what each kind of interview asks, and what it falls back on where a trade has no more of that
DRAWS_ON: dict[Kind, tuple[frozenset[Kind], ...]] = {
    Kind.BEHAVIOURAL: (frozenset({Kind.BEHAVIOURAL}),),
    Kind.TECHNICAL: (frozenset({Kind.TECHNICAL, Kind.MIXED}), frozenset({Kind.BEHAVIOURAL})),
    Kind.SYSTEM_DESIGN: (
        frozenset({Kind.SYSTEM_DESIGN}),
        frozenset({Kind.TECHNICAL, Kind.MIXED}),
        frozenset({Kind.BEHAVIOURAL}),
    ),
    Kind.MIXED: (frozenset(Kind),),
}


class BankContent(BaseModel):
    """What a version of a question says. `topics` are words a résumé or a job may share with it.

    Without `trades` anybody may be asked it. `main` and what follows are as in `Guidance`, the anchors by level.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    kind: Kind
    levels: tuple[Level, ...]
    competency: str
    topics: tuple[str, ...]
    trades: tuple[str, ...] = ()
    main: str
    main_samples: tuple[str, ...]
    mistakes: tuple[str, ...]
    points: tuple[Point, ...]
    anchors: dict[Level, str]
    answers: SampleAnswers


class BankQuestion(BankContent):
    """One question of the bank, as its latest version says it; those of the package are version 1."""

    id: str
    version: int = 1

    def at(self, level: Level) -> Question:
        """Return the question as it is judged when asked at a level."""
        return Question(
            text=self.text,
            kind=self.kind,
            level=level,
            competency=self.competency,
            topics=self.topics,
            points=self.points,
            guidance=Guidance(
                main=self.main,
                main_samples=self.main_samples,
                mistakes=self.mistakes,
                anchor=self.anchors.get(level, ""),
                answers=self.answers,
            ),
        )


@cache
def questions() -> tuple[BankQuestion, ...]:
    """Return the bank as it is packaged, by file and then in its own order."""
    files = vocabulary.load_folder("bank")
    return tuple(BankQuestion.model_validate(question) for file in files for question in file["questions"])


@cache
def by_id() -> dict[str, BankQuestion]:
    """Return the packaged bank by the ids of its questions, in its order."""
    return {question.id: question for question in questions()}


def page(
    banked: Sequence[BankQuestion], limit: int, cursor: str | None
) -> tuple[Sequence[BankQuestion], str | None]:
    """Return up to `limit` questions after the one the cursor names, and the cursor of the page that follows.

    Raises:
        InvalidCursor: it names none.
    """
    ids = [question.id for question in banked]
    if cursor is not None and cursor not in ids:
        raise InvalidCursor
    begin = ids.index(cursor) + 1 if cursor is not None else 0
    end = begin + limit
    return banked[begin:end], ids[end - 1] if end < len(ids) else None


def fitting(
    banked: Sequence[BankQuestion], kind: Kind, level: Level, trades: Set[str]
) -> tuple[BankQuestion, ...]:
    """Return the questions for one kind of interview and a job of these trades, those of the level first.

    A question of a trade is asked nobody outside of it, and how an interview begins and ends is no part of its middle.
    """
    kinds = frozenset[Kind]().union(*DRAWS_ON[kind])
    suitable = [question for question in banked if question.kind in kinds and _suits(question, trades)]
    return (
        *[question for question in suitable if level in question.levels],
        *[question for question in suitable if level not in question.levels],
    )


def topics(banked: Sequence[BankQuestion], trades: Set[str]) -> tuple[str, ...]:
    """Return every topic of the questions a job of these trades may bring up, each once."""
    suitable = (question for question in banked if _suits(question, trades))
    return tuple(dict.fromkeys(topic for question in suitable for topic in question.topics))


def _suits(question: BankQuestion, trades: Set[str]) -> bool:
    return question.competency not in AROUND and (
        not question.trades or not trades.isdisjoint(question.trades)
    )


def distance(kind: Kind, question: BankQuestion) -> int:
    """Return how far a question is from what this kind of interview is about: 0 is its own."""
    return next(number for number, kinds in enumerate(DRAWS_ON[kind]) if question.kind in kinds)
