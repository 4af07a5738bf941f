"""Clients of Kafka, made one way for every service, and topics whose limits agree with what is sent to them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, TopicAlreadyExistsError, for_code

from common.settings import MessageSettings, ServiceSettings

ROOM_BYTES = 65_536
SEGMENTS = 14
SET_ON_TOPIC = 1

OpenProducer = Callable[[], Awaitable[AIOKafkaProducer]]
TopicConfig = Mapping[str, str]

log = structlog.get_logger()


def request_bytes(settings: MessageSettings) -> int:
    """Return how large a message of ours may be: an event with its headers, and what an older release published."""
    return 2 * settings.event_bytes


def topic_bytes(settings: MessageSettings) -> int:
    """Return how large a batch a topic of events takes: the largest message in its frame."""
    return request_bytes(settings) + ROOM_BYTES


def dead_letter_bytes(settings: MessageSettings) -> int:
    """Return how large a batch a dead-letter topic takes: what was on a topic, and the notes of its failure."""
    return topic_bytes(settings) + ROOM_BYTES


def topic_config(settings: MessageSettings, max_bytes: int) -> TopicConfig:
    """Return the configuration of a topic that takes batches of that size.

    A message goes with its segment, so that one is closed often enough for the retention to mean something.
    """
    retention_ms = settings.kafka_retention * 1000
    return {
        "cleanup.policy": "delete",
        "max.message.bytes": str(max_bytes),
        "retention.ms": str(retention_ms),
        "segment.ms": str(retention_ms // SEGMENTS),
    }


def producer_opener(settings: ServiceSettings, max_bytes: int | None = None) -> OpenProducer:
    """Return what opens a producer that waits for all replicas, and numbers its messages where it may."""

    async def open_producer() -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            client_id=f"interviewace-{settings.service}",
            enable_idempotence=settings.kafka_idempotence,
            acks="all",
            linger_ms=2,
            request_timeout_ms=10_000,
            max_request_size=max_bytes or request_bytes(settings),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    return open_producer


class Sender:
    """A producer that can be renewed: one that numbers its messages is of no more use after a refusal."""

    def __init__(self, open_producer: OpenProducer) -> None:
        self._open = open_producer
        self._producer: AIOKafkaProducer | None = None

    @property
    def producer(self) -> AIOKafkaProducer:
        """The producer of now."""
        if self._producer is None:
            raise RuntimeError("the producer is not open")
        return self._producer

    async def renew(self) -> None:
        """Open a producer in the place of the one before."""
        await self.close()
        self._producer = await self._open()

    async def close(self) -> None:
        """Let go of the broker."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()


@asynccontextmanager
async def _administering(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def ensure_topics(
    bootstrap_servers: str, topics: Mapping[str, TopicConfig], partitions: int, replication: int
) -> list[str]:
    """Create the topics that are missing and configure those that are there; return the names of the new ones.

    Raises:
        KafkaError: the broker refused one of them.
    """
    async with _administering(bootstrap_servers) as admin:
        present = set(await admin.list_topics())
        await _configure(admin, {name: config for name, config in topics.items() if name in present})
        missing = [
            NewTopic(name, partitions, replication, topic_configs=dict(config))
            for name, config in topics.items()
            if name not in present
        ]
        return await _create(admin, missing) if missing else []


async def _create(admin: AIOKafkaAdminClient, missing: list[NewTopic]) -> list[str]:
    response = await admin.create_topics(missing)
    created = []
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
        created.append(name)
    return created


async def _configure(admin: AIOKafkaAdminClient, topics: Mapping[str, TopicConfig]) -> None:
    for name, config in topics.items():
        present, own = await _configuration(admin, name)
        if config.items() <= present.items():
            continue
        # the request replaces all that is set on a topic: what an operator has set besides stays
        resource = ConfigResource(ConfigResourceType.TOPIC, name, {**own, **config})
        try:
            responses = await admin.alter_configs([resource])
        except IncompatibleBrokerVersion:  # the broker of `make run` keeps what a topic was made with
            log.warning("topic_not_configured", topic=name)
            continue
        for code, message, *_ in responses[0].resources:
            if code:
                raise for_code(code)(message)


async def _configuration(admin: AIOKafkaAdminClient, topic: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what holds for a topic, and the part of it that was set on the topic itself."""
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    present, own = {}, {}
    for _, _, _, _, entries in responses[0].resources:
        for name, value, _, source, sensitive, *_ in entries:
            present[name] = value
            if source == SET_ON_TOPIC and not sensitive:
                own[name] = value
    return present, own


async def topics_of(bootstrap_servers: str) -> set[str]:
    """Return the names of all topics that there are."""
    async with _administering(bootstrap_servers) as admin:
        return set(await admin.list_topics())


async def partitions_of(bootstrap_servers: str, topic: str) -> list[int]:
    """Return the numbers of a topic's partitions; none where there is no such topic."""
    async with _administering(bootstrap_servers) as admin:
        described = await admin.describe_topics([topic])
        return sorted(partition["partition"] for partition in described[0]["partitions"])
