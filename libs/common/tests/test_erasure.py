"""What was begun before somebody was erased brings nothing of them back, and what is kept for a time only goes."""

import asyncio

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from common import erasure
from common.contracts.event import Event
from common.contracts.resume import ResumeContent, ResumeParsed
from common.contracts.user import UserDeleted, UserRegistered
from common.db.tombstones import AccountErased
from common.ids import uuid7
from common.messaging import outbox
from common.messaging.router import EventRouter
from common.tasks.queue import TaskRouter, enqueue
from common.web import idempotency


class Made(BaseModel):
    id: str


@pytest.fixture
def erase(sample):
    async def erase(owner):
        async with sample.sessions.begin() as session:
            await erasure.erase_traces(session, owner)
            await session.execute(text("DELETE FROM note WHERE owner_id = :owner"), {"owner": owner})

    return erase


@pytest.fixture
def rows(sample):
    """Count an owner's rows in every table that all services share."""

    async def count(owner):
        async with sample.sessions() as session:
            return {
                table: await session.scalar(
                    text(
                        f"SELECT count(*) FROM {table} AS t WHERE CAST(t AS text) LIKE '%' || :owner || '%'"
                    ),
                    {"owner": str(owner)},
                )
                for table in ("outbox", "task", "idempotency", "note")
            }

    return count


async def test_a_write_that_was_begun_before_is_erased_and_one_after_is_refused(sample, client, erase, rows):
    wrote, may_commit = asyncio.Event(), asyncio.Event()

    async def slow_write():
        async with sample.sessions.begin() as session:
            await outbox.publish(session, UserRegistered(user_id=client.user_id, role="user"))
            wrote.set()
            await may_commit.wait()

    async def waits_for_the_lock():
        async with sample.sessions() as session:
            return await session.scalar(
                text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            )

    writing = asyncio.create_task(slow_write())
    await wrote.wait()
    erasing = asyncio.create_task(erase(client.user_id))
    while not await waits_for_the_lock():
        assert not erasing.done()
    may_commit.set()
    await asyncio.gather(writing, erasing)
    assert set((await rows(client.user_id)).values()) == {0}
    for path in ("/notes", "/notes-once"):
        late = await client.post(path, json={"text": "late"}, headers={"Idempotency-Key": "k"})
        assert (late.status_code, late.json()["code"]) == (410, "account_erased")
    assert set((await rows(client.user_id)).values()) == {0}


async def test_many_writers_and_one_erasure_leave_nothing(sample, client, erase, rows):
    writes = [
        client.post("/notes", json={"text": str(number)}, headers={"Idempotency-Key": str(number)})
        for number in range(20)
    ]
    responses = await asyncio.gather(*writes[:10], erase(client.user_id), *writes[10:])
    statuses = {response.status_code for response in responses if response is not None}
    assert statuses <= {201, 410}
    assert 410 in statuses
    assert set((await rows(client.user_id)).values()) == {0}


async def test_the_erasing_transaction_itself_may_announce_it(sample, rows):
    owner = uuid7()
    async with sample.sessions.begin() as session:
        await erasure.erase_traces(session, owner)
        await outbox.publish(session, UserDeleted(user_id=owner))
    assert (await rows(owner))["outbox"] == 1
    async with sample.sessions.begin() as session:
        with pytest.raises(AccountErased):
            await outbox.publish(session, UserRegistered(user_id=owner, role="user"))


async def test_others_write_while_somebody_is_erased(sample, client):
    async with sample.sessions.begin() as session:
        await erasure.erase_traces(session, uuid7())
        assert (await client.post("/notes", json={"text": "mine"})).status_code == 201


async def test_old_news_of_somebody_erased_stores_nothing_and_holds_up_nobody(
    sample, erase, note_model, eventually
):
    router, owner, other = EventRouter(), uuid7(), uuid7()

    @router.on(ResumeParsed)
    async def note(session, event: Event) -> None:
        session.add(note_model(owner_id=event.user_id, text=event.title))

    await erase(owner)
    resume_id = uuid7()
    async with sample.working(reactions=router):
        for user_id in (owner, other):
            await sample.services.deliver(
                ResumeParsed(resume_id=resume_id, user_id=user_id, title="cv", background=ResumeContent())
            )

        async def arrived():
            return await sample.notes(other)

        await eventually(arrived)
    assert await sample.notes(owner) == []


async def test_a_task_that_still_runs_stores_nothing_for_somebody_erased(
    sample, erase, rows, remember_payload, eventually
):
    owner = uuid7()
    router, refused = TaskRouter(), asyncio.Event()

    @router.task(remember_payload)
    async def remember(work, task):
        await erase(owner)
        try:
            async with work.sessions.begin() as session:
                await enqueue(session, task, owner=owner)
        except AccountErased:
            refused.set()
            raise

    async with sample.sessions.begin() as session:
        await enqueue(session, remember_payload(owner_id=owner, text="x"), owner=owner)
    async with sample.working(tasks=router):
        await asyncio.wait_for(refused.wait(), 20)
    assert set((await rows(owner)).values()) == {0}


async def test_a_task_of_nobodys_that_would_write_for_somebody_erased_is_cancelled(
    sample, erase, remember_payload, eventually
):
    owner, router = uuid7(), TaskRouter()

    @router.task(remember_payload)
    async def remember(work, task):
        async with work.sessions.begin() as session:
            await enqueue(session, task, owner=owner)

    await erase(owner)
    async with sample.sessions.begin() as session:
        task_id = await enqueue(session, remember_payload(owner_id=owner, text="x"))

    async def status():
        async with sample.sessions() as session:
            query = text("SELECT status FROM task WHERE id = :id AND status <> 'queued'")
            return await session.scalar(query, {"id": task_id})

    async def cancelled():
        return await status() == "cancelled"

    async with sample.working(tasks=router):
        await eventually(cancelled)


async def test_the_response_to_what_was_deleted_is_not_repeated(sample, client, rows):
    headers, body = {"Idempotency-Key": "k"}, {"text": "only mine"}
    first = await client.post("/notes-once", json=body, headers=headers)
    assert (await client.post("/notes-once", json=body, headers=headers)).json() == first.json()
    async with sample.sessions.begin() as session:
        await erasure.erase_subject(session, client.user_id, first.json()["id"])
    again = await client.post("/notes-once", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (410, "response_erased")
    assert "only mine" not in again.text
    other = await client.post("/notes-once", json={"text": "another"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    anew = await client.post("/notes-once", json=body, headers={"Idempotency-Key": "k-2"})
    assert anew.status_code == 201


async def test_a_key_of_somebody_erased_keeps_nothing(sample, erase):
    owner = uuid7()
    await erase(owner)

    async def make():
        return Made(id="x")

    context = idempotency.IdempotencyContext(owner, "k")
    async with sample.sessions() as session:
        with pytest.raises(AccountErased):
            await idempotency.run_once(session, context, "note", b"content", Made, make)
