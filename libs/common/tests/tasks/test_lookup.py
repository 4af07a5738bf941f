"""What is asked about tasks: of one owner, one kind, what was enqueued lately, with what stands in the payload."""

from datetime import timedelta

from sqlalchemy import text

from common.ids import uuid7
from common.tasks import lookup
from common.tasks.queue import enqueue

HOUR = timedelta(hours=1)
AGE = text("UPDATE task SET created_at = now() - interval '61 minutes' WHERE id = :id")


async def test_only_the_owners_tasks_of_that_kind_time_and_content_are_counted(sample, remember_payload):
    class Elsewhere(remember_payload):
        kind = "sample.elsewhere"

    owner, later = uuid7(), timedelta(days=1)
    async with sample.sessions.begin() as session:
        for words in ("a", "a", "b"):
            await enqueue(session, remember_payload(owner_id=owner, text=words), owner=owner, delay=later)
        await enqueue(session, Elsewhere(owner_id=owner, text="a"), owner=owner, delay=later)
        await enqueue(session, remember_payload(owner_id=owner, text="a"), owner=uuid7(), delay=later)
        old = await enqueue(session, remember_payload(owner_id=owner, text="a"), owner=owner, delay=later)
        await session.execute(AGE, {"id": old})
        count = lookup.count_enqueued
        assert await count(session, remember_payload, owner, within=HOUR, text="a") == 2
        assert await count(session, remember_payload, owner, within=2 * HOUR, text="a") == 3
        assert await count(session, remember_payload, owner, within=HOUR) == 3
        assert await count(session, Elsewhere, owner, within=HOUR, text="b") == 0
        await session.rollback()


async def test_a_task_is_its_owners(sample, remember_payload):
    owner = uuid7()
    async with sample.sessions() as session:
        payload = remember_payload(owner_id=owner, text="x")
        task_id = await enqueue(session, payload, owner=owner)
        row = await lookup.get(session, task_id, owner)
        assert row is not None
        assert (row["kind"], row["status"], row["attempts"]) == ("sample.remember", "queued", 0)
        assert await lookup.get(session, task_id, uuid7()) is None
        assert await lookup.get(session, uuid7(), owner) is None
