"""Runs a service's tasks and what the clock asks for: PgQueuer hands out jobs and due times, each becomes one call."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.types import Channel
from pgqueuer.models import Job

from common.db import engine, transient
from common.db.engine import SessionMaker
from common.db.tables import queue_settings
from common.settings import ServiceSettings
from common.tasks import schedules
from common.tasks.attempts import Attempts, MustRunAlone
from common.tasks.queue import RunContext, TaskRouter, backoff

POLL = timedelta(seconds=1)  # a retry is not notified, so this is how late one may start
GRACE_SECONDS = 20.0

log = structlog.get_logger()


class TaskWorker:
    """Works through one service's queue; `run` returns only by an error or after `stop`."""

    def __init__(
        self,
        settings: ServiceSettings,
        router: TaskRouter,
        sessions: SessionMaker,
        resources: Mapping[type, object],
    ) -> None:
        self._url = settings.database_url.get_secret_value()
        self._kinds = list(router.kinds)
        self._schedules = router.schedules | schedules.of_every_service(settings, router)
        self._context = RunContext(sessions, resources)
        self._attempts = Attempts(router, sessions, resources, owner_limit=settings.task_owner_limit)
        self._concurrency = settings.task_concurrency
        self._silence = timedelta(seconds=settings.task_silence)
        self._slots = asyncio.Semaphore(self._concurrency)
        self._taking_all = asyncio.Lock()
        self._queue: QueueManager | None = None
        self._scheduler: SchedulerManager | None = None
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
        connection = await engine.connect(self._url)
        try:
            queries = self._queries(connection)
            self._queue = self._queue_of(queries)
            self._scheduler = schedules.scheduler(queries, self._schedules, self._context)
            if self._stopping:
                return
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._take_jobs(self._queue))
                parts.create_task(self._scheduler.run())
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            self._queue = self._scheduler = None
            with suppress(*transient.CONNECTION_ERRORS):
                await connection.close(timeout=2)

    def stop(self) -> None:
        """Take no more jobs; `run` returns when those at work are done."""
        self._stopping = True
        for part in (self._queue, self._scheduler):
            if part:
                part.shutdown.set()

    async def _take_jobs(self, queue: QueueManager) -> None:
        # no more jobs than are done at once: one that waited here could be done by another worker meanwhile
        await queue.run(
            dequeue_timeout=POLL,
            batch_size=max(1, self._concurrency // 2),
            max_concurrent_tasks=max(2, self._concurrency),
            shutdown_on_listener_failure=True,
            heartbeat_timeout=self._silence,
        )

    def _queries(self, connection: Any) -> Queries:
        settings = queue_settings(engine.schema_of(self._url))
        return Queries(
            AsyncpgDriver(connection),
            qbe=QueryBuilderEnvironment(settings),
            qbq=QueryQueueBuilder(settings),
            qbs=QuerySchedulerBuilder(settings),
        )

    def _queue_of(self, queries: Queries) -> QueueManager:
        manager = QueueManager(queries, channel=Channel(queries.qbe.settings.channel))
        for kind in self._kinds:
            manager.entrypoint(kind)(self._do)
        return manager

    async def _do(self, job: Job) -> None:
        try:
            task_id = UUID(bytes=job.payload or b"")
        except ValueError:
            log.error("job_unreadable", job=job.id, kind=job.entrypoint)
            return
        try:
            await self._attempt(job, task_id)
        except asyncio.CancelledError:
            raise RetryRequested(reason="the worker is stopping") from None
        except RetryRequested as error:
            # the queue's log keeps what led to it, and that may be somebody's words
            raise error from None
        except Exception as error:
            log.warning("task_bookkeeping_failed", task_id=str(task_id), exc_info=error)
            raise RetryRequested(backoff(job.attempts + 1), type(error).__name__) from None

    async def _attempt(self, job: Job, task_id: UUID) -> None:
        try:
            async with self._slots:
                await self._attempts.make(job, task_id, alone=False)
        except MustRunAlone:
            async with self._all_slots():
                await self._attempts.make(job, task_id, alone=True)

    @asynccontextmanager
    async def _all_slots(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            async with self._taking_all:  # two at it would wait for each other
                for _ in range(self._concurrency):
                    await stack.enter_async_context(self._slots)
            yield
