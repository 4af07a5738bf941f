"""The outbox: what may be published, that the largest of it arrives, and what goes with its person."""

import asyncio
from pathlib import Path
from types import UnionType
from typing import get_args
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from sqlalchemy import text

from common import erasure, errors
from common.contracts import catalogue
from common.contracts.interview import ReportReady
from common.contracts.resume import ResumeContent, ResumeDeleted, ResumeParsed
from common.contracts.user import UserDeleted, UserRegistered
from common.db import engine, migrations
from common.ids import uuid7
from common.messaging import kafka, outbox
from common.messaging.router import EventRouter
from common.tasks.queue import TaskRouter, enqueue

OLD_INSERT = text(
    "INSERT INTO outbox (event_id, topic, subject, ce_type, occurred_at, trace, payload)"
    " VALUES (:event_id, :topic, :subject, :ce_type, :occurred_at, '{}', :payload)"
)


def sample_of(annotation):
    """Return a value of that type, as long as it gets where its length is bounded."""
    values = {
        UUID: uuid7(),
        str: "",
        int: 2**63,
        float: -1 / 3,
        ResumeContent: ResumeContent(summary="\N{GRINNING FACE}" * 1_000),
    }
    if isinstance(annotation, UnionType):
        return values[get_args(annotation)[0]]
    return values[annotation]


def largest(event_type, limit):
    """Return an event of that type that is as large as publishing takes it, or as it can be."""
    fields = {
        name: sample_of(field.annotation)
        for name, field in event_type.model_fields.items()
        if name not in ("event_id", "occurred_at")
    }
    event = event_type(**fields)
    texts = [name for name, value in fields.items() if isinstance(value, str)]
    if not texts:
        return event
    return event.model_copy(update={texts[0]: "x" * (limit - len(event.model_dump_json().encode()))})


def as_the_code_before_wrote_it(event):
    return {
        "event_id": event.event_id,
        "topic": event.topic,
        "subject": event.subject,
        "ce_type": event.ce_type,
        "occurred_at": event.occurred_at,
        "payload": event.model_dump_json(),
    }


async def in_outbox(sample, owner_id):
    async with sample.sessions() as session:
        query = text("SELECT ce_type FROM outbox WHERE payload LIKE :owner ORDER BY position")
        return list(await session.scalars(query, {"owner": f"%{owner_id}%"}))


async def test_an_event_that_is_too_large_is_refused_with_the_request_that_causes_it(sample):
    async with sample.client() as client:
        response = await client.post("/announcements", json={"text": "x" * 600_000})
        assert response.status_code == 422
        problem = response.json()
        assert problem["code"] == "event_too_large"
        assert "at most 524,288" in problem["detail"]
        assert "x" * 100 not in response.text
        assert await in_outbox(sample, client.user_id) == []
        assert await sample.notes(client.user_id) == []
        assert (await client.post("/announcements", json={"text": "x" * 60_000})).status_code == 201
        assert await in_outbox(sample, client.user_id) == ["interview.report_ready"]


async def test_a_task_whose_event_is_too_large_is_given_up_at_once_and_says_why(sample, remember_payload):
    router, owner, attempts = TaskRouter(), uuid7(), []

    @router.task(remember_payload)
    async def announce(work, payload):
        attempts.append(work.attempt)
        async with work.sessions.begin() as session:
            event = ReportReady(interview_id=uuid7(), user_id=owner, job_title="x" * 600_000, overall=None)
            await outbox.publish(session, event)

    async with sample.sessions.begin() as session:
        task_id = await enqueue(session, remember_payload(owner_id=owner, text="x"), owner=owner)
    async with sample.working(tasks=router), asyncio.timeout(20), sample.sessions() as session:
        while True:
            row = (
                await session.execute(text("SELECT status, error FROM task WHERE id = :id"), {"id": task_id})
            ).one()
            if row.status == "failed":
                break
            await session.rollback()
            await asyncio.sleep(0.05)
    assert attempts == [1]
    assert row.error.startswith("This would be announced as interview.report_ready with 600,")


