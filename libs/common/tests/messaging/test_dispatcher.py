"""Events: from a row to Kafka to an effect, once; what fails is repeated, or a dead letter with its cause."""

import asyncio
import gc
import warnings
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from common.contracts.interview import ReportReady
from common.contracts.resume import ResumeDeleted
from common.contracts.user import UserDeleted, UserRegistered
from common.ids import uuid7
from common.messaging import dead_letters, outbox
from common.messaging.router import EventRouter


@pytest.fixture
def reactions(note_model):
    router = EventRouter()

    @router.on(UserDeleted)
    async def forget(session, event):
        session.add(note_model(owner_id=event.user_id, text="forgotten"))

    return router


@pytest.fixture
def until_noted(sample, eventually):
    async def wait(owner_id, expected):
        async def reached():
            return len(await sample.notes(owner_id)) >= len(expected)

        await eventually(reached)
        assert await sample.notes(owner_id) == expected

    return wait


async def publish(sample, *events):
    async with sample.sessions.begin() as session:
        for event in events:
            await outbox.publish(session, event)


async def test_a_published_event_reaches_a_reaction_through_kafka(sample, reactions, until_noted):
    user_id = uuid7()
    async with sample.working(reactions):
        await publish(sample, UserDeleted(user_id=user_id))
        await until_noted(user_id, ["forgotten"])


async def test_an_event_delivered_again_has_no_second_effect(sample, reactions, until_noted):
    event, marker = UserDeleted(user_id=uuid7()), UserDeleted(user_id=uuid7())
    async with sample.working(reactions):
        for _ in range(3):
            await sample.services.deliver(event)
        await sample.services.deliver(marker)
        await until_noted(marker.user_id, ["forgotten"])
    assert await sample.notes(event.user_id) == ["forgotten"]


async def test_events_of_a_rolled_back_transaction_are_never_sent(sample, reactions, until_noted):
    lost, marker = uuid7(), uuid7()
    async with sample.working(reactions):
        with pytest.raises(RuntimeError, match="no"):
            async with sample.sessions.begin() as session:
                await outbox.publish(session, UserDeleted(user_id=lost))
                raise RuntimeError("no")
        await publish(sample, UserDeleted(user_id=marker))
        await until_noted(marker, ["forgotten"])
    assert await sample.notes(lost) == []


async def test_what_was_published_while_no_worker_ran_arrives_in_order(sample, note_model, until_noted):
    user_id = uuid7()
    router = EventRouter()

    @router.on(UserRegistered)
    async def note_role(session, event):
        session.add(note_model(owner_id=event.user_id, text=event.role))

    roles = [str(number) for number in range(30)]
    await publish(sample, *(UserRegistered(user_id=user_id, role=role) for role in roles))
    async with sample.working(router):
        await until_noted(user_id, roles)


async def test_messages_are_cloudevents_in_binary_mode(sample, eventually):
    event = ResumeDeleted(resume_id=uuid7(), user_id=uuid7())
    async with sample.working():
        await publish(sample, event)

        async def sent():
            async with sample.sessions() as session:
                query = text("SELECT published_at FROM outbox WHERE event_id = :id")
                return await session.scalar(query, {"id": event.event_id})

        await eventually(sent)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=sample.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(ResumeDeleted.topic, 0)])
    async for record in consumer:
        headers = {name: value.decode() for name, value in record.headers}
        if headers["ce_id"] == str(event.event_id):
            break
    await consumer.stop()
    assert record.key == str(event.resume_id).encode()
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "resume.deleted"
    assert headers["ce_source"] == "/interviewace/sample"
    assert headers["ce_subject"] == str(event.resume_id)
    assert headers["ce_time"] == event.occurred_at.isoformat()
    assert "traceparent" in headers
    assert ResumeDeleted.model_validate_json(record.value) == event


