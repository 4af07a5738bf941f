"""A schema with nothing but an outbox, relays over it, and what arrives of its events."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text

from common.contracts.user import UserRegistered
from common.db import engine, migrations
from common.messaging import outbox
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

    async def roles(self, people):
        """Return for each of the people the numbers that arrived, each where it came first."""
        arrived = {str(person): [] for person in people}
        for key, value in await self.arrived():
            if key in arrived and b'"role"' in value:
                number = int(UserRegistered.model_validate_json(value).role)
                if number not in arrived[key]:
                    arrived[key].append(number)
        return arrived


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
