"""Interviews: started, looked at, ended, given up, erased, and completed when every answer is evaluated."""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from common import erasure, idempotency, live, outbox, paging, tasks
from common.contracts.interview import InterviewCompleted, InterviewStarted, ReportReady
from common.contracts.resume import Background
from common.database import Sessions, utcnow
from common.errors import EntityNotFoundError
from common.idempotency import Repeatable
from common.ids import uuid7
from common.live import Bulletin
from common.tasks import TaskPayload
from interview import planning, resumes, scores
from interview.claims import Candidate
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
from interview.planning import Wanted
from interview.schemas import InterviewDetail, StartInterview

ABANDONED_AFTER = timedelta(days=1)
WITH_COUNTS = (
    selectinload(Interview.questions)
    .load_only(Question.number)
    .selectinload(Question.answer)
    .load_only(Answer.question_id)
)
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


def topic(interview_id: UUID) -> str:
    """Return the key under which news of an interview is announced in this service."""
    return f"interview:{interview_id}"


async def start(
    sessions: Sessions, bulletin: Bulletin, asked: Repeatable, wanted: StartInterview
) -> InterviewDetail:
    """Start an interview fitted to résumé and job, and return it with its questions.

    Raises:
        ResumeNotFound, ResumeNotReady: the résumé can't be asked from.
        IdempotencyKeyReused: the request's key came before with other wishes.
    """
    user_id = asked.owner
    background: Background | None = None
    if wanted.resume_id is not None:
        background = await resumes.background(sessions, bulletin, user_id, wanted.resume_id)
    content = idempotency.fingerprint(wanted.model_dump_json().encode())
    async with sessions.begin() as session:

        async def make() -> InterviewDetail:
            return InterviewDetail.of(await _begin(session, user_id, wanted, background))

        return await idempotency.once(session, asked, "interview.start", content, InterviewDetail, make)


async def _begin(
    session: AsyncSession, user_id: UUID, wanted: StartInterview, background: Background | None
) -> Interview:
    interview = await _planned(session, user_id, wanted, background)
    await session.flush()
    await tasks.enqueue(session, AbandonInterview(interview_id=interview.id), delay=ABANDONED_AFTER)
    await outbox.publish(
        session,
        InterviewStarted(
            interview_id=interview.id,
            user_id=user_id,
            resume_id=interview.resume_id,
            kind=interview.kind,
            level=interview.level,
            questions=len(interview.questions),
        ),
    )
    return await find(session, user_id, interview.id)


async def _planned(
    session: AsyncSession, user_id: UUID, wanted: StartInterview, background: Background | None
) -> Interview:
    asked = select(Question.source).join(Interview).where(Interview.user_id == user_id)
    asked_before = frozenset(await session.scalars(asked))
    interview_id = uuid7()
    wishes = Wanted(wanted.kind, wanted.level, wanted.questions, wanted.job_title, wanted.job_description)
    plan = planning.plan(wishes, background, asked_before, str(interview_id))
    interview = Interview(
        id=interview_id,
        user_id=user_id,
        state=State.CREATED,
        questions=[_question(number, one) for number, one in enumerate(plan, start=1)],
        **wanted.model_dump(
            include={"resume_id", "job_title", "job_description", "kind", "level", "language", "time_limit"}
        ),
    )
    interview.begin()
    session.add(interview)
    return interview


def _question(number: int, candidate: Candidate) -> Question:
    question = candidate.question
    return Question(
        number=number,
        source=candidate.source,
        text=question.text,
        kind=question.kind,
        competency=question.competency,
        why=candidate.why,
        topics=list(question.topics),
        points=[point.model_dump(mode="json") for point in question.points],
    )


async def find(session: AsyncSession, user_id: UUID, interview_id: UUID) -> Interview:
    """Return an interview of this user with its questions, answers and evaluations.

    Raises:
        InterviewNotFound: there is none of theirs with this id.
    """
    query = select(Interview).where(Interview.id == interview_id, Interview.user_id == user_id)
    found = await session.scalar(query.options(WITH_EVALUATIONS).execution_options(populate_existing=True))
    return _existing(found)


async def lock(session: AsyncSession, user_id: UUID, interview_id: UUID) -> Interview:
    """Return an interview of this user, alone with it until the transaction ends, with questions and answers.

    Raises:
        InterviewNotFound: there is none of theirs with this id.
    """
    query = (
        select(Interview).where(Interview.id == interview_id, Interview.user_id == user_id).with_for_update()
    )
    _existing(await session.scalar(query))
    return await find(session, user_id, interview_id)


def _existing(found: Interview | None) -> Interview:
    if found is None:
        raise missing()
    return found


def missing() -> InterviewNotFound:
    """Return the error that there is no such interview of theirs."""
    return InterviewNotFound("There is no interview of yours with this id; look at your list of interviews.")


async def history(
    session: AsyncSession, user_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Interview], str | None]:
    """Return a page of this user's interviews, the newest first, and the cursor of the next page."""
    query = select(Interview).where(Interview.user_id == user_id).options(WITH_COUNTS)
    return await paging.page(session, query, Interview.id, limit, cursor)


async def next_question(session: AsyncSession, user_id: UUID, interview_id: UUID) -> Question:
    """Return the question to answer now.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
        InterviewAlreadyEnded: no question is left, or it was ended.
    """
    interview = await find(session, user_id, interview_id)
    question = interview.current_question()
    if question is None and interview.state is State.ABANDONED:
        raise InterviewAlreadyEnded(GIVEN_UP)
    if question is None:
        raise InterviewAlreadyEnded("There is no further question: the interview has ended. Read its report.")
    return question


async def end(session: AsyncSession, user_id: UUID, interview_id: UUID) -> Interview:
    """End an interview and return it; ending it again changes nothing.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
    """
    interview = await lock(session, user_id, interview_id)
    if interview.state in (State.IN_PROGRESS, State.ABANDONED):
        interview.end()
        await settle(session, interview)
    return interview


async def erase(session: AsyncSession, user_id: UUID, interview_id: UUID) -> None:
    """Erase an interview with everything said in it.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
    """
    gone = (
        delete(Interview)
        .where(Interview.id == interview_id, Interview.user_id == user_id)
        .returning(Interview.id)
    )
    if await session.scalar(gone) is None:
        raise missing()
    await erasure.erase_subject(session, user_id, interview_id)
    await live.announce(session, topic(interview_id))


async def abandon(sessions: Sessions, interview_id: UUID) -> None:
    """Give up an interview that has waited a day for an answer; look again later where it has not yet."""
    async with sessions.begin() as session:
        query = select(Interview).where(Interview.id == interview_id).with_for_update()
        interview = await session.scalar(query)
        if interview is None or interview.state is not State.IN_PROGRESS:
            return
        remaining = interview.active_at + ABANDONED_AFTER - utcnow()
        if remaining > timedelta(0):
            await tasks.enqueue(session, AbandonInterview(interview_id=interview_id), delay=remaining)
            return
        interview.abandon()
        await live.announce(session, topic(interview_id))


async def settle(session: AsyncSession, interview: Interview) -> None:
    """Complete an interview that has ended, once every answer is evaluated; the caller holds its lock."""
    await live.announce(session, topic(interview.id))
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
    interview.complete(scores.mean(score for _, _, score in answers))
    skipped = sum(skipped for skipped, _, _ in answers)
    about = {"interview_id": interview.id, "user_id": interview.user_id}
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
