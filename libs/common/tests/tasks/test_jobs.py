"""A job is PgQueuer's, and a part of the transaction of whoever adds it."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from common.ids import uuid7
from common.tasks import jobs

JOB = text(
    "SELECT pgqueuer.entrypoint, pgqueuer.status::text, execute_after > now() + interval '1 hour' AS later"
    " FROM pgqueuer JOIN pgqueuer_log ON job_id = pgqueuer.id WHERE payload = :payload"
)


async def rows(sample, task_id):
    async with sample.sessions() as session:
        return [tuple(row) for row in await session.execute(JOB, {"payload": task_id.bytes})]


@pytest.mark.parametrize(("delay", "later"), [(timedelta(0), False), (timedelta(hours=2), True)])
async def test_a_job_is_in_the_queue_and_its_log_once_its_transaction_has_committed(sample, delay, later):
    task_id = uuid7()
    async with sample.sessions.begin() as session:
        await jobs.add(session, task_id, "sample.elsewhere", delay)
        assert await rows(sample, task_id) == []
    assert await rows(sample, task_id) == [("sample.elsewhere", "queued", later)]
    async with sample.sessions.begin() as session:
        await jobs.drop_of(session, [task_id])
    assert await rows(sample, task_id) == []


async def test_a_job_goes_with_its_transaction_even_where_it_was_the_first_in_it(sample):
    task_id = uuid7()
    async with sample.sessions() as session:
        await jobs.add(session, task_id, "sample.elsewhere")
        await session.rollback()
    assert await rows(sample, task_id) == []
