"""Interviews: looked at, ended, given up, erased, and completed when every answer is evaluated."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, selectinload
from sqlalchemy.sql.base import ExecutableOption

from common import erasure
from common.clock import utcnow
from common.contracts.interview import InterviewCompleted, ReportReady
from common.db import notifications
from common.db.engine import SessionMaker
from common.errors import EntityNotFoundError
from common.messaging import outbox
from common.tasks import queue
from common.tasks.queue import TaskPayload
from common.web import pagination
from interview import scores
from interview.models import (
    GIVEN_UP,
    Answer,
    Evaluation,
    Interview,
    InterviewAlreadyEnded,
    Question,
    State,
    Status,
)

ABANDONED_AFTER = timedelta(days=1)
WITH_COUNTS = (
    selectinload(Interview.questions)
    .load_only(Question.number)
    .selectinload(Question.answer)
    .load_only(Answer.question_id)
)
WITH_ANSWERS = selectinload(Interview.questions).selectinload(Question.answer).load_only(Answer.question_id)
WITH_EVALUATIONS = (
    selectinload(Interview.questions).selectinload(Question.answer).selectinload(Answer.evaluation)
)


class InterviewNotFound(EntityNotFoundError):
    """There is no such interview, or it is somebody else's."""

    code = "interview_not_found"
    title = "There is no such interview"


class AbandonInterview(TaskPayload):
    """Give an interview up when it has waited for an answer for a day."""

    kind: ClassVar[str] = "interview.abandon"

    interview_id: UUID


def notification_key(interview_id: UUID) -> str:
    """Return the key under which watchers of an interview are notified in this service."""
    return f"interview:{interview_id}"


async def get(session: AsyncSession, owner_id: UUID, interview_id: UUID) -> Interview:
    """Return an interview of this user with its questions, answers and evaluations.

    Raises:
        InterviewNotFound: there is none of theirs with this id.
    """
    return await _load(session, owner_id, interview_id, WITH_EVALUATIONS)


async def lock(session: AsyncSession, owner_id: UUID, interview_id: UUID) -> Interview:
    """Return an interview of this user, alone with it until the transaction ends, and which questions have answers.

    Raises:
        InterviewNotFound: there is none of theirs with this id.
    """
    query = (
        select(Interview)
        .where(Interview.id == interview_id, Interview.owner_id == owner_id)
        .with_for_update()
    )
    _existing(await session.scalar(query))
    return await _load(session, owner_id, interview_id, WITH_ANSWERS)


async def _load(
    session: AsyncSession, owner_id: UUID, interview_id: UUID, related: ExecutableOption
) -> Interview:
    query = select(Interview).where(Interview.id == interview_id, Interview.owner_id == owner_id)
    return _existing(await session.scalar(query.options(related).execution_options(populate_existing=True)))


def _existing(interview: Interview | None) -> Interview:
    if interview is None:
        raise missing()
    return interview


def missing() -> InterviewNotFound:
    """Return the error that there is no such interview of theirs."""
    return InterviewNotFound("There is no interview of yours with this id; look at your list of interviews.")


async def list(
    session: AsyncSession, owner_id: UUID, limit: int, cursor: str | None
) -> tuple[Sequence[Interview], str | None]:
    """Return a page of this user's interviews, the newest first, and the cursor of the next page."""
    query = select(Interview).where(Interview.owner_id == owner_id)
    query = query.options(WITH_COUNTS, defer(Interview.job_description, raiseload=True))
    return await pagination.paginate(session, query, Interview.id, limit, cursor)


async def next_question(session: AsyncSession, owner_id: UUID, interview_id: UUID) -> Question:
    """Return the question to answer now.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
        InterviewAlreadyEnded: no question is left, or it was ended.
    """
    interview = await _load(session, owner_id, interview_id, WITH_ANSWERS)
    question = interview.current_question()
    if question is None and interview.state is State.ABANDONED:
        raise InterviewAlreadyEnded(GIVEN_UP)
    if question is None:
        raise InterviewAlreadyEnded("There is no further question: the interview has ended. Read its report.")
    return question


async def end(session: AsyncSession, owner_id: UUID, interview_id: UUID) -> Interview:
    """End an interview and return it; ending it again changes nothing.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
    """
    interview = await lock(session, owner_id, interview_id)
    if interview.state in (State.IN_PROGRESS, State.ABANDONED):
        interview.end()
        await complete_if_evaluated(session, interview)
        await session.flush()
    return await get(session, owner_id, interview_id)


async def delete(session: AsyncSession, owner_id: UUID, interview_id: UUID) -> None:
    """Erase an interview with everything said in it.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
    """
    gone = (
        sa.delete(Interview)
        .where(Interview.id == interview_id, Interview.owner_id == owner_id)
        .returning(Interview.id)
    )
    if await session.scalar(gone) is None:
        raise missing()
    await erasure.erase_subject(session, owner_id, interview_id)
    await notifications.notify(session, notification_key(interview_id))


async def abandon(sessionmaker: SessionMaker, interview_id: UUID) -> None:
    """Give up an interview that has waited a day for an answer; look again later where it has not yet."""
    async with sessionmaker.begin() as session:
        query = select(Interview).where(Interview.id == interview_id).with_for_update()
        interview = await session.scalar(query)
        if interview is None or interview.state is not State.IN_PROGRESS:
            return
        remaining = interview.active_at + ABANDONED_AFTER - utcnow()
        if remaining > timedelta(0):
            await queue.enqueue(session, AbandonInterview(interview_id=interview_id), delay=remaining)
            return
        interview.abandon()
        await notifications.notify(session, notification_key(interview_id))


async def complete_if_evaluated(session: AsyncSession, interview: Interview) -> None:
    """Complete an interview that has ended, once every answer is evaluated; the caller holds its lock."""
    await notifications.notify(session, notification_key(interview.id))
    if interview.state is not State.COMPLETING:
        return
    await session.flush()
    answers = (
        await session.execute(
            select(Answer.skipped, Evaluation.status, Evaluation.score)
            .join(Evaluation, Evaluation.answer_id == Answer.id)
            .join(Question, Question.id == Answer.question_id)
            .where(Question.interview_id == interview.id)
        )
    ).all()
    if any(status is not Status.DONE for _, status, _ in answers):
        return
    interview.complete(scores.overall(score for skipped, _, score in answers if not skipped))
    skipped = sum(skipped for skipped, _, _ in answers)
    about = {"interview_id": interview.id, "user_id": interview.owner_id}
    await outbox.publish(
        session,
        InterviewCompleted(
            **about, resume_id=interview.resume_id, answered=len(answers) - skipped, skipped=skipped
        ),
    )
    await outbox.publish(
        session, ReportReady(**about, job_title=interview.job_title, overall=interview.overall)
    )


async def progress(session: AsyncSession, interview_id: UUID) -> tuple[int, int]:
    """Return how many answers of an interview are evaluated, and how many there are."""
    counted = select(func.count().filter(Evaluation.status == Status.DONE), func.count())
    row = (
        await session.execute(
            counted.select_from(Evaluation)
            .join(Answer, Answer.id == Evaluation.answer_id)
            .join(Question, Question.id == Answer.question_id)
            .where(Question.interview_id == interview_id)
        )
    ).one()
    return row[0], row[1]
