"""What was kept long enough goes, exactly that, and by an index; what somebody holds waits for the next time."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from common.contracts.user import UserDeleted
from common.db import expiry, tombstones
from common.db.tombstones import AccountErased
from common.ids import uuid7
from common.messaging import outbox
from common.tasks import pruning
from common.tasks.schedules import PRUNING
from testkit import schedules

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


def expiring_of(sample, name):
    return next(rows for rows in pruning.of_every_service(sample.settings) if rows.table.name == name)


async def prune(sample):
    await schedules.make_due(sample.sessions, "tasks.prune", PRUNING)
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
    owner, count = uuid7(), expiry.BATCH + 1
    async with sample.sessions.begin() as session:
        rows = [{"owner": owner, "key": f"old {number}", "hours": 25} for number in range(count)]
        await session.execute(ANSWER, [*rows, {"owner": owner, "key": "young", "hours": 23}])
    await prune(sample)
    async with sample.sessions() as session:
        keys = text("SELECT key FROM idempotency WHERE owner_id = :owner")
        assert list(await session.scalars(keys, {"owner": owner})) == ["young"]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("outbox", "ix_outbox_published_at"),
        ("inbox", "ix_inbox_seen_at"),
        ("task", "ix_task_ended"),
        ("pgqueuer_log", "pgqueuer_log_created"),
        ("pgqueuer_statistics", "ix_pgqueuer_statistics_created"),
        ("idempotency", "ix_idempotency_created_at"),
        ("erased_owner", "ix_erased_owner_erased_at"),
    ],
)
async def test_what_is_pruned_is_found_by_an_index(sample, name, index):
    batch = expiry.batch_of(expiring_of(sample, name))
    statement = batch.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with sample.sessions.begin() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        assert index in "\n".join(await session.scalars(text(f"EXPLAIN {statement}")))


async def test_a_row_that_somebody_holds_waits_for_the_next_time(sample):
    owner = uuid7()
    async with sample.sessions.begin() as session:
        for key in ("held", "free"):
            await session.execute(ANSWER, {"owner": owner, "key": key, "hours": 25})
    kept = text("SELECT key FROM idempotency WHERE owner_id = :owner")
    async with sample.sessions.begin() as holder:
        held = text("SELECT 1 FROM idempotency WHERE owner_id = :owner AND key = 'held' FOR UPDATE")
        await holder.execute(held, {"owner": owner})
        await prune(sample)
        assert list(await holder.scalars(kept, {"owner": owner})) == ["held"]
    await prune(sample)
    async with sample.sessions() as session:
        assert list(await session.scalars(kept, {"owner": owner})) == []


async def test_of_published_events_those_kept_long_enough_go_and_those_that_wait_stay(sample):
    events = [UserDeleted(user_id=uuid7()) for _ in range(3)]
    old, young, waiting = (event.event_id for event in events)
    async with sample.sessions.begin() as session:
        for event in events:
            await outbox.publish(session, event)
        age = text(
            "UPDATE outbox SET published_at = now() - make_interval(mins => :minutes) WHERE event_id = :id"
        )
        await session.execute(age, [{"minutes": 61, "id": old}, {"minutes": 59, "id": young}])
    await expiry.remove(sample.sessions, expiring_of(sample, "outbox"))
    async with sample.sessions.begin() as session:
        left = text("DELETE FROM outbox WHERE event_id = ANY(:ids) RETURNING event_id")
        assert set(await session.scalars(left, {"ids": [old, young, waiting]})) == {young, waiting}
