"""What a worker's metrics tell of outbox, queue and Kafka: looked at every few seconds, however often scraped."""

import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from common.db.engine import SessionMaker
from common.messaging import outbox
from common.metrics import meter
from common.worker import queue_age

EVERY_SECONDS = 5.0

WAITING_EVENTS = meter.create_gauge(
    "interviewace.outbox.events", description="Events that wait to be published."
)
OLDEST_EVENT = meter.create_gauge(
    "interviewace.outbox.oldest", unit="s", description="Age of the oldest event that waits."
)
REFUSED_EVENTS = meter.create_gauge(
    "interviewace.outbox.refused", description="Events that Kafka refused for good."
)
WAITING_TASKS = meter.create_gauge(
    "interviewace.task.waiting", description="Tasks that are due and not begun, by kind."
)
OLDEST_TASK = meter.create_gauge(
    "interviewace.task.oldest", unit="s", description="For how long the oldest due task has waited, by kind."
)
LAG = meter.create_gauge(
    "interviewace.consumer.lag", description="Messages on a topic that are not reacted to yet."
)
LAST_POLL = meter.create_gauge(
    "interviewace.consumer.poll.age", unit="s", description="How long ago a topic was last read."
)


async def sample_database(sessions: SessionMaker, kinds: set[str]) -> None:
    """Look once at the outbox and the queue. `kinds` are those known so far: one of which none waits is told as 0."""
    async with sessions() as session:
        backlog = await outbox.backlog(session)
        ages = await queue_age.by_kind(session)
    WAITING_EVENTS.set(backlog.waiting)
    OLDEST_EVENT.set(backlog.oldest_seconds or 0)
    REFUSED_EVENTS.set(backlog.dead_letters)
    kinds |= ages.keys()
    for kind in kinds:
        age = ages.get(kind)
        WAITING_TASKS.set(age.tasks if age else 0, {"kind": kind})
        OLDEST_TASK.set(age.oldest_seconds if age else 0, {"kind": kind})


async def sample_consumer(consumer: AIOKafkaConsumer) -> None:
    """Look once at what a consumer has not read yet, by topic, and when it last read."""
    lags: dict[str, int] = {}
    polls: dict[str, float] = {}
    for partition in consumer.assignment():
        lags[partition.topic] = lags.get(partition.topic, 0) + await _lag(consumer, partition)
        polled = (consumer.last_poll_timestamp(partition) or 0) / 1000
        polls[partition.topic] = max(polls.get(partition.topic, 0.0), polled)
    _tell(lags, polls)


async def _lag(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    highwater = consumer.highwater(partition)
    return max(0, highwater - await consumer.position(partition)) if highwater else 0


def _tell(lags: Mapping[str, int], polls: Mapping[str, float]) -> None:
    for topic, lag in lags.items():
        LAG.set(lag, {"topic": topic})
        if polls[topic]:
            LAST_POLL.set(max(0.0, time.time() - polls[topic]), {"topic": topic})
