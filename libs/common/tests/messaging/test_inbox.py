"""The inbox: what is remembered, and for how long."""

import pytest_asyncio
from sqlalchemy import text

from common.db import engine, expiry
from common.ids import uuid7
from common.messaging import inbox
from common.tasks import pruning
from common.tasks.queue import RunContext
from common.tasks.schedules import PRUNING
from testkit import schedules


@pytest_asyncio.fixture
async def connection(sample):
    connection = await engine.connect(sample.settings.database_url.get_secret_value())
    yield connection
    await connection.close()


async def seen(sample, event_id):
    async with sample.sessions.begin() as session:
        return not await inbox.first_time(session, "tests", event_id)


async def prune(sample):
    expiring = pruning.of_every_service(sample.settings)
    await pruning.prune(RunContext(sample.sessions, {}), expiring=expiring)


async def age(sample, days, *event_ids):
    async with sample.sessions.begin() as session:
        query = "UPDATE inbox SET seen_at = now() - make_interval(days => :days) WHERE event_id = ANY(:ids)"
        await session.execute(text(query), {"days": days, "ids": list(event_ids)})


async def test_what_was_seen_long_ago_is_forgotten_and_the_rest_is_not(sample):
    old, young = uuid7(), uuid7()
    assert [await seen(sample, old), await seen(sample, young)] == [False, False]
    await age(sample, 9, old)
    await age(sample, 7, young)
    await prune(sample)
    assert [await seen(sample, old), await seen(sample, young)] == [False, True]


async def test_more_than_one_batch_is_forgotten(sample, connection):
    query = "INSERT INTO inbox SELECT 'many', gen_random_uuid(), now() - interval '9 days' FROM generate_series(1, $1)"
    await connection.execute(query, expiry.BATCH + 1)
    await prune(sample)
    assert await connection.fetchval("SELECT count(*) FROM inbox WHERE consumer = 'many'") == 0


async def test_what_is_seen_again_is_remembered_as_long_again(sample):
    event_id = uuid7()
    await seen(sample, event_id)
    await age(sample, 9, event_id)
    assert await seen(sample, event_id)
    await prune(sample)
    assert await seen(sample, event_id)


async def test_a_worker_prunes_the_inbox(sample):
    event_id = uuid7()
    await seen(sample, event_id)
    await age(sample, 9, event_id)
    await schedules.make_due(sample.sessions, "tasks.prune", PRUNING)
    async with sample.working():
        await schedules.wait_until_run(sample.sessions, "tasks.prune")
    assert not await seen(sample, event_id)
