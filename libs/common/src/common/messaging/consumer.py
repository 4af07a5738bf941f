"""The Kafka side of reactions: a FastStream subscriber with a typed handler for each kind of event.

A message is acknowledged after its effect.
"""

from types import TracebackType
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import DefaultSubscriber

from common.contracts.event import Event
from common.messaging import envelope, kafka
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


def group_of(service: str) -> str:
    """Return the name of the consumer group of a service's workers."""
    return f"interviewace.{service}"


def add_reactions(subscriber: DefaultSubscriber, event_type: type[Event], dispatcher: Dispatcher) -> None:
    """Let a subscriber hand events of that kind, read and checked, to the dispatcher."""

    async def react(event: Event, message: KafkaMessage) -> None:
        await dispatcher.dispatch(event, message.headers)

    async def read(message: KafkaMessage) -> Event:
        return envelope.read(event_type, message.body)

    def is_one(message: KafkaMessage) -> bool:
        return message.headers.get(envelope.TYPE) == event_type.ce_type

    react.__annotations__["event"] = event_type  # what FastStream takes the message's schema from
    subscriber(react, filter=is_one, decoder=read)


async def _pass_over(message: KafkaMessage) -> None:
    """Pass over an event that nothing here reacts to; one that says nothing of its kind is not readable."""
    envelope.type_of(message.headers)


async def _raw(message: KafkaMessage) -> bytes:
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
        subscriber = broker.subscriber(
            *router.topics,
            group_id=group_of(settings.service),
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            session_timeout_ms=settings.kafka_session_timeout_ms,
            heartbeat_interval_ms=settings.kafka_session_timeout_ms // 3,
            max_poll_interval_ms=LONGEST_REACTION_MS,
            max_partition_fetch_bytes=kafka.topic_bytes(settings),
        )
        for event_type in router.event_types:
            add_reactions(subscriber, event_type, dispatcher)
        subscriber(_pass_over, decoder=_raw)
    return broker
