"""What an interview is made of, as rows; each row defends its own rules."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from common.clock import utcnow
from common.contracts.resume import ResumeContent
from common.db import engine
from common.db.types import PydanticJSON, words_of
from common.errors import DuplicateEntityError
from common.ids import uuid7
from interview.coaching import evaluation
from interview.questions.bank import BankContent
from interview.questions.question import Guidance, Kind, Level, Point


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = engine.metadata("interview")
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime: DateTime(timezone=True),
        list[str]: JSONB,
    }


class State(StrEnum):
    """Where an interview stands."""

    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETING = "completing"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


MOVES = {
    State.CREATED: {State.IN_PROGRESS},
    State.IN_PROGRESS: {State.COMPLETING, State.ABANDONED},
    State.ABANDONED: {State.COMPLETING},
    State.COMPLETING: {State.COMPLETED},
    State.COMPLETED: set[State](),
}


class Status(StrEnum):
    """Where an evaluation stands; `deferred` waits for a language model to answer again."""

    PENDING = "pending"
    DONE = "done"
    DEFERRED = "deferred"


GIVEN_UP = (
    "This interview was given up after a day without an answer: end it to get its report, or start a new one."
)


class InterviewAlreadyEnded(DuplicateEntityError):
    """The interview takes no more answers."""

    code = "interview_already_ended"
    title = "The interview has ended"


class Interview(Base):
    """One practice interview of one person."""

    __tablename__ = "interview"
    __table_args__ = (Index("ix_interview_user_id_id", "user_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner_id: Mapped[UUID] = mapped_column("user_id")
    resume_id: Mapped[UUID | None]
    job_title: Mapped[str]
    job_description: Mapped[str]
    kind: Mapped[Kind] = mapped_column(words_of(Kind))
    level: Mapped[Level] = mapped_column(words_of(Level))
    language: Mapped[str]
    time_limit: Mapped[int | None]
    state: Mapped[State] = mapped_column(words_of(State), default=State.CREATED)
    overall: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    active_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    questions: Mapped[list["Question"]] = relationship(
        order_by="Question.number", lazy="raise", passive_deletes=True, cascade="all, delete-orphan"
    )

    def _move(self, state: State) -> None:
        if state not in MOVES[self.state]:
            raise InterviewAlreadyEnded(f"The interview is {self.state} and can't become {state}.")
        self.state = state

    def begin(self) -> None:
        """Hand out the first question."""
        self._move(State.IN_PROGRESS)

    def current_question(self) -> "Question | None":
        """Return the question to answer now, or None when it takes no more answers; answers must be loaded."""
        if self.state is not State.IN_PROGRESS:
            return None
        return next((question for question in self.questions if question.answer is None), None)

    def touch(self) -> None:
        """Take note of an answer.

        Raises:
            InterviewAlreadyEnded: it takes no more answers.
        """
        if self.state is State.ABANDONED:
            raise InterviewAlreadyEnded(GIVEN_UP)
        if self.state is not State.IN_PROGRESS:
            raise InterviewAlreadyEnded("This interview has ended; read its report, or start a new one.")
        self.active_at = utcnow()

    def end(self) -> None:
        """Take no more answers; the report follows when all are evaluated."""
        self._move(State.COMPLETING)
        self.ended_at = utcnow()

    def complete(self, overall: float | None) -> None:
        """Close it with its overall score, when every answer is evaluated."""
        self._move(State.COMPLETED)
        self.overall = overall
        self.completed_at = utcnow()

    def abandon(self) -> None:
        """Give it up for want of answers."""
        self._move(State.ABANDONED)


class Question(Base):
    """One question of an interview, why it is asked, and what a good answer says."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("interview_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    interview_id: Mapped[UUID] = mapped_column(ForeignKey("interview.id", ondelete="CASCADE"))
    number: Mapped[int]
    source: Mapped[str]
    text: Mapped[str]
    kind: Mapped[Kind] = mapped_column(words_of(Kind))
    competency: Mapped[str]
    why: Mapped[str]
    topics: Mapped[list[str]]
    points: Mapped[list[Point]] = mapped_column(PydanticJSON(list[Point]))
    guidance: Mapped[Guidance | None] = mapped_column(PydanticJSON(Guidance))

    answer: Mapped["Answer | None"] = relationship(lazy="raise", passive_deletes="all")


class Answer(Base):
    """What was answered to a question; a question is answered once."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("question_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    question_id: Mapped[UUID] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    text: Mapped[str]
    skipped: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    evaluation: Mapped["Evaluation"] = relationship(lazy="raise", passive_deletes="all")


class Evaluation(Base):
    """What was found about an answer. `content` holds rubric, verdicts and quotes, so that it can be replayed."""

    __tablename__ = "evaluation"

    answer_id: Mapped[UUID] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[Status] = mapped_column(words_of(Status), default=Status.PENDING)
    deferrals: Mapped[int] = mapped_column(default=0)
    score: Mapped[float | None]
    content: Mapped[evaluation.Evaluation | None] = mapped_column(PydanticJSON(evaluation.Evaluation))
    evaluated_at: Mapped[datetime | None]


class BankQuestionVersion(Base):
    """What a moderator made of a question of the bank; a version is never changed, the latest one counts."""

    __tablename__ = "bank_question"

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[BankContent] = mapped_column(PydanticJSON(BankContent))
    retired: Mapped[bool]
    author: Mapped[UUID | None]  # empty once the author's account is gone
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ResumeCopy(Base):
    """What this service may know of a résumé; without a background it is not read yet, deleted it stays empty."""

    __tablename__ = "resume_copy"
    __table_args__ = (Index("ix_resume_copy_user_id", "user_id"),)

    resume_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column("user_id")
    title: Mapped[str] = mapped_column(server_default="")
    background: Mapped[ResumeContent | None] = mapped_column(PydanticJSON(ResumeContent))
    deleted: Mapped[bool] = mapped_column(server_default=text("false"))
    as_of: Mapped[datetime]
