"""How an interview begins: planned for a résumé and a job, then written in one short transaction."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common import idempotency, outbox, tasks
from common.contracts.interview import InterviewStarted
from common.contracts.resume import Background
from common.database import Sessions
from common.idempotency import Repeatable
from common.ids import uuid7
from common.live import Bulletin
from interview import interviews, planning, resumes
from interview.claims import Candidate
from interview.models import Interview, Question, State
from interview.planning import Wanted
from interview.schemas import InterviewDetail, StartInterview

REMEMBERED_QUESTIONS = 1_500  # the last hundred interviews at their longest: sixteen times the bank


async def start(
    sessions: Sessions, bulletin: Bulletin, asked: Repeatable, wanted: StartInterview
) -> InterviewDetail:
    """Start an interview fitted to résumé and job, and return it with its questions.

    Raises:
        ResumeNotFound, ResumeNotReady: the résumé can't be asked from.
        AccountErased: the account was deleted meanwhile.
        IdempotencyKeyReused: the request's key came before with other wishes.
    """
    user_id = asked.owner
    plan = await _planned(sessions, bulletin, user_id, wanted)
    content = idempotency.fingerprint(wanted.model_dump_json().encode())
    async with sessions.begin() as session:

        async def make() -> InterviewDetail:
            # what may have changed while it was planned is asked again where it is written
            await resumes.refuse_deleted(session, wanted.resume_id)
            return InterviewDetail.of(await _begin(session, user_id, wanted, plan))

        return await idempotency.once(session, asked, "interview.start", content, InterviewDetail, make)


async def _planned(
    sessions: Sessions, bulletin: Bulletin, user_id: UUID, wanted: StartInterview
) -> list[Candidate]:
    """Return the questions to ask; nothing is locked and nobody else waits while they are chosen."""
    background: Background | None = None
    if wanted.resume_id is not None:
        background = await resumes.background(sessions, bulletin, user_id, wanted.resume_id)
    async with sessions() as session:
        asked_before = await _asked_before(session, user_id)
    wishes = Wanted(wanted.kind, wanted.level, wanted.questions, wanted.job_title, wanted.job_description)
    return await asyncio.to_thread(planning.plan, wishes, background, asked_before, str(uuid7()))


async def _asked_before(session: AsyncSession, user_id: UUID) -> frozenset[str]:
    latest = (
        select(Question.source)
        .join(Interview)
        .where(Interview.user_id == user_id)
        .order_by(Interview.id.desc())
        .limit(REMEMBERED_QUESTIONS)
    )
    return frozenset(await session.scalars(latest))


async def _begin(
    session: AsyncSession, user_id: UUID, wanted: StartInterview, plan: Sequence[Candidate]
) -> Interview:
    interview = Interview(
        id=uuid7(),
        user_id=user_id,
        state=State.CREATED,
        questions=[_question(number, one) for number, one in enumerate(plan, start=1)],
        **wanted.model_dump(
            include={"resume_id", "job_title", "job_description", "kind", "level", "language", "time_limit"}
        ),
    )
    interview.begin()
    session.add(interview)
    await session.flush()
    await tasks.enqueue(
        session, interviews.AbandonInterview(interview_id=interview.id), delay=interviews.ABANDONED_AFTER
    )
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
    return await interviews.find(session, user_id, interview.id)


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
