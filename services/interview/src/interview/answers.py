"""Answers: recorded once for each question, and kept before anybody judges them."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from common import paths
from common.db.engine import SessionMaker
from common.errors import DuplicateEntityError, EntityNotFoundError
from common.ids import uuid7
from common.tasks import queue
from common.web.idempotency import IdempotencyContext, fingerprint, run_once
from interview import evaluations, interviews
from interview.evaluations import EvaluateAnswer
from interview.models import Answer, Evaluation, Interview, Question, Status
from interview.schemas import GiveAnswer


class QuestionNotFound(EntityNotFoundError):
    """The interview has no such question."""

    code = "question_not_found"
    title = "There is no such question"


class QuestionAlreadyAnswered(DuplicateEntityError):
    """A question is answered once."""

    code = "question_already_answered"
    title = "The question is answered already"


class Recorded(BaseModel):
    """Which answer a request made, for when it is repeated."""

    answer_id: UUID


async def submit(
    sessionmaker: SessionMaker, idempotency: IdempotencyContext, interview_id: UUID, given: GiveAnswer
) -> Answer:
    """Record an answer in a transaction of its own, so that waiting for its evaluation holds none open; see `_record`.

    Raises:
        IdempotencyKeyReused: the request's key came before with another answer.
    """
    request_fingerprint = fingerprint(interview_id.bytes, given.model_dump_json().encode())
    async with sessionmaker.begin() as session:

        async def make() -> Recorded:
            return Recorded(answer_id=(await _record(session, idempotency.owner_id, interview_id, given)).id)

        recorded = await run_once(
            session, idempotency, "interview.answer", request_fingerprint, Recorded, make
        )
        answer = await session.get(Answer, recorded.answer_id, options=[selectinload(Answer.evaluation)])
        if answer is None:
            raise interviews.missing()
        return answer


async def _record(session: AsyncSession, owner_id: UUID, interview_id: UUID, given: GiveAnswer) -> Answer:
    """Record an answer, and see to its evaluation in the same transaction.

    It holds the interview's row, for which an erasure of the interview or of its owner waits.

    Raises:
        InterviewNotFound, QuestionNotFound: there is no such interview or question of theirs.
        InterviewAlreadyEnded: it takes no more answers.
        QuestionAlreadyAnswered: this question has its answer.
    """
    interview = await interviews.lock(session, owner_id, interview_id)
    question = _question(interview, given.question_id)
    if question.answer is not None:
        raise QuestionAlreadyAnswered("This question is answered already; ask for the next one.")
    interview.touch()
    answer = Answer(id=uuid7(), question_id=question.id, text=given.text or "", skipped=given.skip)
    answer.evaluation = Evaluation(answer_id=answer.id, status=Status.PENDING)
    question.answer = answer
    session.add(answer)
    if interview.current_question() is None:
        interview.end()
    await session.flush()
    if given.skip:
        await evaluations.skip(session, interview, answer)
    else:
        await queue.enqueue(
            session,
            EvaluateAnswer(answer_id=answer.id),
            owner=owner_id,
            result=f"{paths.INTERVIEW}/{interview_id}",
        )
    return answer


def _question(interview: Interview, question_id: UUID) -> Question:
    for question in interview.questions:
        if question.id == question_id:
            return question
    raise QuestionNotFound("This interview has no question with this id; ask for the next one.")
