"""The Kafka side of reactions: a FastStream subscriber to all topics, each message acknowledged after its effect."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, cast

from aiokafka import ConsumerRecord
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker, KafkaMessage

from common.messaging import kafka
from common.messaging.dead_letters import DeadLetterTopic
from common.messaging.dispatcher import Dispatcher
from common.messaging.router import EventRouter
from common.metrics import meter
from common.settings import ServiceSettings

LONGEST_REACTION_MS = 3_600_000
DEAD_LETTERS = meter.create_counter(
    "interviewace.consumer.dead.letters", description="Messages set aside as dead letters, by their topic."
)


class DeadLetterFailures(BaseMiddleware[Any, "ConsumerRecord[bytes, bytes]"]):
    """Surrounds reading and reacting: whatever fails for good becomes a dead letter and counts as done."""

    def __init__(
        self, msg: "ConsumerRecord[bytes, bytes]", /, *, context: Any, dead_letters: DeadLetterTopic
    ) -> None:
        super().__init__(msg, context=context)
        self._dead_letters = dead_letters

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,  # noqa: ARG002 - the shape FastStream calls
    ) -> bool | None:
        """Set the message of a failure aside; a cancellation is none."""
        if exc_type is None or exc_val is None or not issubclass(exc_type, Exception):
            return False
        await self._dead_letters.add(self.msg, exc_val)
        DEAD_LETTERS.add(1, {"topic": self.msg.topic})
        return True


async def _raw(message: Any) -> bytes:
    body: bytes = message.body
    return body


def create_broker(
    settings: ServiceSettings, router: EventRouter, dispatcher: Dispatcher, dead_letters: DeadLetterTopic
) -> KafkaBroker:
    """Return a broker with a subscriber to all topics the service reacts to."""

    def middleware(msg: Any, /, *, context: Any) -> DeadLetterFailures:
        return DeadLetterFailures(msg, context=context, dead_letters=dead_letters)

    broker = KafkaBroker(
        settings.kafka_bootstrap_servers,
        client_id=f"interviewace-{settings.service}",
        middlewares=[middleware],
        graceful_timeout=15.0,
        logger=None,
    )
    for topic in router.topics:
        DEAD_LETTERS.add(0, {"topic": topic})
    if router.topics:
        # one member for all topics: two of one group that join at once keep each other waiting
        broker.subscriber(
            *router.topics,
            group_id=f"interviewace.{settings.service}",
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=_raw,
            session_timeout_ms=settings.kafka_session_timeout_ms,
            heartbeat_interval_ms=settings.kafka_session_timeout_ms // 3,
            max_poll_interval_ms=LONGEST_REACTION_MS,
            max_partition_fetch_bytes=kafka.topic_bytes(settings),
        )(_handler(dispatcher))
    return broker


def _handler(dispatcher: Dispatcher) -> Callable[[KafkaMessage], Awaitable[None]]:
    async def react(message: KafkaMessage) -> None:
        record = cast("ConsumerRecord[bytes, bytes]", message.raw_message)
        await dispatcher.dispatch(record.topic, message.headers, message.body)

    return react
