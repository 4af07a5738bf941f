"""The relay: in order for each subject and whole, whoever is stopped, and whatever the broker refuses."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
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

from common.contracts.user import UserDeleted, UserRegistered
from common.db import engine, migrations, transient
from common.ids import uuid7
from common.messaging import kafka, outbox, relay_lock
from common.messaging.relay import Relay
from common.worker.restart import Restarter

LOCK_SECONDS = 4
PROGRAM = Path(__file__).parent / "relay_process.py"
UNSENT = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")


class RelayProcess:
    """A relay in a process of its own, with everything it has logged."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode())

    def says(self, word):
        return [line for line in self.lines if word in line]

    def send(self, number):
        self.process.send_signal(number)


class Outbox:
    """A schema with nothing but an outbox, and what arrives of it."""

    def __init__(self, registered, sessions, environment, url):
        self.registered = registered
        self.sessions = sessions
        self.environment = environment
        self.url = url

    async def publish(self, *events):
        async with self.sessions.begin() as session:
            for event in events:
                await outbox.publish(session, event)

    async def unsent(self):
        async with self.sessions() as session:
            return await session.scalar(UNSENT)

    async def all_sent(self):
        return await self.unsent() == 0

    @asynccontextmanager
    async def relay(self):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            str(LOCK_SECONDS),
            env=os.environ | self.environment | {"LOG_LEVEL": "INFO"},
            stdout=asyncio.subprocess.PIPE,
        )
        relay = RelayProcess(process)
        try:
            yield relay
        finally:
            process.kill()
            await process.wait()
            await relay.reading

    def event(self, user_id, number):
        return self.registered(user_id=user_id, role=str(number))

    async def arrived(self):
        """Return what lies on the topic, oldest first, as (subject, value)."""
        servers = self.environment["KAFKA_BOOTSTRAP_SERVERS"]
        consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partition = TopicPartition(self.registered.topic, 0)
            consumer.assign([partition])
            end = (await consumer.end_offsets([partition]))[partition]
            records = []
            while await consumer.position(partition) < end:
                batches = await consumer.getmany(partition, timeout_ms=1_000)
                records += batches.get(partition, [])
            return [(record.key.decode(), record.value) for record in records]
        finally:
            await consumer.stop()


@pytest_asyncio.fixture(scope="module")
async def relays(services, elsewhere):
    url = await services.provisioned("relays")
    await asyncio.to_thread(migrations.upgrade, url, Path(__file__).parents[1] / "sample_migrations")
    database_engine = engine.create_engine(url, pool_size=3)
    environment = services.settings_environment("relays")
    yield Outbox(
        elsewhere(UserRegistered, "tests.relay"),
        engine.create_sessionmaker(database_engine),
        environment,
        url,
    )
    await database_engine.dispose()


async def roles(relays, people):
    """Return for each of the people the numbers that arrived, each where it came first."""
    arrived = {str(person): [] for person in people}
    for key, value in await relays.arrived():
        if key in arrived and b'"role"' in value:
            number = int(UserRegistered.model_validate_json(value).role)
            if number not in arrived[key]:
                arrived[key].append(number)
    return arrived


async def test_a_relay_that_is_stopped_is_taken_over_and_keeps_the_order_when_it_goes_on(relays, eventually):
    people, count = [uuid7() for _ in range(40)], iter(range(1_000_000))

    async def publish(rounds):
        for _ in range(rounds):
            number = next(count)
            await relays.publish(*(relays.event(person, number) for person in people))

    async def until_more(relay, word, before):
        await eventually(lambda: asyncio.sleep(0, len(relay.says(word)) > before), timeout=60)

    async def until_all_sent():
        await eventually(relays.all_sent, timeout=60)

    async with relays.relay() as first:
        await until_more(first, "relay_active", 0)
        async with relays.relay() as second:
            await publish(20)
            await until_all_sent()
            publishing = asyncio.create_task(publish(50))
            await eventually(relays.unsent)
            first.send(signal.SIGSTOP)  # in the middle of it
            await publishing
            assert await relays.unsent() > 0
            await until_more(second, "relay_active", 0)
            await publish(5)
            await until_all_sent()
            active, broke = len(first.says("relay_active")), len(first.says("part_failed"))
            first.send(signal.SIGCONT)
            await publish(10)
            await until_more(first, "part_failed", broke)
            await until_all_sent()
            assert len(first.says("relay_active")) == active
            broke = len(second.says("part_failed"))
            second.send(signal.SIGSTOP)
            await publish(5)
            await until_all_sent()
            assert len(first.says("relay_active")) == active + 1
            second.send(signal.SIGCONT)
            await until_more(second, "part_failed", broke)
            await publish(5)
            await until_all_sent()
    total = next(count)
    assert total == 95
    for numbers in (await roles(relays, people)).values():
        assert numbers == list(range(total))


