"""What a death at the wrong moment leaves behind heals; how long tasks wait is seen."""

import pytest
from sqlalchemy import text

from common.tasks.attempts import UNKNOWN
from common.tasks.queue import TaskRouter, enqueue
from testkit import schedules

MINUTELY = "* * * * *"
AGE = text(
    "UPDATE task SET updated_at = now() - make_interval(mins => :minutes),"
    " due_at = now() - make_interval(mins => :minutes) WHERE owner_id = :owner"
)
LOSE = text("DELETE FROM pgqueuer WHERE payload IN (SELECT uuid_send(id) FROM task WHERE owner_id = :owner)")


@pytest.fixture
def begin(sample, remember_payload):
    """Enqueue tasks of an owner, let so many minutes pass, and put them into a state."""

    async def enqueue_all(client, count, minutes, change="progress = 0", *, lost=True):
        ids = []
        async with sample.sessions.begin() as session:
            for _ in range(count):
                payload = remember_payload(owner_id=client.user_id, text="x")
                ids.append(await enqueue(session, payload, owner=client.user_id))
            owner = {"owner": client.user_id}
            await session.execute(AGE, owner | {"minutes": minutes})
            await session.execute(text(f"UPDATE task SET {change} WHERE owner_id = :owner"), owner)
            if lost:
                await session.execute(LOSE, owner)
        return ids

    return enqueue_all


@pytest.fixture
def recover(sample):
    async def run(router):
        await schedules.make_due(sample.sessions, "tasks.recover", MINUTELY)
        async with sample.working(tasks=router):
            await schedules.wait_until_run(sample.sessions, "tasks.recover")

    return run


@pytest.fixture
def doing(remember_payload):
    router = TaskRouter()

    @router.task(remember_payload)
    async def do(work, task):
        pass

    return router


async def status_of(client, task_id):
    return (await client.get(f"/api/v1/tasks/{task_id}")).json()


@pytest.mark.parametrize(
    "change",
    ["status = 'running', attempts = 1", "status = 'retrying'", "place = 'called'", "status = 'queued'"],
)
async def test_a_task_whose_job_was_lost_is_done(sample, client, begin, recover, doing, eventually, change):
    (task_id,) = await begin(client, 1, 10, change)
    await recover(doing)
    async with sample.working(tasks=doing):

        async def done():
            return (await status_of(client, task_id))["status"] == "succeeded"

        await eventually(done)


async def test_a_task_that_may_still_be_at_work_is_left_alone(sample, client, begin, recover, doing):
    (task_id,) = await begin(client, 1, 2, "status = 'running', attempts = 1")
    await recover(doing)
    assert (await status_of(client, task_id))["status"] == "running"


async def test_an_owner_whose_places_are_free_is_called_from_the_line(
    sample, client, begin, recover, doing, eventually
):
    ids = await begin(client, 5, 0, "place = 'waiting'")
    await recover(doing)
    async with sample.working(tasks=doing):

        async def done():
            states = [(await status_of(client, task_id))["status"] for task_id in ids]
            return states == ["succeeded"] * 5

        await eventually(done)


async def test_a_task_of_a_kind_that_is_gone_fails_after_a_day(sample, client, begin, recover):
    (task_id,) = await begin(client, 1, 25 * 60, lost=False)
    async with sample.client() as other:
        (young,) = await begin(other, 1, 60, lost=False)
        await recover(TaskRouter())
        seen = await status_of(client, task_id)
        assert (seen["status"], seen["error"]) == ("failed", UNKNOWN)
        assert (await status_of(other, young))["status"] == "queued"
    async with sample.sessions() as session:
        jobs = text("SELECT count(*) FROM pgqueuer WHERE payload = :payload")
        assert await session.scalar(jobs, {"payload": task_id.bytes}) == 0
        assert await session.scalar(jobs, {"payload": young.bytes}) == 1


async def test_a_job_nobody_can_read_is_dropped(sample, client, begin, doing, eventually):
    job = text(
        "INSERT INTO pgqueuer (priority, status, entrypoint, payload)"
        " VALUES (1, 'queued', 'sample.remember', :payload) RETURNING id"
    )
    async with sample.sessions.begin() as session:
        ids = [await session.scalar(job, {"payload": payload}) for payload in (None, b"", b"poison")]
    (task_id,) = await begin(client, 1, 0, lost=False)
    async with sample.working(tasks=doing):

        async def done():
            return (await status_of(client, task_id))["status"] == "succeeded"

        await eventually(done)

        async def dropped():
            async with sample.sessions() as session:
                count = text("SELECT count(*) FROM pgqueuer WHERE id = ANY(:ids)")
                return await session.scalar(count, {"ids": ids}) == 0

        await eventually(dropped)


async def test_a_worker_shows_how_long_tasks_wait(sample, client, begin, ready_of):
    await begin(client, 3, 10, lost=False)
    async with sample.working() as worker:
        shown = (await ready_of(worker)).json()["queue"]["sample.remember"]
    assert shown["tasks"] >= 3
    assert shown["oldest_seconds"] >= 600
