"""What HTTP takes and returns."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from interview.coaching.evaluation import Basis, CriterionResult, EvaluatedBy, SetAside, StarQuotes
from interview.models import Answer, Evaluation, Interview, Question, State, Status
from interview.questions.question import Kind, Level, SampleAnswers

SHOWN = (
    "id", "state", "resume_id", "job_title", "kind", "level", "language", "overall", "time_limit", "created_at",
    "ended_at", "completed_at",
)  # fmt: skip


def storable(text: str) -> str:
    """Return a text the database can keep.

    Raises:
        ValueError: it holds a null character.
    """
    if "\x00" in text:
        raise ValueError("a null character can't be kept; remove it")
    return text


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(storable)]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(storable)
]


class StartInterview(BaseModel):
    """What to practise. Without a résumé the questions come from the bank and the job."""

    resume_id: UUID | None = None
    job_title: Title
    job_description: Text = ""
    kind: Kind = Kind.MIXED
    level: Level = Level.MID
    questions: int = Field(default=5, ge=1, le=15)
    language: Literal["en"] = "en"
    time_limit: int | None = Field(
        default=None, ge=1, le=86_400, description="Seconds you mean to take; a reminder, nothing is cut off."
    )


class GiveAnswer(BaseModel):
    """An answer to a question, or the wish to skip it."""

    question_id: UUID
    text: Text | None = None
    skip: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.skip and self.text:
            raise ValueError("send a text or skip the question, not both")
        if not self.skip and self.text is None:
            raise ValueError("send the answer's text, or skip: true")
        return self


class QuestionOut(BaseModel):
    """A question of an interview."""

    id: UUID
    number: int
    text: str
    kind: Kind
    competency: str
    why_this_question: str

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return a question as it is shown."""
        return cls(
            id=question.id,
            number=question.number,
            text=question.text,
            kind=question.kind,
            competency=question.competency,
            why_this_question=question.why,
        )


class BankQuestionOut(BaseModel):
    """A question of the bank."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    kind: Kind
    levels: list[Level]
    competency: str
    topics: list[str]
    trades: list[str]
    version: int


class EvaluationOut(BaseModel):
    """What was found about an answer. While it is `pending` or `deferred` there is nothing but the status."""

    status: Status
    score: float | None = Field(
        default=None, description="0 to 100, or null where too little could be assessed."
    )
    range: tuple[float, float] | None = Field(
        default=None, description="The score with what nobody could judge counted as lost, and as won."
    )
    basis: Basis | None = Field(
        default=None,
        description="`coverage`: what the answer covers; `judgement`: how good a language model judged it to be.",
    )
    note: str = ""
    skipped: bool = False
    summary: str = ""
    next_time: str = ""
    criteria: tuple[CriterionResult, ...] = ()
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    star: StarQuotes | None = None
    rewrite: str | None = None
    sample: SampleAnswers | None = None
    set_aside: tuple[SetAside, ...] = ()
    dropped_verdicts: int = 0
    evaluated_by: EvaluatedBy | None = None
    evaluated_at: datetime | None = None

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Return an evaluation as it is shown; what it takes to replay it stays behind."""
        content = evaluation.content
        return cls.model_validate(
            {name: getattr(content, name) for name in cls.model_fields if hasattr(content, name)}
            | {
                "status": evaluation.status,
                "score": evaluation.score,
                "evaluated_at": evaluation.evaluated_at,
            }
        )


class AnswerOut(BaseModel):
    """An answer that was recorded, and where its evaluation stands."""

    answer_id: UUID
    interview_id: UUID
    question_id: UUID
    evaluation: EvaluationOut

    @classmethod
    def of(cls, answer: Answer, interview_id: UUID) -> Self:
        """Return an answer as its giver is told of it."""
        evaluation = EvaluationOut.of(answer.evaluation)
        return cls(
            answer_id=answer.id,
            interview_id=interview_id,
            question_id=answer.question_id,
            evaluation=evaluation,
        )


class AnsweredQuestion(BaseModel):
    """A question with what was answered to it."""

    question: QuestionOut
    answer_id: UUID | None
    text: str | None
    skipped: bool
    answered_at: datetime | None
    evaluation: EvaluationOut | None

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return a question with its answer, if it has one."""
        answer = question.answer
        return cls(
            question=QuestionOut.of(question),
            answer_id=answer.id if answer else None,
            text=answer.text if answer and not answer.skipped else None,
            skipped=bool(answer and answer.skipped),
            answered_at=answer.created_at if answer else None,
            evaluation=EvaluationOut.of(answer.evaluation) if answer else None,
        )


class InterviewOut(BaseModel):
    """An interview in a list."""

    id: UUID
    state: State
    resume_id: UUID | None
    job_title: str
    kind: Kind
    level: Level
    language: str
    questions: int
    answered: int
    overall: float | None
    time_limit: int | None
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, interview: Interview) -> Self:
        """Return an interview as it is shown; its questions and answers must be loaded."""
        due = timedelta(seconds=interview.time_limit) if interview.time_limit else None
        own = {name: getattr(interview, name) for name in SHOWN}
        return cls.model_validate(
            own
            | {
                "questions": len(interview.questions),
                "answered": sum(question.answer is not None for question in interview.questions),
                "due_at": interview.created_at + due if due else None,
                **cls._more(interview),
            }
        )

    @classmethod
    def _more(cls, _: Interview, /) -> dict[str, object]:
        return {}


class InterviewDetail(InterviewOut):
    """Everything of an interview so far, with the question to answer now, if there is one."""

    job_description: str
    question: QuestionOut | None
    answers: list[AnsweredQuestion]

    @classmethod
    def _more(cls, interview: Interview, /) -> dict[str, object]:
        current = interview.current_question()
        return {
            "job_description": interview.job_description,
            "question": QuestionOut.of(current) if current else None,
            "answers": [AnsweredQuestion.of(question) for question in interview.questions if question.answer],
        }


class CompetencyScore(BaseModel):
    """How the answers about one competency did."""

    competency: str
    name: str
    score: float | None
    answers: int


class Report(BaseModel):
    """The report of an interview."""

    interview_id: UUID
    job_title: str
    kind: Kind
    level: Level
    created_at: datetime
    completed_at: datetime | None
    questions: int
    answered: int
    skipped: int
    scored: int
    overall: float | None
    evaluated_by: EvaluatedBy
    engines: list[EvaluatedBy]
    competencies: list[CompetencyScore]
    strengths: list[str]
    improvements: list[str]
    answers: list[AnsweredQuestion]