async def test_a_reaction_that_fails_for_a_passing_reason_is_repeated_until_it_works(
    sample, note_model, until_noted
):
    user_id, router, failures = uuid7(), EventRouter(), iter(range(5))

    @router.on(UserDeleted)
    async def stumble(session, event):
        if next(failures, None) is not None:
            raise OperationalError("", {}, ConnectionResetError("gone"))
        session.add(note_model(owner_id=event.user_id, text="at last"))

    async with sample.working(router):
        await sample.services.deliver(UserDeleted(user_id=user_id))
        await until_noted(user_id, ["at last"])


async def test_what_fails_for_good_becomes_a_dead_letter_and_the_next_message_goes_on(
    sample, note_model, until_noted
):
    bad, good, router, tries = uuid7(), uuid7(), EventRouter(), []

    @router.on(UserDeleted)
    async def refuse(session, event):
        if event.user_id == bad:
            tries.append(event.user_id)
            raise ZeroDivisionError("never works")
        session.add(note_model(owner_id=event.user_id, text="went on"))

    poisoned = UserDeleted(user_id=bad)
    async with sample.working(router):
        await sample.services.deliver(poisoned)
        await sample.services.deliver(UserDeleted(user_id=good))
        await until_noted(good, ["went on"])
    assert len(tries) == 4
    letters = [
        letter for letter in await dead_letters.listing(sample.settings) if letter.key == str(bad).encode()
    ]
    assert len(letters) == 1
    assert letters[0].cause == "ZeroDivisionError: never works"
    assert letters[0].topic == UserDeleted.topic
    assert letters[0].offset >= 0
    assert UserDeleted.model_validate_json(letters[0].value) == poisoned


@pytest.mark.parametrize(
    ("headers", "body", "cause"),
    [
        ({}, b"{", "UnreadableMessage: user.deleted does not fit its schema"),
        ({}, b'{"user_id": 7}', "UnreadableMessage: user.deleted does not fit its schema: user_id"),
        ({"ce_type": ""}, b"{}", "UnreadableMessage: the message has no ce_type header"),
    ],
)
async def test_an_unreadable_message_becomes_a_dead_letter_at_once(
    sample, reactions, until_noted, headers, body, cause
):
    event, marker = UserDeleted(user_id=uuid7()), UserDeleted(user_id=uuid7())
    async with sample.working(reactions):
        await sample.services.deliver(event, headers=headers, body=body)
        await sample.services.deliver(marker)
        await until_noted(marker.user_id, ["forgotten"])
    letters = [
        letter
        for letter in await dead_letters.listing(sample.settings)
        if letter.key == str(event.user_id).encode()
    ]
    assert [letter.cause.startswith(cause) for letter in letters] == [True]


async def test_a_replay_sends_each_dead_letter_once(sample, note_model, until_noted):
    user_id, broken, mended = uuid7(), EventRouter(), EventRouter()

    @broken.on(ReportReady)
    async def fail(session, event):
        raise KeyError("bug")

    @mended.on(ReportReady)
    async def work(session, event):
        session.add(note_model(owner_id=event.user_id, text="replayed"))

    event = ReportReady(interview_id=uuid7(), user_id=user_id, job_title="x", overall=None)
    marker = ReportReady(interview_id=event.interview_id, user_id=uuid7(), job_title="x", overall=None)
    async with sample.working(broken):
        await sample.services.deliver(event)
        async with asyncio.timeout(20):
            while not any(
                letter.key == str(event.interview_id).encode()
                for letter in await dead_letters.listing(sample.settings)
            ):
                pass
    assert await dead_letters.replay(sample.settings) >= 1
    assert await dead_letters.replay(sample.settings) == 0
    async with sample.working(mended):
        await until_noted(user_id, ["replayed"])
        await sample.services.deliver(marker)
        await until_noted(marker.user_id, ["replayed"])
    assert await sample.notes(user_id) == ["replayed"]


async def test_events_of_other_kinds_are_passed_over(sample, reactions, until_noted):
    marker = UserDeleted(user_id=uuid7())
    async with sample.working(reactions):
        await sample.services.deliver(UserRegistered(user_id=uuid4(), role="user"))
        await sample.services.deliver(marker)
        await until_noted(marker.user_id, ["forgotten"])
    assert not [
        letter
        for letter in await dead_letters.listing(sample.settings)
        if b"user.registered" in dict(letter.headers).values()
    ]


