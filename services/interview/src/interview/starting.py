"""How an interview begins: planned for a résumé and a job, then written in one short transaction."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.interview import InterviewStarted
from common.contracts.resume import ResumeContent
from common.db.engine import SessionMaker
from common.db.notifications import Notifier
from common.ids import uuid7
from common.messaging import outbox
from common.tasks import queue
from common.web.idempotency import IdempotencyContext, fingerprint, run_once
from interview import curation, interviews, resumes
from interview.models import Interview, Question, State
from interview.questions import plan
from interview.questions.from_resume import PlannedQuestion
from interview.questions.plan import Wanted
from interview.schemas import InterviewDetail, StartInterview

REMEMBERED_QUESTIONS = 1_500  # the last hundred interviews at their longest: sixteen times the bank


async def start(
    sessionmaker: SessionMaker, notifier: Notifier, idempotency: IdempotencyContext, wanted: StartInterview
) -> InterviewDetail:
    """Start an interview fitted to résumé and job, and return it with its questions.

    Raises:
        ResumeNotFound, ResumeNotReady: the résumé can't be asked from.
        AccountErased: the account was deleted meanwhile.
        IdempotencyKeyReused: the request's key came before with other wishes.
    """
    owner_id = idempotency.owner_id
    planned = await _planned(sessionmaker, notifier, owner_id, wanted)
    request_fingerprint = fingerprint(wanted.model_dump_json().encode())
    async with sessionmaker.begin() as session:

        async def make() -> InterviewDetail:
            # what may have changed while it was planned is asked again where it is written
            await resumes.refuse_deleted(session, wanted.resume_id)
            return InterviewDetail.of(await _begin(session, owner_id, wanted, planned))

        return await run_once(
            session, idempotency, "interview.start", request_fingerprint, InterviewDetail, make
        )


async def _planned(
    sessionmaker: SessionMaker, notifier: Notifier, owner_id: UUID, wanted: StartInterview
) -> list[PlannedQuestion]:
    """Return the questions to ask; nothing is locked and nobody else waits while they are chosen."""
    content: ResumeContent | None = None
    if wanted.resume_id is not None:
        content = await resumes.wait_for_content(sessionmaker, notifier, owner_id, wanted.resume_id)
    async with sessionmaker() as session:
        asked_before = await _asked_before(session, owner_id)
        banked = await curation.questions(session)
    wishes = Wanted(wanted.kind, wanted.level, wanted.questions, wanted.job_title, wanted.job_description)
    return await asyncio.to_thread(plan.plan, wishes, content, asked_before, str(uuid7()), banked)


async def _asked_before(session: AsyncSession, owner_id: UUID) -> frozenset[str]:
    latest = (
        select(Question.source)
        .join(Interview)
        .where(Interview.owner_id == owner_id)
        .order_by(Interview.id.desc())
        .limit(REMEMBERED_QUESTIONS)
    )
    return frozenset(await session.scalars(latest))


async def _begin(
    session: AsyncSession, owner_id: UUID, wanted: StartInterview, planned: Sequence[PlannedQuestion]
) -> Interview:
    interview = Interview(
        id=uuid7(),
        owner_id=owner_id,
        state=State.CREATED,
        questions=[_question(number, question) for number, question in enumerate(planned, start=1)],
        **wanted.model_dump(
            include={"resume_id", "job_title", "job_description", "kind", "level", "language", "time_limit"}
        ),
    )
    interview.begin()
    session.add(interview)
    await session.flush()
    await queue.enqueue(
        session, interviews.AbandonInterview(interview_id=interview.id), delay=interviews.ABANDONED_AFTER
    )
    await outbox.publish(
        session,
        InterviewStarted(
            interview_id=interview.id,
            user_id=owner_id,
            resume_id=interview.resume_id,
            kind=interview.kind,
            level=interview.level,
            questions=len(interview.questions),
        ),
    )
    return await interviews.get(session, owner_id, interview.id)


def _question(number: int, planned: PlannedQuestion) -> Question:
    question = planned.question
    return Question(
        number=number,
        source=planned.source,
        text=question.text,
        kind=question.kind,
        competency=question.competency,
        why=planned.why,
        topics=list(question.topics),
        points=list(question.points),
        guidance=question.guidance,
    )
