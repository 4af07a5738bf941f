"""The AsyncAPI document of a service: what it publishes and what it reacts to, as FastStream describes its brokers."""

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic import JsonValue, TypeAdapter
from sqlalchemy.ext.asyncio import async_sessionmaker

from common.contracts import catalogue
from common.contracts.event import Event
from common.messaging import consumer
from common.messaging.dispatcher import Dispatcher
from common.messaging.router import EventRouter

DESCRIPTION = (
    "Messages are CloudEvents in Kafka's binary mode: the attributes are headers (`ce_type` names the event), the key"
    " is the subject's id, the value is JSON. Events are sent from an outbox and may arrive more than once."
)


def first_line(words: str | None) -> str:
    """Return the first line of a docstring."""
    return (words or "").strip().partition("\n")[0]


def describe(service: str, router: EventRouter) -> dict[str, JsonValue]:
    """Return the document: a channel for each event, named by its type, at the address of its topic."""
    # nothing is started: the relay publishes, and a worker has one subscriber for all these handlers
    broker = KafkaBroker(specification_url="kafka:9092", description="Kafka, as compose names it.")
    dispatcher = Dispatcher(router, async_sessionmaker())
    for event_type in catalogue.published_by(service):
        broker.publisher(
            event_type.topic,
            title=event_type.ce_type,
            description=first_line(event_type.__doc__),
            schema=event_type,
        )
    for event_type in router.event_types:
        subscriber = broker.subscriber(
            event_type.topic,
            group_id=consumer.group_of(service),
            title=event_type.ce_type,
            description=_reactions(router, event_type),
        )
        consumer.add_reactions(subscriber, event_type, dispatcher)
    document = AsyncAPI(broker, title=service, version="1", description=DESCRIPTION).to_specification()
    return TypeAdapter(dict[str, JsonValue]).validate_python(document.to_jsonable())


def _reactions(router: EventRouter, event_type: type[Event]) -> str:
    reactions = router.to(event_type.ce_type)
    return " ".join(first_line(subscription.reaction.__doc__) for subscription in reactions)
