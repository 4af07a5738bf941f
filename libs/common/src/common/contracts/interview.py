"""Events that interview publishes."""

from typing import ClassVar
from uuid import UUID

from common.contracts.event import Event


class InterviewEvent(Event):
    """Anything that happened in an interview."""

    topic: ClassVar[str] = "interviewace.interview"
    subject_field: ClassVar[str] = "interview_id"

    interview_id: UUID
    user_id: UUID


class InterviewStarted(InterviewEvent):
    """An interview began, perhaps from a résumé."""

    ce_type: ClassVar[str] = "interview.started"

    resume_id: UUID | None = None
    kind: str
    level: str
    questions: int


class AnswerEvaluated(InterviewEvent):
    """An answer has its evaluation. The score is 0 to 100, or None where too little could be assessed."""

    ce_type: ClassVar[str] = "interview.answer_evaluated"

    answer_id: UUID
    resume_id: UUID | None = None
    score: float | None
    engine: str


class InterviewCompleted(InterviewEvent):
    """No question is left, or the candidate ended it."""

    ce_type: ClassVar[str] = "interview.completed"

    resume_id: UUID | None = None
    answered: int
    skipped: int


class ReportReady(InterviewEvent):
    """Every answer is evaluated and the report can be read. `overall` is 0 to 100 or None."""

    ce_type: ClassVar[str] = "interview.report_ready"
    holds_words: ClassVar[bool] = True

    job_title: str
    overall: float | None
