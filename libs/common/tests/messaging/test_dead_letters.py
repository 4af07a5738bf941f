"""Dead letters are always taken, however large the message is, and come back whole."""

import asyncio

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer, ConsumerRecord

from common.contracts.user import UserDeleted
from common.ids import uuid7
from common.messaging import dead_letters, kafka
from common.messaging.router import EventRouter


@pytest.fixture
def deleted(elsewhere):
    """The event that becomes a dead letter, on a topic of its own."""
    return elsewhere(UserDeleted, "tests.dead-letters")


@pytest.fixture
def reactions(note_model, deleted):
    router = EventRouter()

    @router.on(deleted)
    async def forget(session, event):
        session.add(note_model(owner_id=event.user_id, text="forgotten"))

    return router


@pytest_asyncio.fixture
async def send(sample, deleted):
    """Put a message of any size on its topic, as a broker with higher limits would take it."""
    servers = sample.settings.kafka_bootstrap_servers
    await kafka.ensure_topics(servers, {deleted.topic: kafka.topic_config(sample.settings, 10_000_000)}, 1, 1)
    async with AIOKafkaProducer(bootstrap_servers=servers, max_request_size=10_000_000) as producer:

        async def put(event, body, **headers):
            named = {"ce_type": event.ce_type} | headers
            await producer.send_and_wait(
                event.topic,
                key=str(event.subject).encode(),
                value=body,
                headers=[(name, value.encode()) for name, value in named.items()],
            )

        yield put


async def letters_for(sample, event):
    return [
        message
        for message in await dead_letters.listing(sample.settings)
        if message.key == str(event.subject).encode()
    ]


async def went_on(sample, marker, eventually):
    async def reached():
        return await sample.notes(marker.user_id) == ["forgotten"]

    await eventually(reached)


@pytest.mark.parametrize("room", [0, 150, 300], ids=["as large as ours get", "a little less", "less"])
async def test_a_failed_message_of_a_megabyte_is_parked_whole_and_the_next_goes_on(
    sample, reactions, deleted, send, eventually, room
):
    event, marker = deleted(user_id=uuid7()), deleted(user_id=uuid7())
    body = b"{" + b"x" * (kafka.request_bytes(sample.settings) - room - 1)
    async with sample.working(reactions):
        await send(event, body)
        await send(marker, marker.model_dump_json().encode())
        await went_on(sample, marker, eventually)
    (letter,) = await letters_for(sample, event)
    assert letter.value == body
    assert not letter.left


@pytest.mark.parametrize("where", ["value", "headers"])
async def test_what_is_too_large_to_be_parked_is_parked_as_a_note_and_replayed_from_where_it_lies(
    sample, note_model, deleted, send, eventually, where
):
    event, marker, router, broken = (
        deleted(user_id=uuid7()),
        deleted(user_id=uuid7()),
        EventRouter(),
        True,
    )

    @router.on(deleted)
    async def forget(session, received):
        if broken and received.user_id == event.user_id:
            raise ZeroDivisionError("a bug")
        session.add(note_model(owner_id=received.user_id, text="forgotten"))

    body = event.model_dump_json().encode()
    headers = {"ce_id": str(event.event_id)}
    if where == "value":
        body += b" " * 3_000_000
    else:
        headers["tracestate"] = "x" * 3_000_000
    async with sample.working(router):
        await send(event, body, **headers)
        await send(marker, marker.model_dump_json().encode())
        await went_on(sample, marker, eventually)
    (letter,) = await letters_for(sample, event)
    assert letter.left
    assert letter.value == b""
    assert letter.cause == "ZeroDivisionError: a bug"
    broken = False
    assert await dead_letters.replay(sample.settings) >= 1
    async with sample.working(router):
        await went_on(sample, event, eventually)


async def test_a_note_whose_message_is_kept_no_longer_is_passed_over(sample, deleted):
    servers = sample.settings.kafka_bootstrap_servers
    await dead_letters.replay(sample.settings)
    notes = {
        dead_letters.CAUSE: "ValueError: x",
        dead_letters.TOPIC: deleted.topic,
        dead_letters.PARTITION: "0",
        dead_letters.OFFSET: "1000000",
        dead_letters.LEFT: "1",
    }
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        await producer.send_and_wait(
            dead_letters.topic_of("sample"),
            b"",
            headers=[(name, value.encode()) for name, value in notes.items()],
        )
    assert await dead_letters.replay(sample.settings) == 0


async def test_a_dead_letter_is_counted_under_the_topic_it_came_on(
    sample, deleted, reactions, send, eventually, note_model, measurements
):
    before, after = deleted(user_id=uuid7()), deleted(user_id=uuid7())
    async with sample.working(reactions):
        await send(before, before.model_dump_json().encode())
        await went_on(sample, before, eventually)
        counted = measurements.of("interviewace.consumer.dead.letters", topic=deleted.topic)
        await send(deleted(user_id=uuid7()), b"no event")
        await send(after, after.model_dump_json().encode())
        await went_on(sample, after, eventually)
    assert measurements.of("interviewace.consumer.dead.letters", topic=deleted.topic) == counted + 1


async def test_a_key_that_is_too_large_is_left_as_well(sample):
    record = ConsumerRecord("x", 0, 0, 0, 0, b"k" * 2_000_000, b"v", None, 1, 1, ())
    topic = dead_letters.DeadLetterTopic(sample.settings)
    before = len(await dead_letters.listing(sample.settings))
    async with asyncio.timeout(20):
        await topic.add(record, ValueError("bad"))
    await topic.close()
    letters = await dead_letters.listing(sample.settings)
    assert len(letters) == before + 1
    assert letters[-1].key is None
    assert letters[-1].left
