"""Evaluations: made once for each answer, outside any transaction, and deferred while no language model answers."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.clock import utcnow
from common.contracts.interview import AnswerEvaluated
from common.db import notifications
from common.db.engine import SessionMaker
from common.db.notifications import Notifier
from common.errors import LLMProviderError
from common.messaging import outbox
from common.metrics import meter, timed
from common.tasks.queue import Retry, TaskPayload
from interview import interviews
from interview.coaching import evaluation as coaching
from interview.coaching import evaluator
from interview.coaching.evaluation import BUILT_IN, EvaluatedBy
from interview.models import Answer, Evaluation, Interview, Question, Status
from interview.questions import question
from llm.chain import Chain

DURATION = meter.create_histogram(
    "interviewace.evaluation.duration",
    unit="s",
    description="Seconds of judging an answer, by engine and outcome.",
)
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(seconds=60)
FAILED = "This answer could not be evaluated: something went wrong on our side."
SKIPPED = "This question was skipped."


class EvaluateAnswer(TaskPayload):
    """Evaluate one answer."""

    kind: ClassVar[str] = "interview.evaluate_answer"

    answer_id: UUID


@dataclass(frozen=True)
class _Unevaluated:
    """An answer that waits for its evaluation."""

    interview_id: UUID
    question: question.Question
    text: str


async def evaluate(sessionmaker: SessionMaker, chain: Chain, answer_id: UUID) -> None:
    """Evaluate an answer that has no evaluation yet; where it has one, or is gone, do nothing.

    Raises:
        Retry: language models are set up and none answered; the evaluation is deferred.
    """
    waiting = await _read(sessionmaker, answer_id)
    if waiting is None:
        return
    try:
        with timed(DURATION, {}) as measured:
            result = await evaluator.evaluate(chain, waiting.question, waiting.text)
            measured |= {"engine": result.evaluated_by.engine, "outcome": _outcome(result)}
    except LLMProviderError as error:
        raise Retry(
            type(error).__name__, await _defer(sessionmaker, waiting.interview_id, answer_id)
        ) from error
    async with sessionmaker.begin() as session:
        interview = await _lock(session, waiting.interview_id)
        evaluation = await session.get(Evaluation, answer_id)
        if interview is None or evaluation is None or evaluation.status is Status.DONE:
            return
        await _finish(session, interview, evaluation, result)


async def give_up(session: AsyncSession, task: EvaluateAnswer, _: str) -> None:
    """Close an evaluation that failed for good without a score, so that the interview can come to its end."""
    interview_id = await session.scalar(
        select(Question.interview_id)
        .join(Answer, Answer.question_id == Question.id)
        .where(Answer.id == task.answer_id)
    )
    interview = await _lock(session, interview_id) if interview_id else None
    evaluation = await session.get(Evaluation, task.answer_id)
    if interview is None or evaluation is None or evaluation.status is Status.DONE:
        return
    await _finish(session, interview, evaluation, _unjudged(coaching.Kind.FAILED, FAILED))


async def skip(session: AsyncSession, interview: Interview, answer: Answer) -> None:
    """Note that a skipped question needs no evaluation."""
    await _finish(session, interview, answer.evaluation, _unjudged(coaching.Kind.SKIPPED, SKIPPED))


def _outcome(result: coaching.Evaluation) -> str:
    if not result.by_engine:
        return "settled"
    return "numbered" if result.score is not None else "without_a_number"


def _unjudged(kind: coaching.Kind, note: str) -> coaching.Evaluation:
    by = EvaluatedBy(engine=BUILT_IN, runs=0)
    return coaching.Evaluation(kind=kind, note=note, evaluated_by=by)


async def _finish(
    session: AsyncSession,
    interview: Interview,
    evaluation: Evaluation,
    content: coaching.Evaluation,
) -> None:
    evaluation.status = Status.DONE
    evaluation.score = content.score
    evaluation.content = content
    evaluation.evaluated_at = utcnow()
    await outbox.publish(
        session,
        AnswerEvaluated(
            interview_id=interview.id,
            user_id=interview.owner_id,
            answer_id=evaluation.answer_id,
            resume_id=interview.resume_id,
            score=content.score,
            engine=content.evaluated_by.engine,
        ),
    )
    await interviews.complete_if_evaluated(session, interview)


async def _read(sessionmaker: SessionMaker, answer_id: UUID) -> _Unevaluated | None:
    query = (
        select(Answer.text, Question, Interview.level)
        .join(Question, Question.id == Answer.question_id)
        .join(Interview, Interview.id == Question.interview_id)
        .join(Evaluation, Evaluation.answer_id == Answer.id)
        .where(Answer.id == answer_id, Evaluation.status != Status.DONE)
    )
    async with sessionmaker() as session:
        row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    text, asked, level = row
    return _Unevaluated(asked.interview_id, _judged(asked, level), text)


def _judged(asked: Question, level: question.Level) -> question.Question:
    return question.Question(
        text=asked.text,
        kind=asked.kind,
        level=level,
        competency=asked.competency,
        topics=tuple(asked.topics),
        points=tuple(asked.points),
        guidance=asked.guidance,
    )


async def _defer(sessionmaker: SessionMaker, interview_id: UUID, answer_id: UUID) -> timedelta:
    """Note that an evaluation waits, and return how long to wait before the next attempt."""
    async with sessionmaker.begin() as session:
        interview = await _lock(session, interview_id)
        evaluation = await session.get(Evaluation, answer_id)
        if interview is None or evaluation is None or evaluation.status is Status.DONE:
            return FIRST_DELAY
        evaluation.status = Status.DEFERRED
        evaluation.deferrals += 1
        await notifications.notify(session, interviews.notification_key(interview_id))
        return min(FIRST_DELAY * 2.0 ** min(evaluation.deferrals - 1, 10), LONGEST_DELAY)


async def _lock(session: AsyncSession, interview_id: UUID) -> Interview | None:
    interview: Interview | None = await session.scalar(
        select(Interview).where(Interview.id == interview_id).with_for_update()
    )
    return interview


async def wait_until_evaluated(
    sessionmaker: SessionMaker, notifier: Notifier, interview_id: UUID, answer: Answer, seconds: float
) -> Answer:
    """Return the answer with its evaluation as soon as that is no longer pending, or as it is after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    async with notifier.watch(interviews.notification_key(interview_id)) as subscription:
        while answer.evaluation.status is Status.PENDING and (remaining := deadline - loop.time()) > 0:
            async with sessionmaker() as session:
                fresh = await session.get(Evaluation, answer.id)
            if fresh is None:
                break
            answer.evaluation = fresh
            if fresh.status is Status.PENDING:
                await subscription.wait(remaining)
    return answer
