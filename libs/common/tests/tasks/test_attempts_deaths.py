"""Workers that die of a task: it is given up after some deaths, and what ran beside it is not."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from common.tasks.attempts import DIED, UNKNOWN
from common.tasks.queue import TaskRouter, enqueue
from common.tasks.worker import TaskWorker

WORKER = Path(__file__).parent / "deadly_worker.py"


@pytest.fixture
def begin(sample, remember_payload):
    async def enqueue_one(client, words):
        async with sample.sessions.begin() as session:
            payload = remember_payload(owner_id=client.user_id, text=words)
            return await enqueue(session, payload, owner=client.user_id)

    return enqueue_one


@pytest_asyncio.fixture
async def ever_restarted(sample):
    """A worker process that is started again whenever it dies, as an orchestrator does; its exits are noted."""
    environment = os.environ | sample.services.settings_environment("sample") | {"TASK_SILENCE": "1"}
    exits = []

    async def keep():
        while True:
            process = await asyncio.create_subprocess_exec(sys.executable, WORKER, env=environment)
            try:
                exits.append(await process.wait())
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()

    kept = asyncio.create_task(keep())
    yield exits
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)


async def test_a_task_that_kills_its_workers_is_given_up_and_its_owner_is_told(
    sample, client, begin, eventually, ever_restarted
):
    async with sample.client() as other:
        beside = await begin(other, "beside")
        deadly = await begin(client, "deadly")

        async def given_up():
            seen = (await client.get(f"/api/v1/tasks/{deadly}")).json()
            return seen if seen["status"] == "failed" else None

        seen = await eventually(given_up, 90)
        assert (seen["attempts"], seen["error"]) == (3, DIED)
        assert await sample.notes(client.user_id) == [DIED]
        assert ever_restarted == [-9, -9, -9]

        async def beside_is_done():
            return (await other.get(f"/api/v1/tasks/{beside}")).json()["status"] == "succeeded"

        await eventually(beside_is_done)
        assert await sample.notes(other.user_id) == ["beside"]


async def test_stopping_a_worker_is_no_failure_of_its_tasks(
    sample, client, begin, remember_payload, eventually
):
    router, begun, go = TaskRouter(), asyncio.Event(), asyncio.Event()

    @router.task(remember_payload, attempts=1)
    async def hang(work, task):
        begun.set()
        await go.wait()

    task_id = await begin(client, "x")
    for _ in range(5):
        worker = TaskWorker(sample.settings, router, sample.sessions, {})
        running = asyncio.create_task(worker.run())
        await begun.wait()
        begun.clear()
        worker.stop()
        await asyncio.wait({running}, timeout=0.2)
        running.cancel()  # as after the time of grace
        with suppress(asyncio.CancelledError):
            await running
    go.set()
    async with sample.working(tasks=router):

        async def done():
            return (await client.get(f"/api/v1/tasks/{task_id}")).json()["status"] == "succeeded"

        await eventually(done)
    async with sample.sessions() as session:
        row = await session.execute(
            text("SELECT attempts, failures, deaths FROM task WHERE id = :id"), {"id": task_id}
        )
        assert tuple(row.one()) == (6, 0, 0)


async def test_a_worker_whose_loop_was_blocked_is_overtaken_and_the_task_still_ends(
    sample, client, begin, remember_payload, eventually
):
    router, begun, go = TaskRouter(), [], asyncio.Event()

    @router.task(remember_payload)
    async def hang(work, task):
        begun.append(task)
        await go.wait()

    task_id = await begin(client, "x")
    async with sample.working(tasks=router):

        async def first_has_begun():
            return len(begun) == 1

        await eventually(first_has_begun)
        async with sample.working(tasks=router):
            async with sample.sessions.begin() as session:
                silent = text(
                    "UPDATE pgqueuer SET heartbeat = now() - interval '1 hour' WHERE payload = :payload"
                )
                await session.execute(silent, {"payload": task_id.bytes})

            async def second_has_begun():
                return len(begun) == 2

            await eventually(second_has_begun)
            go.set()

            async def done():
                return (await client.get(f"/api/v1/tasks/{task_id}")).json()["status"] == "succeeded"

            await eventually(done)
    seen = (await client.get(f"/api/v1/tasks/{task_id}")).json()
    assert (seen["attempts"], seen["error"]) == (2, None)


async def test_telling_of_a_failure_is_tried_again_without_the_work(
    sample, client, begin, remember_payload, note_model, eventually
):
    router, runs, refusals = TaskRouter(), [], iter(range(1))

    async def tell(session, task, reason):
        session.add(note_model(owner_id=task.owner_id, text=f"told: {reason}"))
        await session.flush()
        if next(refusals, None) is not None:
            raise ConnectionError("gone")

    @router.task(remember_payload, attempts=2, failed=tell)
    async def fail(work, task):
        runs.append(task)
        raise KeyError("internal words")

    task_id = await begin(client, "x")
    async with sample.working(tasks=router):

        async def failed():
            return (await client.get(f"/api/v1/tasks/{task_id}")).json()["status"] == "failed"

        await eventually(failed)
    assert len(runs) == 2
    assert await sample.notes(client.user_id) == ["told: KeyError"]


async def test_the_queues_log_keeps_no_words_of_what_failed(
    sample, client, begin, remember_payload, eventually
):
    router = TaskRouter()

    @router.task(remember_payload, attempts=2)
    async def fail(work, task):
        raise ValueError(f"words of {task.owner_id}")

    task_id = await begin(client, "x")
    async with sample.working(tasks=router):

        async def failed():
            return (await client.get(f"/api/v1/tasks/{task_id}")).json()["status"] == "failed"

        await eventually(failed)
    async with sample.sessions() as session:
        kept = list(
            await session.scalars(
                text("SELECT traceback::text FROM pgqueuer_log WHERE traceback IS NOT NULL")
            )
        )
    assert any("ValueError" in traceback for traceback in kept)
    assert not any(f"words of {client.user_id}" in traceback for traceback in kept)


async def test_the_last_attempt_at_what_workers_died_of_is_made_alone(
    sample, client, begin, remember_payload, eventually
):
    router, running, beside = TaskRouter(), set(), {}

    @router.task(remember_payload)
    async def work_a_while(work, task):
        running.add(work.task_id)
        for _ in range(5):
            await asyncio.sleep(0.02)
            beside.setdefault(work.task_id, set()).update(running - {work.task_id})
        running.remove(work.task_id)

    async with sample.client() as other, sample.client() as third:
        suspects = [await begin(client, "suspect"), await begin(client, "suspect")]
        others = [await begin(caller, "other") for caller in (other, other, third, third)]
        async with sample.sessions.begin() as session:
            await session.execute(text("UPDATE task SET deaths = 2 WHERE id = ANY(:ids)"), {"ids": suspects})
        async with sample.working(tasks=router):

            async def all_done():
                query = text("SELECT count(*) FROM task WHERE id = ANY(:ids) AND status = 'succeeded'")
                async with sample.sessions() as session:
                    return await session.scalar(query, {"ids": suspects + others}) == 6

            await eventually(all_done)
    assert [beside[task_id] for task_id in suspects] == [set(), set()]
    assert any(beside[task_id] for task_id in others)


async def test_a_task_that_can_not_be_begun_is_tried_again(
    sample, client, begin, remember_payload, eventually
):
    router = TaskRouter()

    @router.task(remember_payload)
    async def do(work, task):
        pass

    task_id = await begin(client, "x")
    change = text("UPDATE task SET trace = :trace WHERE id = :id")

    async def status():
        return (await client.get(f"/api/v1/tasks/{task_id}")).json()["status"]

    async with sample.sessions.begin() as session:
        await session.execute(change, {"id": task_id, "trace": "not JSON"})
    async with sample.working(tasks=router):

        async def tried():
            return await status() == "running"

        await eventually(tried)
        async with sample.sessions.begin() as session:
            await session.execute(change, {"id": task_id, "trace": "{}"})

        async def done():
            return await status() == "succeeded"

        await eventually(done)


async def test_a_task_of_another_kind_than_its_job_fails(sample, client, begin, remember_payload, eventually):
    router = TaskRouter()

    @router.task(remember_payload)
    async def do(work, task):
        pass

    task_id = await begin(client, "x")
    async with sample.sessions.begin() as session:
        await session.execute(text("UPDATE task SET kind = 'sample.gone' WHERE id = :id"), {"id": task_id})
    async with sample.working(tasks=router):

        async def failed():
            seen = (await client.get(f"/api/v1/tasks/{task_id}")).json()
            return seen["error"] if seen["status"] == "failed" else None

        assert await eventually(failed) == UNKNOWN
