"""Clients of Kafka, made one way for every service."""

from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from common.settings import ServiceSettings


def producer_opener(settings: ServiceSettings) -> Callable[[], Awaitable[AIOKafkaProducer]]:
    """Return what opens a producer that waits for all replicas, and numbers its messages where it may."""

    async def open_producer() -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            client_id=f"interviewace-{settings.service}",
            enable_idempotence=settings.kafka_idempotence,
            acks="all",
            linger_ms=2,
            request_timeout_ms=10_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    return open_producer


async def create_topics(
    bootstrap_servers: str, topics: list[str], partitions: int, replication: int
) -> list[str]:
    """Create the topics that are missing and return their names.

    Raises:
        KafkaError: the broker refused one of them.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [NewTopic(name, partitions, replication) for name in topics if name not in present]
        if not missing:
            return []
        answer = await admin.create_topics(missing)
        created = []
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(name)
            created.append(name)
        return created
    finally:
        await admin.close()


async def partitions_of(bootstrap_servers: str, topic: str) -> list[int]:
    """Return the numbers of a topic's partitions; none where there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    await admin.start()
    try:
        described = await admin.describe_topics([topic])
        return sorted(each["partition"] for each in described[0]["partitions"])
    finally:
        await admin.close()
