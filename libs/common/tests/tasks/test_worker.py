"""Tasks: enqueued with their cause, done once, repeated on failure, given up with a reason the owner sees."""

import asyncio
import logging
from datetime import timedelta

import pytest
from sqlalchemy import text

from common.ids import uuid7
from common.tasks.queue import PermanentFailure, Retry, TaskRouter, enqueue


@pytest.fixture
def start(sample, remember_payload):
    """Enqueue a task for a new owner and return its id."""

    async def begin(client, words="x", **options):
        async with sample.sessions.begin() as session:
            payload = remember_payload(owner_id=client.user_id, text=words)
            return await enqueue(session, payload, owner=client.user_id, **options)

    return begin


@pytest.fixture
def until(eventually):
    """Wait until the task shows the status and return how it is seen."""

    async def wait(client, task_id, status):
        async def reached():
            seen = (await client.get(f"/api/v1/tasks/{task_id}")).json()
            return seen if seen["status"] == status else None

        return await eventually(reached)

    return wait


@pytest.fixture
def remembering(note_model, remember_payload):
    """A router whose task writes its words down."""
    router = TaskRouter()

    @router.task(remember_payload)
    async def remember(work, task):
        async with work.sessions.begin() as session:
            session.add(note_model(owner_id=task.owner_id, text=task.text))

    return router


async def test_a_task_is_done_and_shows_its_result(sample, client, start, until, remembering):
    async with sample.working(tasks=remembering):
        task_id = await start(client, "done", result="/notes/1")
        seen = await until(client, task_id, "succeeded")
    assert seen["progress"] == 1
    assert seen["attempts"] == 1
    assert seen["error"] is None
    assert seen["links"] == {"self": f"/api/v1/tasks/{task_id}", "result": "/notes/1"}
    assert await sample.notes(client.user_id) == ["done"]


async def test_a_rollback_enqueues_nothing(sample, client, start, until, remembering, remember_payload):
    async with sample.working(tasks=remembering):
        with pytest.raises(RuntimeError, match="no"):
            async with sample.sessions.begin() as session:
                await enqueue(
                    session, remember_payload(owner_id=client.user_id, text="never"), owner=client.user_id
                )
                raise RuntimeError("no")
        await until(client, await start(client, "after"), "succeeded")
    assert await sample.notes(client.user_id) == ["after"]


async def test_a_delayed_task_waits_its_time(sample, client, start, until, remembering):
    async with sample.working(tasks=remembering):
        later = await start(client, "later", delay=timedelta(seconds=1))
        await until(client, await start(client, "first"), "succeeded")
        assert await sample.notes(client.user_id) == ["first"]
        await until(client, later, "succeeded")


async def test_a_failure_is_tried_again(sample, client, start, until, note_model, remember_payload):
    router, failures = TaskRouter(), iter(range(2))

    @router.task(remember_payload, attempts=3)
    async def stumble(work, task):
        if next(failures, None) is not None:
            raise ConnectionError("gone")
        async with work.sessions.begin() as session:
            session.add(note_model(owner_id=task.owner_id, text=f"attempt {work.attempt}"))

    async with sample.working(tasks=router):
        seen = await until(client, await start(client), "succeeded")
    assert seen["attempts"] == 3
    assert await sample.notes(client.user_id) == ["attempt 3"]


async def test_each_attempt_says_when_it_began_when_it_ended_how_long_it_took_and_what_came_of_it(
    sample, client, start, until, remember_payload, caplog
):
    tasks, failures = TaskRouter(), iter([Retry("not yet", timedelta(milliseconds=10)), None])

    @tasks.task(remember_payload)
    async def remember(work, task):
        if error := next(failures):
            raise error

    async with sample.working(tasks=tasks):
        # the start of a process sets up the logs anew
        caplog.set_level("INFO")
        logging.getLogger().addHandler(caplog.handler)
        task_id = await start(client)
        await until(client, task_id, "succeeded")
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    own = [line for line in lines if line["event"] in ("task_started", "task_ended")]
    own = [line for line in own if line["task_id"] == str(task_id)]
    assert [(line["event"], line["attempt"], line.get("outcome")) for line in own] == [
        ("task_started", 1, None),
        ("task_ended", 1, "retrying"),
        ("task_started", 2, None),
        ("task_ended", 2, "succeeded"),
    ]
    assert all(line["milliseconds"] >= 0 for line in own if line["event"] == "task_ended")
    assert {line["kind"] for line in own} == {remember_payload.kind}


async def test_after_the_last_attempt_it_has_failed_and_its_owner_is_told(
    sample, client, start, until, note_model, remember_payload
):
    router = TaskRouter()

    async def tell(session, task, reason):
        session.add(note_model(owner_id=task.owner_id, text=f"failed: {reason}"))

    @router.task(remember_payload, attempts=2, failed=tell)
    async def fail(work, task):
        raise KeyError("internal words")

    async with sample.working(tasks=router):
        seen = await until(client, await start(client), "failed")
    assert (seen["attempts"], seen["error"]) == (2, "KeyError")
    assert await sample.notes(client.user_id) == ["failed: KeyError"]


