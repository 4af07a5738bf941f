"""One attempt at a task: begun when its turn has come, done within its time, ended in one transaction with its row."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import pydantic
import structlog
from opentelemetry import trace
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job
from pydantic_core import from_json
from sqlalchemy import RowMapping, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common import telemetry
from common.db import tables
from common.db.engine import SessionMaker
from common.db.tables import task
from common.db.tombstones import AccountErased
from common.errors import EventTooLargeError
from common.metrics import meter
from common.tasks import sharing
from common.tasks.queue import PermanentFailure, Retry, TaskContext, TaskKind, TaskRouter, TaskStatus, backoff

FINAL = (PermanentFailure, EventTooLargeError)
DEATHS_ALLOWED = 3
DIED = f"It was stopped in the middle {DEATHS_ALLOWED} times in a row and never came to an end; it is not tried again."
UNKNOWN = "This kind of work is not done any more."
UNREADABLE = "The task's payload can't be read."

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.tasks")
DURATION = meter.create_histogram(
    "interviewace.task.duration",
    unit="s",
    description="Seconds of an attempt at a task, by kind and outcome.",
)


class MustRunAlone(Exception):
    """Workers died at this task before; its last attempt is made alone, so that it dies of itself or not at all."""


@dataclass(frozen=True)
class Attempt:
    """An attempt that has begun. `hopeless` is why nothing is tried any more, where that is so."""

    task_id: UUID
    owner: UUID | None
    name: str
    kind: TaskKind | None
    payload: str
    trace: str
    number: int
    failures: int
    job_attempt: int
    hopeless: str | None


class Attempts:
    """Makes attempts at the tasks of a service, at most `owner_limit` of one owner's at once."""

    def __init__(
        self,
        router: TaskRouter,
        sessions: SessionMaker,
        resources: Mapping[type, object],
        *,
        owner_limit: int,
    ) -> None:
        self._router = router
        self._sessions = sessions
        self._resources = resources
        self._owner_limit = owner_limit
        self._beginning = asyncio.Lock()

    async def make(self, job: Job, task_id: UUID, *, alone: bool) -> None:
        """Make an attempt at a task, unless it is gone, has ended or has to wait its turn.

        Raises:
            RetryRequested: the task is to be tried again after a delay.
            MustRunAlone: nothing was done, as `alone` was not so.
        """
        async with self._beginning:  # those taken together begin in their order
            attempt = await self._begin(job, task_id, alone=alone)
        if attempt is None:
            return
        context = telemetry.context_of(from_json(attempt.trace))
        about = {"task_id": str(task_id), "kind": attempt.name, "attempt": attempt.number}
        outcome = TaskStatus.RETRYING
        with tracer.start_as_current_span(
            f"task {attempt.name}", context=context, kind=trace.SpanKind.CONSUMER
        ) as span:
            span.set_attribute("interviewace.task.id", str(task_id))
            span.set_attribute("interviewace.task.attempt", attempt.number)
            log.info("task_started", **about)
            started = time.perf_counter()
            try:
                outcome = await self._make(attempt, span)
            finally:
                seconds = time.perf_counter() - started
                DURATION.record(seconds, {"kind": attempt.name, "outcome": outcome.value})
                log.info("task_ended", **about, outcome=outcome.value, milliseconds=round(seconds * 1000, 1))

    async def _make(self, attempt: Attempt, span: trace.Span) -> TaskStatus:
        """Do the work and end the attempt in one transaction with its row; return what came of it.

        Raises:
            RetryRequested: it is to be tried again.
        """
        if attempt.hopeless:
            await self._give_up(attempt, attempt.failures, attempt.hopeless)
            return TaskStatus.FAILED
        try:
            await self._run(attempt)
        except AccountErased:
            async with self._sessions.begin() as session:
                await self._end(session, attempt, TaskStatus.CANCELLED, attempt.failures, None)
            return TaskStatus.CANCELLED
        except Retry as error:
            await self._retry(attempt, attempt.failures, str(error), error.delay)
        except Exception as error:
            span.record_exception(error, {"exception.message": "", "exception.stacktrace": ""})
            await self._failed(attempt, error)
            return TaskStatus.FAILED
        async with self._sessions.begin() as session:
            await self._end(session, attempt, TaskStatus.SUCCEEDED, attempt.failures, None)
        return TaskStatus.SUCCEEDED

    async def _begin(self, job: Job, task_id: UUID, *, alone: bool) -> Attempt | None:
        async with self._sessions.begin() as session:
            query = select(task).where(task.c.id == task_id, tables.OPEN).with_for_update()
            row = (await session.execute(query)).mappings().one_or_none()
            if row is None:
                return None
            deaths = row["deaths"] + _died(row, job)
            if deaths == DEATHS_ALLOWED - 1 and not alone:
                raise MustRunAlone
            if not await self._turn_has_come(session, row, job):
                return None
            attempt = self._attempt(row, job, deaths)
            values = {
                "status": TaskStatus.RUNNING.value,
                "place": None,
                "attempts": attempt.number,
                "deaths": deaths,
                "job_id": job.id,
                "job_attempt": job.attempts,
                "updated_at": func.now(),
            }
            await session.execute(update(task).where(task.c.id == task_id).values(values))
            return attempt

    async def _turn_has_come(self, session: AsyncSession, row: RowMapping, job: Job) -> bool:
        owner, limit = row["owner_id"], self._owner_limit
        if owner is None or row["status"] == TaskStatus.RUNNING:
            return True
        if await sharing.may_start(session, row["id"], owner, row["place"], limit):
            return True
        await sharing.wait_in_line(session, row["id"], owner, job.id, limit)
        return False

    def _attempt(self, row: RowMapping, job: Job, deaths: int) -> Attempt:
        kind = self._router.kinds.get(row["kind"])
        hopeless = None
        if kind is None:
            hopeless = UNKNOWN
        elif deaths >= DEATHS_ALLOWED:
            hopeless = DIED
        elif row["failures"] >= kind.attempts:
            hopeless = row["error"] or DIED
        return Attempt(
            task_id=row["id"],
            owner=row["owner_id"],
            name=row["kind"],
            kind=kind,
            payload=row["payload"],
            trace=row["trace"],
            number=row["attempts"] + (hopeless is None),
            failures=row["failures"],
            job_attempt=job.attempts,
            hopeless=hopeless,
        )

    async def _run(self, attempt: Attempt) -> None:
        assert attempt.kind is not None  # noqa: S101 - an unknown kind is hopeless
        try:
            payload = attempt.kind.payload_type.model_validate_json(attempt.payload)
        except pydantic.ValidationError as error:
            raise PermanentFailure(UNREADABLE) from error
        work = TaskContext(
            task_id=attempt.task_id,
            attempt=attempt.failures + 1,
            sessions=self._sessions,
            resources=self._resources,
        )
        async with asyncio.timeout(attempt.kind.timeout):
            await attempt.kind.run(work, payload)

    async def _failed(self, attempt: Attempt, error: Exception) -> None:
        assert attempt.kind is not None  # noqa: S101 - an unknown kind is hopeless
        failures, reason = attempt.failures + 1, _reason(error)
        if isinstance(error, FINAL) or failures >= attempt.kind.attempts:
            await self._give_up(attempt, failures, reason)
            return
        log.warning(
            "task_failed", task_id=str(attempt.task_id), kind=attempt.name, failures=failures, error=reason
        )
        await self._retry(attempt, failures, reason, backoff(failures))

    async def _give_up(self, attempt: Attempt, failures: int, reason: str) -> None:
        about = {"task_id": str(attempt.task_id), "kind": attempt.name, "error": reason}
        try:
            async with self._sessions.begin() as session:
                if await self._end(session, attempt, TaskStatus.FAILED, failures, reason):
                    log.error("task_given_up", **about, failures=failures)
        except Exception as error:
            # what failed is telling of it: that is tried again, and not the work
            log.error("task_giving_up_failed", **about, exc_info=error)
            allowed = attempt.kind.attempts if attempt.kind else failures
            await self._retry(attempt, max(failures, allowed), reason, backoff(attempt.job_attempt + 1))

    async def _retry(self, attempt: Attempt, failures: int, reason: str, delay: timedelta) -> NoReturn:
        async with self._sessions.begin() as session:
            await self._end(session, attempt, TaskStatus.RETRYING, failures, reason, delay)
        raise RetryRequested(delay, reason)

    async def _end(
        self,
        session: AsyncSession,
        attempt: Attempt,
        status: TaskStatus,
        failures: int,
        error: str | None,
        delay: timedelta = timedelta(0),
    ) -> bool:
        """End the attempt, call whose turn it is; return False where it was overtaken and ends nothing."""
        values: dict[str, object] = {
            "status": status.value,
            "error": error,
            "failures": failures,
            "deaths": 0,
            "due_at": func.now() + delay,
            "updated_at": func.now(),
        }
        if status is TaskStatus.SUCCEEDED:
            values["progress"] = 1
        # one that fell silent may have been overtaken: then the task is no longer its own
        own = and_(
            task.c.id == attempt.task_id,
            task.c.status == TaskStatus.RUNNING.value,
            task.c.attempts == attempt.number,
        )
        if not await session.scalar(update(task).where(own).values(values).returning(task.c.id)):
            return False
        if status is TaskStatus.FAILED:
            await _tell(session, attempt, error or "")
        if attempt.owner is not None:
            await sharing.call_next(session, attempt.owner, self._owner_limit)
        return True


def _died(row: RowMapping, job: Job) -> bool:
    """Whether the attempt before ended by its worker's death: the same job again, which nobody had handed back."""
    return row["status"] == TaskStatus.RUNNING and (row["job_id"], row["job_attempt"]) == (
        job.id,
        job.attempts,
    )


async def _tell(session: AsyncSession, attempt: Attempt, reason: str) -> None:
    """Let the task's kind do what belongs to a failure, in the transaction that marks it."""
    if attempt.kind is None or attempt.kind.failed is None:
        return
    try:
        payload = attempt.kind.payload_type.model_validate_json(attempt.payload)
    except pydantic.ValidationError:
        return
    await attempt.kind.failed(session, payload, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, FINAL):
        return str(error)
    if isinstance(error, TimeoutError):
        return "It took too long."
    return type(error).__name__
