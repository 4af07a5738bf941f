"""The app of a service's background process: reactions to events, the outbox relay, the tasks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial

from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI

from common.db import engine
from common.messaging import outbox
from common.messaging.consumer import create_broker
from common.messaging.dead_letters import DeadLetterTopic
from common.messaging.kafka import producer_opener
from common.messaging.relay import Relay
from common.messaging.router import EventRouter
from common.settings import ServiceSettings
from common.tasks.queue import TaskRouter
from common.tasks.worker import GRACE_SECONDS, TaskWorker
from common.web import base, probes
from common.worker import consuming, queue_age, sampling
from common.worker.consuming import TopicState, WatchedDispatcher
from common.worker.restart import Restarter


def create_worker(
    settings: ServiceSettings,
    reactions: EventRouter,
    tasks: TaskRouter,
    *,
    resources: Sequence[object] = (),
) -> FastAPI:
    """Return the app of a service's background process: reactions to events, the outbox relay, the tasks."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with base.open_foundation(app, settings, resources):
            parts = WorkerRuntime(settings, reactions, tasks, app.state.sessions, app.state.resources)
            app.state.checks |= parts.checks
            app.state.details = {"queue": queue_age.detail(app.state.sessions)} | parts.details
            async with parts.running(app.state.checks):
                yield

    return base.create_app(settings, lifespan, openapi_url=None)


class WorkerRuntime:
    """The parts of a worker, each kept running and each able to say whether it works."""

    def __init__(
        self,
        settings: ServiceSettings,
        reactions: EventRouter,
        tasks: TaskRouter,
        sessions: engine.SessionMaker,
        resources: Mapping[type, object],
    ) -> None:
        url = settings.database_url.get_secret_value()
        self._dead_letters = DeadLetterTopic(settings)
        self._dispatcher = WatchedDispatcher(reactions, sessions)
        self._broker = create_broker(settings, reactions, self._dispatcher, self._dead_letters)
        self._relay = Relay(
            url,
            producer_opener(settings),
            keep_seconds=settings.outbox_keep,
            inbox_keep_seconds=settings.inbox_keep,
            lock_seconds=settings.relay_lock,
        )
        self._sessions = sessions
        self._longest_wait = settings.outbox_max_age
        self._longest_silence = settings.consumer_max_age
        self._tasks = TaskWorker(settings, tasks, sessions, resources)
        self._listens = bool(reactions.topics)
        self._kinds = tuple(tasks.kinds)
        self._measures = settings.metrics_port is not None
        self._listening = asyncio.Event()
        self._restarter = Restarter()

    @property
    def checks(self) -> dict[str, probes.Check]:
        """What `/ready` asks besides Postgres and Redis."""
        return {
            "kafka": probes.after_recovery(self._check_kafka),
            "consumers": probes.after_recovery(self._check_consumers),
            "relay": probes.after_recovery(self._check_relay),
            "outbox": self._check_outbox,
            "tasks": probes.after_recovery(self._check_tasks),
        }

    @property
    def details(self) -> dict[str, probes.Detail]:
        """What `/ready` shows besides and is not changed by."""
        return {"events": self._count_events, "consumers": self._show_topics}

    async def _count_events(self) -> dict[str, int]:
        """Count what waits, and what waits for a person."""
        async with self._sessions() as session:
            backlog = await outbox.backlog(session)
        return {"waiting": backlog.waiting, "refused": backlog.dead_letters}

    async def _check_outbox(self) -> None:
        async with self._sessions() as session:
            backlog = await outbox.backlog(session)
        if (backlog.oldest_seconds or 0) > self._longest_wait:
            raise probes.NotReady(f"the oldest of {backlog.waiting} events has waited too long")

    async def _check_kafka(self) -> None:
        if not self._listens:
            return
        if not self._listening.is_set() or not await self._broker.ping(timeout=1.0):
            raise probes.NotReady("not connected")
        for subscriber in self._broker.subscribers:
            consumer = getattr(subscriber, "consumer", None)
            if consumer is None or not consumer.subscription():
                raise probes.NotReady("not subscribed")

    async def _check_consumers(self) -> None:
        problem = consuming.trouble(
            await self._topics(),
            busy_seconds=self._dispatcher.busy_seconds,
            idle_seconds=self._dispatcher.idle_seconds,
            limit=self._longest_silence,
        )
        if problem:
            raise probes.NotReady(problem)

    async def _check_relay(self) -> None:
        if "relay" in self._restarter.broken:
            raise probes.NotReady("not connected")

    async def _check_tasks(self) -> None:
        if not self._tasks.active:
            raise probes.NotReady("not connected")

    def _consumers(self) -> list[AIOKafkaConsumer]:
        consumers = (getattr(subscriber, "consumer", None) for subscriber in self._broker.subscribers)
        return [consumer for consumer in consumers if consumer is not None]

    async def _topics(self) -> dict[str, TopicState]:
        return await consuming.topics(self._consumers())

    async def _show_topics(self) -> dict[str, dict[str, float | None]]:
        return {topic: asdict(state) for topic, state in (await self._topics()).items()}

    async def _listen(self) -> None:
        try:
            await self._broker.start()
            self._listening.set()
            await asyncio.Event().wait()
        finally:
            self._listening.clear()
            await self._broker.stop()
            for consumer in self._consumers():  # one that was still joining is not stopped by the broker
                await consumer.stop()

    @asynccontextmanager
    async def running(self, checks: Mapping[str, probes.Check]) -> AsyncIterator[None]:
        """Keep every part running, and on the way out let each finish what it has in hand.

        Metrics tell what `checks` say.
        """
        restarter = self._restarter
        parts: list[tuple[str, Callable[[], Awaitable[None]]]] = [("relay", self._relay.run)]
        if self._listens:
            parts.append(("consumers", self._listen))
        if self._measures:
            sample = partial(sampling.run, self._sessions, self._kinds, self._topics, checks)
            parts.append(("metrics", sample))
        kept = [asyncio.create_task(restarter.restart(name, run)) for name, run in parts]
        working = asyncio.create_task(restarter.restart("tasks", self._tasks.run))
        try:
            yield
        finally:
            restarter.stopping = True
            self._tasks.stop()
            await asyncio.wait({working}, timeout=GRACE_SECONDS)
            for task in (working, *kept):
                task.cancel()
            await asyncio.gather(working, *kept, return_exceptions=True)
            await self._dead_letters.close()
