"""The bank: questions of our own writing, by kind and level."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from common.web.pagination import InvalidCursor
from interview.questions.question import Guidance, Kind, Level, Point, Question, SampleAnswers
from interview.text import vocabulary


class BankQuestion(BaseModel):
    """One question of the bank. `topics` are words a résumé or a job may share with it.

    Without `trades` anybody may be asked it. `main` and what follows are as in `Guidance`, the anchors by level.
    """

    model_config = ConfigDict(frozen=True)

    id: str
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
    """Return the whole bank, by file and then in its own order."""
    files = vocabulary.load_folder("bank")
    return tuple(BankQuestion.model_validate(question) for file in files for question in file["questions"])


@cache
def topics() -> tuple[str, ...]:
    """Return every topic of the bank once, in its order."""
    return tuple(dict.fromkeys(topic for question in questions() for topic in question.topics))


def page(limit: int, cursor: str | None) -> tuple[tuple[BankQuestion, ...], str | None]:
    """Return up to `limit` questions after the one the cursor names, and the cursor of the page that follows.

    Raises:
        InvalidCursor: it names none.
    """
    ids = [question.id for question in questions()]
    if cursor is not None and cursor not in ids:
        raise InvalidCursor
    begin = ids.index(cursor) + 1 if cursor is not None else 0
    end = begin + limit
    return questions()[begin:end], ids[end - 1] if end < len(ids) else None


def fitting(kind: Kind, level: Level) -> tuple[BankQuestion, ...]:
    """Return the questions for one kind of interview, those of the level first, then its neighbours'.

    A mixed interview draws on every kind; technical and design interviews also on stories about technical work.
    """
    kinds = {
        Kind.BEHAVIOURAL: {Kind.BEHAVIOURAL},
        Kind.TECHNICAL: {Kind.TECHNICAL, Kind.MIXED},
        Kind.SYSTEM_DESIGN: {Kind.SYSTEM_DESIGN},
        Kind.MIXED: set(Kind),
    }[kind]
    of_kind = [question for question in questions() if question.kind in kinds]
    return (
        *[question for question in of_kind if level in question.levels],
        *[question for question in of_kind if level not in question.levels],
    )