async def test_republishing_feeds_the_broker_again_without_a_second_effect(sample, reactions, until_noted):
    user_id, marker = uuid7(), uuid7()
    async with sample.working(reactions):
        await publish(sample, UserDeleted(user_id=user_id))
        await until_noted(user_id, ["forgotten"])
        assert await outbox.republish(sample.settings.database_url.get_secret_value()) >= 1
        await publish(sample, UserDeleted(user_id=marker))
        await until_noted(marker, ["forgotten"])
    assert await sample.notes(user_id) == ["forgotten"]


async def test_of_two_relays_one_works_and_the_other_takes_over(sample, reactions, until_noted):
    first, second = uuid7(), uuid7()
    async with sample.working(reactions):
        async with sample.working(reactions):
            await publish(sample, UserDeleted(user_id=first))
            await until_noted(first, ["forgotten"])
        await publish(sample, UserDeleted(user_id=second))
        await until_noted(second, ["forgotten"])


async def test_a_worker_is_ready_once_all_its_parts_work(sample, reactions, eventually):
    async with sample.working(reactions) as worker:
        async with AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client:

            async def ready():
                return (await client.get("/ready")).status_code == 200

            await eventually(ready)
            checks = (await client.get("/ready")).json()["checks"]
            parts = ("postgres", "redis", "kafka", "consumers", "outbox", "relay", "tasks")
            assert checks == dict.fromkeys(parts, "ok")
            assert (await client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "record",
    [
        {"key": None, "value": None, "headers": []},
        {"key": None, "value": b"{}", "headers": [("ce_type", None)]},
        {"key": None, "value": b"{}", "headers": [("ce_type", b"\xff")]},
    ],
    ids=["nothing at all", "a header without value", "a header that is no text"],
)
async def test_what_is_not_even_a_whole_message_becomes_a_dead_letter_and_the_next_goes_on(
    sample, reactions, until_noted, record
):
    marker = UserDeleted(user_id=uuid7())
    before = len(await dead_letters.listing(sample.settings))
    async with AIOKafkaProducer(bootstrap_servers=sample.settings.kafka_bootstrap_servers) as producer:
        batch = producer.create_batch()
        assert batch.append(timestamp=None, **record)
        assert batch.append(
            timestamp=None,
            key=None,
            value=marker.model_dump_json().encode(),
            headers=[("ce_type", marker.ce_type.encode())],
        )
        async with sample.working(reactions):
            await producer.send_batch(batch, marker.topic, partition=0)
            await until_noted(marker.user_id, ["forgotten"])
    assert len(await dead_letters.listing(sample.settings)) == before + 1


async def test_dead_letters_at_once_leave_no_connection_behind(sample):
    topic = dead_letters.DeadLetterTopic(sample.settings)
    record = ConsumerRecord("x", 0, 0, 0, 0, b"k", b"v", None, 1, 1, ())
    with warnings.catch_warnings(record=True, action="always") as warned:
        await asyncio.gather(*(topic.add(record, ValueError("bad")) for _ in range(3)))
        await topic.close()
        del topic
        gc.collect()
    assert [str(warning.message) for warning in warned if "Producer" in str(warning.message)] == []


async def test_a_value_the_database_can_never_take_becomes_a_dead_letter_and_is_not_tried_for_ever(
    sample, note_model, until_noted
):
    bad, good, router = uuid7(), uuid7(), EventRouter()

    @router.on(UserDeleted)
    async def count(session, event):
        number = 2**40 if event.user_id == bad else 1
        await session.execute(text("SELECT CAST(:number AS integer)"), {"number": number})
        session.add(note_model(owner_id=event.user_id, text="counted"))

    async with sample.working(router):
        await sample.services.deliver(UserDeleted(user_id=bad))
        await sample.services.deliver(UserDeleted(user_id=good))
        await until_noted(good, ["counted"])
        async with asyncio.timeout(10):
            while str(bad).encode() not in [
                letter.key for letter in await dead_letters.listing(sample.settings)
            ]:
                await asyncio.sleep(0.1)