async def test_who_was_silent_too_long_knows_it_before_asking(relays):
    async with relay_lock.hold(relays.url, 0.4, lambda *_: None) as session:
        session.ensure_held()
        await asyncio.sleep(0.5)
        with pytest.raises(relay_lock.LockLost):
            session.ensure_held()
        with pytest.raises(transient.CONNECTION_ERRORS):
            await session.fetch("SELECT 1")


async def test_a_worker_whose_events_wait_too_long_is_not_ready_and_lives(sample, eventually):
    url = sample.settings.database_url.get_secret_value()
    async with relay_lock.hold(url, 60, lambda *_: None):
        event = UserDeleted(user_id=uuid7())
        async with sample.sessions.begin() as session:
            await outbox.publish(session, event)
            # the oldest is what counts, and a test before may have left one that was never sent
            query = "UPDATE outbox SET occurred_at = now() - interval '2 minutes' WHERE published_at IS NULL"
            await session.execute(text(query))
        async with (
            sample.working() as worker,
            AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client,
        ):
            response = await client.get("/ready")
            assert response.status_code == 503
            assert "has waited too long" in response.json()["checks"]["outbox"]
            assert (await client.get("/health")).status_code == 200
    async with (
        sample.working() as worker,
        AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client,
    ):

        async def ready():
            response = await client.get("/ready")
            return response.json() if response.status_code == 200 else None

        assert (await eventually(ready))["events"] == {"waiting": 0, "refused": 0}


class Strict(AIOKafkaProducer):
    """A producer whose broker refuses: a rule of (topic, value, how many are under way) says what it raises."""

    rule = staticmethod(lambda *_: None)
    under_way = 0

    async def send_and_wait(self, topic, value=None, **options):
        Strict.under_way += 1
        try:
            await asyncio.sleep(0)
            error = Strict.rule(topic, value, Strict.under_way)
            if error:
                raise error
            return await super().send_and_wait(topic, value, **options)
        finally:
            Strict.under_way -= 1


@pytest_asyncio.fixture
async def strict(relays):
    """Run a relay whose broker refuses what a rule says."""

    @asynccontextmanager
    async def run(rule, patience=0.2):
        Strict.rule = staticmethod(rule)

        async def open_producer():
            producer = Strict(bootstrap_servers=relays.environment["KAFKA_BOOTSTRAP_SERVERS"], acks="all")
            await producer.start()
            return producer

        relay = Relay(
            relays.url,
            open_producer,
            keep_seconds=3600,
            inbox_keep_seconds=3600,
            patience_seconds=patience,
        )
        running = asyncio.create_task(Restarter().restart("relay", relay.run))
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    yield run
    async with relays.sessions.begin() as session:
        await session.execute(text("DELETE FROM dead_letter"))
        await session.execute(text("DELETE FROM outbox"))


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
    assert await roles(relays, [unlucky, lucky]) == {
        str(unlucky): [0, 1, 3, 4, 5],
        str(lucky): [0, 1, 2, 3, 4, 5],
    }
    assert await outbox.replay(relays.url) == 1
    async with strict(lambda *_: None):
        await eventually(relays.all_sent)
    assert (await roles(relays, [unlucky]))[str(unlucky)] == [0, 1, 3, 4, 5, 2]
    assert await outbox.dead_letters(relays.url) == []


async def test_how_long_an_event_waited_for_kafka_is_measured_when_it_was_taken(
    relays, strict, eventually, measurements
):
    before = measurements.of("interviewace.outbox.publish.lag", topic="tests.relay")
    await relays.publish(relays.event(uuid7(), 1), relays.event(uuid7(), 2))
    async with strict(lambda *_: None):
        await eventually(relays.all_sent)
    assert measurements.of("interviewace.outbox.publish.lag", topic="tests.relay") == before + 2


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
    arrived = await roles(relays, people)
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
    assert (await roles(relays, [person]))[str(person)] == [0, 1, 2]


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
    assert (await roles(relays, [person]))[str(person)] == [5]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), OutOfOrderSequenceNumber()])
async def test_a_connection_that_breaks_sets_nothing_aside(relays, strict, eventually, error):
    person, failures = uuid7(), iter([error, error])
    await relays.publish(*(relays.event(person, number) for number in range(3)))
    async with strict(lambda _, value, __: next(failures, None) if role_is(value, 1) else None):
        await eventually(relays.all_sent)
    assert next(failures, None) is None
    assert await outbox.dead_letters(relays.url) == []
    assert (await roles(relays, [person]))[str(person)] == [0, 1, 2]


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


async def test_a_round_holds_no_more_than_it_may_of_large_events(relays, strict, eventually):
    people = [uuid7() for _ in range(24)]
    await relays.publish(
        *(relays.event(person, 0).model_copy(update={"role": "7" * 500_000}) for person in people)
    )
    most = []

    def count(_, __, under_way):
        most.append(under_way)

    async with strict(count):
        await eventually(relays.all_sent)
    assert len(most) == 24
    assert max(most) <= 18
