"""Tasks of one owner leave room for everybody else's, and are begun in their order."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import text

from common.tasks.queue import Retry, TaskRouter, enqueue

LIMIT = 2


@pytest.fixture
def begin(sample, remember_payload):
    """Enqueue tasks of one owner, each with its own words."""

    async def enqueue_all(client, *words):
        for word in words:
            async with sample.sessions.begin() as session:
                payload = remember_payload(owner_id=client.user_id, text=word)
                await enqueue(session, payload, owner=client.user_id)

    return enqueue_all


@pytest.fixture
def statuses(sample):
    """Return how many tasks of an owner have each status."""

    async def count(client):
        query = text("SELECT status, count(*) FROM task WHERE owner_id = :owner GROUP BY status")
        async with sample.sessions() as session:
            return dict(list(await session.execute(query, {"owner": client.user_id})))

    return count


class Gate:
    """Tasks that go on when they are let; it knows what was begun and how many ran at once."""

    def __init__(self, payload):
        self.router = TaskRouter()
        self.open = asyncio.Event()
        self.begun: dict[object, list[str]] = {}
        self.most: dict[object, int] = {}
        self.running: dict[object, int] = {}
        self.router.task(payload)(self.run)

    async def run(self, work, task):
        owner = task.owner_id
        self.begun.setdefault(owner, []).append(task.text)
        self.running[owner] = self.running.get(owner, 0) + 1
        self.most[owner] = max(self.most.get(owner, 0), self.running[owner])
        try:
            if task.text.startswith("slow"):
                await self.open.wait()
        finally:
            self.running[owner] -= 1


@pytest.fixture
def gate(remember_payload):
    return Gate(remember_payload)


@pytest.mark.parametrize("workers", [1, 2])
async def test_twelve_slow_tasks_of_one_owner_leave_room_for_anothers(
    sample, client, begin, statuses, eventually, gate, workers
):
    words = [f"slow {number:02}" for number in range(12)]
    await begin(client, *words)
    async with sample.client() as other, AsyncExitStack() as stack:
        await begin(other, "quick")
        for _ in range(workers):
            await stack.enter_async_context(sample.working(tasks=gate.router))

        async def other_is_done():
            return await statuses(other) == {"succeeded": 1}

        await eventually(other_is_done)
        assert await statuses(client) == {"running": LIMIT, "queued": 10}
        gate.open.set()

        async def all_are_done():
            return await statuses(client) == {"succeeded": 12}

        await eventually(all_are_done)
    assert gate.most[client.user_id] == LIMIT
    assert sorted(gate.begun[client.user_id]) == words


async def test_tasks_of_one_owner_begin_in_the_order_they_were_asked_for(
    sample, client, begin, statuses, eventually, gate
):
    words = [f"slow {number:02}" for number in range(8)]
    await begin(client, *words)
    settings = sample.settings
    sample.settings = settings.model_copy(update={"task_owner_limit": 1})
    try:
        async with sample.working(tasks=gate.router):

            async def others_wait():
                return await statuses(client) == {"running": 1, "queued": 7}

            await eventually(others_wait)
            await begin(client, "slow later")
            gate.open.set()

            async def all_are_done():
                return await statuses(client) == {"succeeded": 9}

            await eventually(all_are_done)
    finally:
        sample.settings = settings
    assert gate.begun[client.user_id] == [*words, "slow later"]
    assert gate.most[client.user_id] == 1


async def test_a_long_line_is_worked_off(sample, client, begin, statuses, eventually, gate):
    words = [f"slow {number:02}" for number in range(30)]
    await begin(client, *words[:25])
    async with sample.working(tasks=gate.router):

        async def line_stands():
            query = text("SELECT count(*) FROM task WHERE owner_id = :owner AND place = 'waiting'")
            async with sample.sessions() as session:
                return await session.scalar(query, {"owner": client.user_id}) == 23

        await eventually(line_stands)
        await begin(client, *words[25:])
        async with sample.sessions() as session:
            jobs = text(
                "SELECT count(*) FROM pgqueuer JOIN task ON pgqueuer.payload = uuid_send(task.id)"
                " WHERE owner_id = :owner"
            )
            assert await session.scalar(jobs, {"owner": client.user_id}) == LIMIT
        gate.open.set()

        async def all_are_done():
            return await statuses(client) == {"succeeded": 30}

        await eventually(all_are_done)
    assert sorted(gate.begun[client.user_id]) == words


async def test_a_task_that_waits_for_somebody_else_keeps_no_place(
    sample, client, begin, statuses, eventually, note_model, remember_payload
):
    router = TaskRouter()

    @router.task(remember_payload)
    async def wait(work, task):
        if task.text == "deferred":
            raise Retry("the model is away", timedelta(seconds=30))

    await begin(client, "deferred", "deferred", "deferred", "next")
    async with sample.working(tasks=router):

        async def next_is_done():
            return await statuses(client) == {"retrying": 3, "succeeded": 1}

        await eventually(next_is_done)


async def test_work_nobody_owns_is_not_limited(sample, remember_payload, client, eventually, gate):
    async with sample.sessions.begin() as session:
        for number in range(4):
            payload = remember_payload(owner_id=client.user_id, text=f"slow {number}")
            await enqueue(session, payload)
    async with sample.working(tasks=gate.router):

        async def all_run():
            return gate.running.get(client.user_id) == 4

        await eventually(all_run)
        gate.open.set()


async def test_a_place_of_a_worker_that_died_is_taken_up_with_its_task(
    sample, client, begin, statuses, eventually, gate
):
    await begin(client, "slow 1", "slow 2", "slow 3")
    async with sample.sessions.begin() as session:
        # as two deaths leave it: one began and fell silent, one was called and its job is gone
        picked = text(
            "UPDATE pgqueuer SET status = 'picked', heartbeat = now() - interval '1 minute',"
            " queue_manager_id = gen_random_uuid() WHERE payload IN"
            " (SELECT uuid_send(id) FROM task WHERE owner_id = :owner)"
        )
        await session.execute(picked, {"owner": client.user_id})
        await session.execute(
            text("UPDATE task SET status = 'running', attempts = 1 WHERE owner_id = :owner"),
            {"owner": client.user_id},
        )
    gate.open.set()
    async with sample.working(tasks=gate.router):

        async def all_are_done():
            return await statuses(client) == {"succeeded": 3}

        await eventually(all_are_done)