async def test_the_largest_event_of_each_type_reaches_its_reaction(sample, note_model, eventually, elsewhere):
    router, owner = EventRouter(), uuid7()
    types = [elsewhere(event_type, "tests.largest") for event_type in catalogue.all_events()]
    assert len(types) >= 15

    async def note(session, event):
        size = len(event.model_dump_json().encode())
        session.add(note_model(owner_id=owner, text=f"{event.ce_type} {event.subject} {size}"))

    for event_type in types:
        router.on(event_type)(note)
    limit = sample.settings.event_bytes
    events = [largest(event_type, limit) for event_type in types]
    async with sample.working(router):
        async with sample.sessions.begin() as session:
            for event in events:
                await outbox.publish(session, event)

        async def arrived():
            notes = await sample.notes(owner)
            expected = {
                f"{event.ce_type} {event.subject} {len(event.model_dump_json().encode())}" for event in events
            }
            return expected <= set(notes)

        await eventually(arrived)
    at_the_limit = [event for event in events if len(event.model_dump_json().encode()) == limit]
    assert {event.ce_type for event in at_the_limit} >= {"resume.parsed", "interview.report_ready"}
    for event in at_the_limit:
        more = {name: value + "x" for name, value in event if isinstance(value, str)}
        async with sample.sessions() as session:
            with pytest.raises(errors.EventTooLargeError):
                await outbox.publish(session, event.model_copy(update=more))
    # what has no text of free length is far from any limit
    assert all(len(event.model_dump_json()) < 1_000 for event in events if event not in at_the_limit)


def test_the_limits_agree(sample):
    settings = sample.settings
    headers = 32_768  # more than the gateway takes of anybody, and some of it may travel with the trace
    assert settings.event_bytes + headers + 10_000 < kafka.request_bytes(settings)
    assert kafka.request_bytes(settings) < kafka.topic_bytes(settings) < kafka.dead_letter_bytes(settings)


async def test_the_inbox_must_remember_longer_than_kafka_keeps(sample):
    values = sample.settings.model_dump()
    with pytest.raises(ValueError, match="INBOX_KEEP must be a day longer"):
        type(sample.settings).model_validate(values | {"kafka_retention": 8 * 86_400})


async def test_events_of_an_erased_person_go_and_those_that_announce_the_erasure_stay(sample):
    erased, other, resume_id = uuid7(), uuid7(), uuid7()
    words = ResumeContent(summary="my own words")
    old = ResumeParsed(resume_id=resume_id, user_id=erased, background=words)
    async with sample.sessions.begin() as session:
        await session.execute(OLD_INSERT, as_the_code_before_wrote_it(old))
        for event in (
            UserRegistered(user_id=erased, role="user"),
            ResumeParsed(resume_id=resume_id, user_id=erased, background=words),
            ResumeDeleted(resume_id=resume_id, user_id=erased),
            ResumeParsed(resume_id=uuid7(), user_id=other, background=words),
        ):
            await outbox.publish(session, event)
        await session.execute(
            text(
                "INSERT INTO dead_letter (position, event_id, topic, subject, owner_id, ce_type, occurred_at,"
                " trace, payload, cause) SELECT position, event_id, topic, subject, owner_id, ce_type,"
                " occurred_at, trace, payload, 'x' FROM outbox WHERE owner_id = :owner"
            ),
            {"owner": erased},
        )
    url = sample.settings.database_url.get_secret_value()
    assert erased in await dead_owners(url)
    async with sample.sessions.begin() as session:
        await session.execute(text("UPDATE outbox SET published_at = now()"))
        await erasure.erase_traces(session, erased)
        await outbox.publish(session, UserDeleted(user_id=erased))
    await outbox.republish(url)
    assert await in_outbox(sample, erased) == ["resume.deleted", "user.deleted"]
    assert await in_outbox(sample, other) == ["resume.parsed"]
    async with sample.sessions.begin() as session:
        left = await session.execute(text("DELETE FROM dead_letter RETURNING ce_type, owner_id"))
        assert [tuple(row) for row in left] == [("resume.deleted", erased)]


async def dead_owners(url):
    connection = await engine.connect(url)
    try:
        return [row["owner_id"] for row in await connection.fetch("SELECT owner_id FROM dead_letter")]
    finally:
        await connection.close()


async def test_events_that_the_code_before_wrote_get_their_owner_when_the_schema_is_brought_up(services):
    url = await services.provisioned("earlier")
    folder = Path(__file__).parents[1] / "sample_migrations"
    owner, stray = uuid7(), uuid7()
    await asyncio.to_thread(command.upgrade, migrations.config(url, folder), "0001")
    database_engine = engine.create_engine(url, pool_size=1)
    quoted = ResumeContent(summary=f'a sly "user_id":"{stray}"')
    events = [
        ResumeParsed(resume_id=uuid7(), user_id=owner, title=f'"user_id":"{stray}"', background=quoted),
        UserRegistered(user_id=owner, role="user"),
    ]
    async with engine.create_sessionmaker(database_engine).begin() as session:
        for event in events:
            await session.execute(OLD_INSERT, as_the_code_before_wrote_it(event))
    await database_engine.dispose()
    await asyncio.to_thread(migrations.upgrade, url, folder)
    connection = await asyncpg.connect(url)
    owners = [row["owner_id"] for row in await connection.fetch("SELECT owner_id FROM outbox")]
    await connection.close()
    assert owners == [owner, owner]
