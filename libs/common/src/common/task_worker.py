"""Runs a service's tasks: PgQueuer hands out jobs, each becomes one call, its row tells the owner how it went."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pydantic
import structlog
from opentelemetry import trace
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.types import Channel
from pgqueuer.models import Job
from pydantic_core import from_json
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from common import database, telemetry
from common.database import Sessions
from common.tasks import GiveUp, RetryLater, TaskKind, TaskRouter, TaskStatus, Work, backoff, queue_settings
from common.tombstones import AccountErased

HEARTBEAT_TIMEOUT = timedelta(seconds=10)
POLL = timedelta(seconds=1)  # a retry is not notified, so this is how late one may start
GRACE_SECONDS = 20.0

BEGIN = text(
    "UPDATE task SET status = 'running', attempts = attempts + 1, updated_at = now()"
    " WHERE id = :id AND status IN ('queued', 'running', 'retrying')"
    " RETURNING kind, payload, trace, attempts, failures"
)
END = text(
    "UPDATE task SET status = :status, error = :error, failures = :failures, updated_at = now(),"
    " progress = CASE WHEN :status = 'succeeded' THEN 1 ELSE progress END"
    # an attempt that fell silent may have been overtaken: then the task is no longer its own
    " WHERE id = :id AND status = 'running' AND attempts = :attempts RETURNING 1"
)

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.tasks")


class TaskWorker:
    """Works through one service's queue; `run` returns only by an error or after `stop`."""

    def __init__(
        self,
        url: str,
        router: TaskRouter,
        sessions: Sessions,
        resources: Mapping[type, object],
        *,
        concurrency: int,
    ) -> None:
        self._url = url
        self._router = router
        self._sessions = sessions
        self._resources = resources
        self._slots = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._queue: QueueManager | None = None
        self._stopping = False

    @property
    def active(self) -> bool:
        """True while it takes jobs."""
        return self._queue is not None

    async def run(self) -> None:
        """Take and do jobs until `stop` is called.

        Raises:
            Exception: the connection to the queue broke; calling again resumes.
        """
        connection = await database.connect(self._url)
        try:
            self._queue = self._manager(connection)
            if self._stopping:
                return
            await self._queue.run(
                dequeue_timeout=POLL,
                batch_size=self._concurrency,
                max_concurrent_tasks=self._concurrency * 2,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
            )
        finally:
            self._queue = None
            with suppress(*database.CONNECTION_ERRORS):
                await connection.close(timeout=2)

    def stop(self) -> None:
        """Take no more jobs; `run` returns when those at work are done."""
        self._stopping = True
        if self._queue:
            self._queue.shutdown.set()

    def _manager(self, connection: Any) -> QueueManager:
        settings = queue_settings(database.schema_of(self._url))
        queries = Queries(
            AsyncpgDriver(connection),
            qbe=QueryBuilderEnvironment(settings),
            qbq=QueryQueueBuilder(settings),
            qbs=QuerySchedulerBuilder(settings),
        )
        manager = QueueManager(queries, channel=Channel(settings.channel))
        for kind in self._router.kinds:
            manager.entrypoint(kind)(self._do)
        return manager

    async def _do(self, job: Job) -> None:
        if job.payload is None:
            return
        task_id = UUID(bytes=job.payload)
        async with self._slots:
            try:
                await self._attempt(task_id)
            except asyncio.CancelledError:
                raise RetryRequested(reason="the worker is stopping") from None
            except RetryRequested:
                raise
            except Exception as error:
                log.warning("task_bookkeeping_failed", task_id=str(task_id), exc_info=error)
                raise RetryRequested(backoff(1), type(error).__name__) from error

    async def _attempt(self, task_id: UUID) -> None:
        async with self._sessions.begin() as session:
            row = (await session.execute(BEGIN, {"id": task_id})).mappings().one_or_none()
        if row is None:
            return
        kind = self._router.kinds[row["kind"]]
        context = telemetry.context_of(from_json(row["trace"]))
        with tracer.start_as_current_span(
            f"task {row['kind']}", context=context, kind=trace.SpanKind.CONSUMER
        ) as span:
            span.set_attribute("interviewace.task.id", str(task_id))
            span.set_attribute("interviewace.task.attempt", row["attempts"])
            try:
                await self._run(kind, task_id, row)
            except AccountErased:
                await self._end(task_id, row, TaskStatus.CANCELLED, row["failures"], None)
            except RetryLater as error:
                await self._end(task_id, row, TaskStatus.RETRYING, row["failures"], str(error))
                raise RetryRequested(error.delay, str(error)) from error
            except Exception as error:
                span.record_exception(error, {"exception.message": "", "exception.stacktrace": ""})
                await self._failed(kind, task_id, row, error)
            else:
                await self._end(task_id, row, TaskStatus.SUCCEEDED, row["failures"], None)

    async def _run(self, kind: TaskKind, task_id: UUID, row: RowMapping) -> None:
        try:
            payload = kind.payload_type.model_validate_json(row["payload"])
        except pydantic.ValidationError as error:
            raise GiveUp("The task's payload can't be read.") from error
        work = Work(
            task_id=task_id,
            attempt=row["failures"] + 1,
            sessions=self._sessions,
            resources=self._resources,
        )
        async with asyncio.timeout(kind.timeout):
            await kind.run(work, payload)

    async def _failed(self, kind: TaskKind, task_id: UUID, row: RowMapping, error: Exception) -> None:
        failures = row["failures"] + 1
        reason = _reason(error)
        if not isinstance(error, GiveUp) and failures < kind.attempts:
            log.warning(
                "task_failed", task_id=str(task_id), kind=row["kind"], failures=failures, error=reason
            )
            await self._end(task_id, row, TaskStatus.RETRYING, failures, reason)
            raise RetryRequested(backoff(failures), reason) from error
        log.error("task_given_up", task_id=str(task_id), kind=row["kind"], failures=failures, error=reason)
        await self._end(
            task_id, row, TaskStatus.FAILED, failures, reason, on_failure=_on_failure(kind, row, reason)
        )

    async def _end(
        self,
        task_id: UUID,
        row: RowMapping,
        status: TaskStatus,
        failures: int,
        error: str | None,
        on_failure: Callable[[AsyncSession], Awaitable[None]] | None = None,
    ) -> None:
        async with self._sessions.begin() as session:
            ended = await session.execute(
                END,
                {
                    "id": task_id,
                    "attempts": row["attempts"],
                    "status": status.value,
                    "failures": failures,
                    "error": error,
                },
            )
            if on_failure and ended.scalar():
                await on_failure(session)


def _on_failure(
    kind: TaskKind, row: RowMapping, reason: str
) -> Callable[[AsyncSession], Awaitable[None]] | None:
    failed = kind.failed
    if failed is None:
        return None

    async def call(session: AsyncSession) -> None:
        try:
            payload = kind.payload_type.model_validate_json(row["payload"])
        except pydantic.ValidationError:
            return
        await failed(session, payload, reason)

    return call


def _reason(error: Exception) -> str:
    if isinstance(error, GiveUp):
        return str(error)
    if isinstance(error, TimeoutError):
        return "It took too long."
    return type(error).__name__
