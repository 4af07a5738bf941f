"""Whether a worker consumes: how far behind each topic it is, when it last read it, how long it is at one message."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from common.db.engine import SessionMaker
from common.messaging.dispatcher import Dispatcher
from common.messaging.router import EventRouter
from common.metrics import meter, timed

DURATION = meter.create_histogram(
    "messaging.process.duration",
    unit="s",
    description="Seconds until a message was reacted to, its repetitions included, by topic and error.",
)
IDLE_SECONDS = 5.0
"""Who was at a message so short a time ago is at work: what waits behind it was only not read yet."""


@dataclass(frozen=True)
class TopicState:
    """Messages of a topic that are not reacted to yet, and seconds since it was last read (None: never yet)."""

    lag: int
    poll_age_seconds: float | None


class WatchedDispatcher(Dispatcher):
    """A dispatcher that tells for how long it has been at a message, or at none."""

    def __init__(self, router: EventRouter, sessions: SessionMaker) -> None:
        super().__init__(router, sessions)
        self._is_busy = False
        self._since = time.monotonic()

    @property
    def busy_seconds(self) -> float:
        """Seconds at the message of now; 0 at none."""
        return time.monotonic() - self._since if self._is_busy else 0.0

    @property
    def idle_seconds(self) -> float:
        """Seconds without a message; 0 at one."""
        return 0.0 if self._is_busy else time.monotonic() - self._since

    async def dispatch(self, topic: str, headers: Mapping[str, str], body: bytes) -> None:
        """React to one message."""
        self._is_busy, self._since = True, time.monotonic()
        try:
            with timed(DURATION, {"messaging.system": "kafka", "messaging.destination.name": topic}):
                await super().dispatch(topic, headers, body)
        finally:
            self._is_busy, self._since = False, time.monotonic()


async def topics(consumers: Iterable[AIOKafkaConsumer]) -> dict[str, TopicState]:
    """Return how each topic stands whose partitions these consumers have; none while they have none."""
    lags: dict[str, int] = {}
    polls: dict[str, float] = {}
    for consumer in consumers:
        for partition in consumer.assignment():
            try:
                lag = await _lag(consumer, partition)
                polled = (consumer.last_poll_timestamp(partition) or 0) / 1000
            except (IllegalStateError, AssertionError):  # another worker was given it meanwhile
                continue
            lags[partition.topic] = lags.get(partition.topic, 0) + lag
            polls[partition.topic] = max(polls.get(partition.topic, 0.0), polled)
    now = time.time()
    ages = {topic: max(0.0, now - polled) if polled else None for topic, polled in polls.items()}
    return {topic: TopicState(lag, ages[topic]) for topic, lag in sorted(lags.items())}


async def _lag(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    highwater = consumer.highwater(partition)
    return max(0, highwater - await consumer.position(partition)) if highwater else 0


def trouble(
    states: Mapping[str, TopicState], *, busy_seconds: float, idle_seconds: float, limit: float
) -> str | None:
    """Return why a worker does not count as consuming, or None. `limit` is in seconds.

    Being behind is no trouble while it gets on; standing still before what waits is, and so is not reading.
    """
    if busy_seconds > limit:
        return f"at one message for {busy_seconds:.0f} s"
    if idle_seconds < IDLE_SECONDS:
        return None
    for topic, state in states.items():
        if state.lag:
            return f"{state.lag} messages of {topic} wait and none is worked on"
        if state.poll_age_seconds is not None and state.poll_age_seconds > limit:
            return f"{topic} was last read {state.poll_age_seconds:.0f} s ago"
    return None
