"""What is done by the clock: once however many workers there are, and exactly what is too old goes."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from common.db import tombstones
from common.db.tombstones import AccountErased
from common.ids import uuid7
from common.tasks import pruning
from common.tasks.queue import TaskRouter
from testkit import schedules

YEARLY = "0 0 1 1 *"
HOURLY = "17 * * * *"


async def test_two_workers_do_scheduled_work_once(sample, eventually, ready_of):
    router, done, go = TaskRouter(), [], asyncio.Event()

    @router.schedule("sample.yearly", YEARLY)
    async def work(context):
        done.append(context)
        await go.wait()

    await schedules.make_due(sample.sessions, "sample.yearly", YEARLY)
    async with sample.working(tasks=router) as first, sample.working(tasks=router) as second:

        async def both_work():
            codes = [(await ready_of(worker)).status_code for worker in (first, second)]
            return done and codes == [200, 200]

        await eventually(both_work)
        go.set()
        await schedules.wait_until_run(sample.sessions, "sample.yearly")
    async with sample.working(tasks=router) as third:

        async def third_works():
            return (await ready_of(third)).status_code == 200

        await eventually(third_works)
    assert len(done) == 1


async def test_scheduled_work_that_fails_is_free_for_its_next_time(sample):
    router, tries = TaskRouter(), []

    @router.schedule("sample.failing", YEARLY)
    async def fail(context):
        tries.append(context.resources)
        if len(tries) == 1:
            raise KeyError("internal words")

    for count in (1, 2):
        await schedules.make_due(sample.sessions, "sample.failing", YEARLY)
        async with sample.working(tasks=router):
            await schedules.wait_until_run(sample.sessions, "sample.failing")
        assert len(tries) == count


TASK = text(
    "INSERT INTO task (id, kind, payload, trace, status, updated_at)"
    " VALUES (:id, 'sample.remember', '{}', '{}', :status, now() - make_interval(hours => :hours))"
)
JOB = text(
    "INSERT INTO pgqueuer (priority, status, entrypoint, payload, execute_after)"
    " VALUES (0, 'queued', 'sample.elsewhere', :payload, now() + interval '1 day')"
)
LOG = text(
    "INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, aggregated, created)"
    " VALUES (-1, 'successful', 0, :name, true, now() - make_interval(hours => :hours))"
)
STATISTICS = text(
    "INSERT INTO pgqueuer_statistics (count, status, priority, entrypoint, created)"
    " VALUES (1, 'successful', 0, :name, now() - make_interval(hours => :hours))"
)
ANSWER = text(
    "INSERT INTO idempotency (owner_id, operation, key, fingerprint, answer, created_at)"
    " VALUES (:owner, 'note', :key, '', 'words', now() - make_interval(hours => :hours))"
)
OLD, YOUNG = 7 * 24 + 1, 7 * 24 - 1


async def prune(sample):
    await schedules.make_due(sample.sessions, "tasks.prune", HOURLY)
    async with sample.working():
        await schedules.wait_until_run(sample.sessions, "tasks.prune")


async def test_tasks_that_ended_a_week_ago_go_and_all_others_stay(sample):
    rows = [
        (status, hours, job)
        for status in ("queued", "running", "retrying", "succeeded", "failed", "cancelled")
        for hours in (OLD, YOUNG)
        for job in (True, False)
    ]
    ids = {row: uuid7() for row in rows}
    async with sample.sessions.begin() as session:
        for (status, hours, job), task_id in ids.items():
            await session.execute(TASK, {"id": task_id, "status": status, "hours": hours})
            if job:
                await session.execute(JOB, {"payload": task_id.bytes})
    await prune(sample)
    async with sample.sessions.begin() as session:
        kept = set(
            await session.scalars(
                text("SELECT id FROM task WHERE id = ANY(:ids)"), {"ids": list(ids.values())}
            )
        )
        await session.execute(text("DELETE FROM task WHERE id = ANY(:ids)"), {"ids": list(ids.values())})
        await session.execute(text("DELETE FROM pgqueuer WHERE entrypoint = 'sample.elsewhere'"))
    gone = {row for row, task_id in ids.items() if task_id not in kept}
    assert gone == {(status, OLD, False) for status in ("succeeded", "failed", "cancelled")}


async def test_tombstones_go_when_they_have_had_their_time(sample):
    owner, fresh = uuid7(), uuid7()
    async with sample.sessions.begin() as session:
        for erased in (owner, fresh):
            await tombstones.add(session, erased)
        await session.execute(
            text("UPDATE erased_owner SET erased_at = now() - interval '31 days' WHERE owner_id = :owner"),
            {"owner": owner},
        )
    await prune(sample)
    async with sample.sessions() as session:
        await tombstones.refuse_erased(session, owner)
        with pytest.raises(AccountErased):
            await tombstones.refuse_erased(session, fresh)


async def test_the_queues_log_and_figures_go_after_a_week(sample):
    name = f"sample.{uuid7()}"
    async with sample.sessions.begin() as session:
        for hours in (OLD, YOUNG):
            await session.execute(LOG, {"name": name, "hours": hours})
            await session.execute(STATISTICS, {"name": name, "hours": hours})
    await prune(sample)
    async with sample.sessions() as session:
        for table in ("pgqueuer_log", "pgqueuer_statistics"):
            ages = await session.scalars(
                text(
                    f"SELECT extract(epoch FROM now() - created) / 3600 FROM {table} WHERE entrypoint = :name"
                ),
                {"name": name},
            )
            assert [round(age) for age in ages] == [YOUNG]


async def test_answers_kept_for_repeated_requests_go_after_a_day_though_nobody_comes_back(sample):
    owner, count = uuid7(), pruning.BATCH + 1
    async with sample.sessions.begin() as session:
        rows = [{"owner": owner, "key": f"old {number}", "hours": 25} for number in range(count)]
        await session.execute(ANSWER, [*rows, {"owner": owner, "key": "young", "hours": 23}])
    await prune(sample)
    async with sample.sessions() as session:
        keys = text("SELECT key FROM idempotency WHERE owner_id = :owner")
        assert list(await session.scalars(keys, {"owner": owner})) == ["young"]


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        ("ix_task_ended", pruning.ENDED_TASKS),
        ("pgqueuer_log_created", pruning.QUEUE_LOG),
        ("ix_pgqueuer_statistics_created", pruning.QUEUE_STATISTICS),
        ("ix_idempotency_created_at", pruning.KEPT_ANSWERS),
    ],
)
async def test_what_is_pruned_is_found_by_an_index(sample, index, statement):
    async with sample.sessions.begin() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await session.scalars(
            text(f"EXPLAIN {statement.text}"), {"keep": timedelta(days=7), "batch": pruning.BATCH}
        )
        assert index in "\n".join(plan)
