"""What the broker refuses is set aside where that is for good, waits where it is not, and holds up nothing else."""

import asyncio

import pytest
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.db import engine
from common.ids import uuid7
from common.messaging import kafka, outbox


def role_is(value, *numbers):
    return any(f'"role":"{number}"'.encode() in value for number in numbers)


@pytest.mark.parametrize(
    "error", [MessageSizeTooLargeError(), UnknownError()], ids=["at once", "after a while"]
)
async def test_what_the_broker_refuses_for_good_is_set_aside_and_the_rest_goes_on(
    relays, strict, eventually, error
):
    unlucky, lucky = uuid7(), uuid7()
    for number in range(6):
        await relays.publish(relays.event(unlucky, number), relays.event(lucky, number))
    bad = str(unlucky).encode()
    async with strict(lambda _, value, __: error if role_is(value, 2) and bad in value else None):

        async def done():
            return await relays.all_sent() and await outbox.dead_letters(relays.url)

        letters = await eventually(done)
    assert [(letter.subject, letter.ce_type) for letter in letters] == [(unlucky, "user.registered")]
    assert letters[0].cause.startswith(type(error).__name__)
    assert await relays.roles([unlucky, lucky]) == {
        str(unlucky): [0, 1, 3, 4, 5],
        str(lucky): [0, 1, 2, 3, 4, 5],
    }
    assert await outbox.replay(relays.url) == 1
    async with strict(lambda *_: None):
        await eventually(relays.all_sent)
    assert (await relays.roles([unlucky]))[str(unlucky)] == [0, 1, 3, 4, 5, 2]
    assert await outbox.dead_letters(relays.url) == []


async def test_only_what_is_refused_alone_is_set_aside_when_a_whole_batch_was(relays, strict, eventually):
    people = [uuid7() for _ in range(5)]
    await relays.publish(*(relays.event(person, 0) for person in people))
    await relays.publish(*(relays.event(person, 1) for person in people))
    bad = str(people[3]).encode()

    def refuse(_, value, under_way):
        return InvalidTimestampError() if under_way > 1 or (bad in value and role_is(value, 0)) else None

    async with strict(refuse):

        async def done():
            return await relays.all_sent() and await outbox.dead_letters(relays.url)

        letters = await eventually(done)
    assert [letter.subject for letter in letters] == [people[3]]
    arrived = await relays.roles(people)
    assert arrived.pop(str(people[3])) == [1]
    assert list(arrived.values()) == [[0, 1]] * 4


@pytest.mark.parametrize("error", [UnknownTopicOrPartitionError(), TopicAuthorizationFailedError("x")])
async def test_a_topic_that_refuses_everything_has_a_while_to_be_mended(relays, strict, eventually, error):
    person, refused = uuid7(), asyncio.Event()
    await relays.publish(*(relays.event(person, number) for number in range(3)))

    def refuse(*_):
        refused.set()
        return error

    async with strict(refuse, patience=60):
        async with asyncio.timeout(20):
            await refused.wait()
    assert await outbox.dead_letters(relays.url) == []
    async with strict(lambda *_: None, patience=60):
        await eventually(relays.all_sent)
    assert (await relays.roles([person]))[str(person)] == [0, 1, 2]


@pytest.mark.parametrize("error", [UnknownTopicOrPartitionError(), TopicAuthorizationFailedError("x")])
async def test_a_topic_that_stays_closed_holds_up_no_other(relays, strict, eventually, error):
    person = uuid7()
    await relays.publish(*(relays.event(person, number) for number in range(5)))
    async with relays.sessions.begin() as session:
        await session.execute(text("UPDATE outbox SET topic = 'closed' WHERE subject = :id"), {"id": person})
    await relays.publish(relays.event(person, 5))
    async with strict(lambda topic, *_: error if topic == "closed" else None):
        await eventually(relays.all_sent)
    assert [letter.topic for letter in await outbox.dead_letters(relays.url)] == ["closed"] * 5
    assert (await relays.roles([person]))[str(person)] == [5]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), OutOfOrderSequenceNumber()])
async def test_a_connection_that_breaks_sets_nothing_aside(relays, strict, eventually, error):
    person, failures = uuid7(), iter([error, error])
    await relays.publish(*(relays.event(person, number) for number in range(3)))
    async with strict(lambda _, value, __: next(failures, None) if role_is(value, 1) else None):
        await eventually(relays.all_sent)
    assert next(failures, None) is None
    assert await outbox.dead_letters(relays.url) == []
    assert (await relays.roles([person]))[str(person)] == [0, 1, 2]


async def limit_topic(topic, settings):
    """Let a topic take what these settings say, as provisioning does."""
    config = kafka.topic_config(settings, kafka.topic_bytes(settings))
    await kafka.ensure_topics(settings.kafka_bootstrap_servers, {topic: config}, 1, 1)


async def test_an_event_of_an_older_release_that_is_too_large_is_seen_and_sent_when_the_limit_is_raised(
    sample, relays, eventually
):
    person = uuid7()
    huge = relays.event(person, 0).model_copy(update={"role": "7" * 1_200_000})
    async with engine.create_sessionmaker(
        sample.sessions.kw["bind"], event_bytes=2_000_000
    ).begin() as session:
        for event in (huge, relays.event(person, 1)):
            await outbox.publish(session, event)

    async def counts(worker):
        async with AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client:
            return (await client.get("/ready")).json().get("events")

    async with sample.working() as worker:

        async def set_aside():
            return await counts(worker) == {"waiting": 0, "refused": 1}

        await eventually(set_aside)
    url = sample.settings.database_url.get_secret_value()
    assert [letter.event_id for letter in await outbox.dead_letters(url)] == [huge.event_id]
    raised = sample.settings.model_copy(update={"event_bytes": 1_000_000})
    await limit_topic(huge.topic, raised)
    await outbox.replay(url)
    async with sample.working(event_bytes=raised.event_bytes) as worker:

        async def sent():
            return await counts(worker) == {"waiting": 0, "refused": 0}

        await eventually(sent)
    await limit_topic(huge.topic, sample.settings)
    values = [value for key, value in await relays.arrived() if key == str(person)]
    assert [len(value) > 1_000_000 for value in values] == [False, True]
