"""A worker's metrics tell what its checks, its topics and its tasks are at."""

import asyncio
from typing import ClassVar

from common.contracts.user import UserRegistered
from common.messaging.router import EventRouter
from common.tasks.queue import TaskPayload, TaskRouter, enqueue

ANY_PORT = 9464
"""Not listened on: the meters of the tests are there already."""


class Wait(TaskPayload):
    """A kind of its own: other tests leave tasks behind that nobody does."""

    kind: ClassVar[str] = "sample.wait"


async def test_checks_topics_and_tasks_are_told_as_they_are(sample, client, measurements, eventually):
    tasks, reactions, done = TaskRouter(), EventRouter(), asyncio.Event()

    @tasks.task(Wait)
    async def wait(work, task):
        await done.wait()

    @reactions.on(UserRegistered)
    async def hear(session, event):
        pass

    async def tells(name, value, **labels):
        async def is_told():
            return measurements.of(name, **labels) == value

        await eventually(is_told, timeout=30)

    async with sample.sessions.begin() as session:
        for _ in range(2):
            await enqueue(session, Wait(), owner=client.user_id)
    async with sample.working(reactions, tasks, metrics_port=ANY_PORT, task_owner_limit=1):
        for check in ("postgres", "redis", "kafka", "consumers", "relay", "outbox", "tasks"):
            await tells("interviewace.worker.ready", 1, check=check)
        await tells("interviewace.task.open", 1, kind=Wait.kind, status="running")
        await tells("interviewace.task.open", 1, kind=Wait.kind, status="queued")
        await tells("interviewace.consumer.lag", 0, topic=UserRegistered.topic)
        assert 0 <= measurements.of("interviewace.consumer.poll.age", topic=UserRegistered.topic) < 30
        done.set()
        await tells("interviewace.task.open", 0, kind=Wait.kind)
        await tells("interviewace.outbox.events", 0)