async def test_giving_up_is_not_tried_again(sample, client, start, until, remember_payload):
    router = TaskRouter()

    @router.task(remember_payload)
    async def give_up(work, task):
        await work.progress(0.5)
        raise PermanentFailure("The file is empty; upload another one.")

    async with sample.working(tasks=router):
        seen = await until(client, await start(client, result="/notes"), "failed")
    assert (seen["attempts"], seen["progress"]) == (1, 0.5)
    assert seen["error"] == "The file is empty; upload another one."
    assert seen["links"]["result"] is None


async def test_waiting_for_somebody_else_has_no_limit(sample, client, start, until, remember_payload):
    router, waits = TaskRouter(), iter(range(4))

    @router.task(remember_payload, attempts=1)
    async def wait(work, task):
        if next(waits, None) is not None:
            raise Retry("the model is away", timedelta(milliseconds=50))

    async with sample.working(tasks=router):
        seen = await until(client, await start(client), "succeeded")
    assert seen["attempts"] == 5


async def test_a_task_that_takes_too_long_is_stopped(sample, client, start, until, remember_payload):
    router = TaskRouter()

    @router.task(remember_payload, attempts=1, timeout=0.1)
    async def hang(work, task):
        await asyncio.Event().wait()

    async with sample.working(tasks=router):
        seen = await until(client, await start(client), "failed")
    assert seen["error"] == "It took too long."


async def test_a_task_in_hand_is_finished_before_the_worker_stops(
    sample, client, start, until, note_model, remember_payload
):
    router, begun, go = TaskRouter(), asyncio.Event(), asyncio.Event()

    @router.task(remember_payload)
    async def slow(work, task):
        begun.set()
        await go.wait()
        async with work.sessions.begin() as session:
            session.add(note_model(owner_id=task.owner_id, text="finished"))

    async with sample.working(tasks=router):
        task_id = await start(client)
        await begun.wait()
        asyncio.get_running_loop().call_later(0.2, go.set)
    await until(client, task_id, "succeeded")
    assert await sample.notes(client.user_id) == ["finished"]


async def test_a_task_whose_payload_no_longer_fits_is_given_up(sample, client, start, until, remembering):
    task_id = await start(client)
    async with sample.sessions.begin() as session:
        await session.execute(text("UPDATE task SET payload = '{}' WHERE id = :id"), {"id": task_id})
    async with sample.working(tasks=remembering):
        seen = await until(client, task_id, "failed")
    assert seen["error"] == "The task's payload can't be read."


async def test_a_job_whose_task_is_gone_does_nothing(sample, client, start, until, remembering):
    task_id = await start(client, "gone")
    async with sample.sessions.begin() as session:
        await session.execute(text("DELETE FROM task WHERE id = :id"), {"id": task_id})
    async with sample.working(tasks=remembering):
        await until(client, await start(client, "next"), "succeeded")
    assert await sample.notes(client.user_id) == ["next"]


async def test_a_worker_whose_queue_connection_breaks_takes_up_work_again(
    sample, client, start, until, remembering, eventually
):
    async with sample.working(tasks=remembering):
        await until(client, await start(client, "before"), "succeeded")
        async with sample.sessions.begin() as session:
            killed = await session.scalars(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = current_user AND pid <> pg_backend_pid()"
                )
            )
            assert all(killed)
        await until(client, await start(client, "after"), "succeeded")
    assert await sample.notes(client.user_id) == ["before", "after"]


async def test_resources_are_asked_for_by_type(sample, client, start, until, remember_payload):
    router, missing = TaskRouter(), []

    @router.task(remember_payload)
    async def ask(work, task):
        try:
            work.resource(int)
        except KeyError as error:
            missing.append(str(error))

    async with sample.working(tasks=router):
        await until(client, await start(client), "succeeded")
    assert missing == ["<class 'int'>"]


def test_ids_sort_by_time():
    made = [uuid7() for _ in range(100)]
    assert sorted(made) == made


async def test_an_attempt_that_was_overtaken_changes_nothing_any_more(
    sample, client, start, until, note_model, remember_payload
):
    router, tries, overtaken = TaskRouter(), [], asyncio.Event()

    async def give_back(session, task, reason):
        session.add(note_model(owner_id=task.owner_id, text="failed"))

    @router.task(remember_payload, failed=give_back)
    async def stumble(work, task):
        tries.append(task)
        await overtaken.wait()
        raise PermanentFailure("too late")

    async with sample.working(tasks=router):
        task_id = await start(client)
        while not tries:
            await asyncio.sleep(0.01)
        async with sample.sessions.begin() as session:
            # as another worker does, which took the job up when this one fell silent
            await session.execute(
                text("UPDATE task SET status = 'succeeded', attempts = 2 WHERE id = :id"), {"id": task_id}
            )
        overtaken.set()
    seen = await until(client, task_id, "succeeded")
    assert seen["error"] is None
    assert await sample.notes(client.user_id) == []
