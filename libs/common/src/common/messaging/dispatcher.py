"""How a message becomes the calls it stands for, exactly once in effect."""

import asyncio
from collections.abc import Mapping

import pydantic
import structlog
from opentelemetry import trace

from common import backoff, telemetry
from common.contracts.event import Event
from common.contracts.user import UserDeleted
from common.db import engine, tombstones, transient
from common.db.tombstones import AccountErased
from common.messaging import inbox
from common.messaging.router import EventRouter, Subscription

ATTEMPTS = 4

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.events")


class UnreadableMessage(Exception):
    """A message that is not an event of ours: trying again can't help."""


class Dispatcher:
    """Turns a message's headers and body into the calls it stands for."""

    def __init__(self, router: EventRouter, sessions: engine.SessionMaker) -> None:
        self._router = router
        self._sessions = sessions

    async def dispatch(self, topic: str, headers: Mapping[str, str], body: bytes) -> None:
        """React to one message, repeating what failed for a passing reason until it works.

        Raises:
            UnreadableMessage: it is no event we know how to read.
            Exception: a reaction failed for good, after a few spaced attempts.
        """
        ce_type = headers.get("ce_type")
        if not ce_type:
            raise UnreadableMessage("the message has no ce_type header")
        for subscription in self._router.to(ce_type):
            event = self._read(subscription, body)
            with tracer.start_as_current_span(
                f"react {ce_type}", context=telemetry.context_of(headers), kind=trace.SpanKind.CONSUMER
            ) as span:
                span.set_attribute("messaging.system", "kafka")
                span.set_attribute("messaging.operation.type", "process")
                span.set_attribute("messaging.destination.name", topic)
                span.set_attribute("messaging.message.id", str(event.event_id))
                await self._react(subscription, event)

    @staticmethod
    def _read(subscription: Subscription, body: bytes) -> Event:
        try:
            return subscription.event_type.model_validate_json(body)
        except pydantic.ValidationError as error:
            fields = ", ".join(
                ".".join(map(str, detail["loc"])) or detail["type"] for detail in error.errors()
            )
            raise UnreadableMessage(
                f"{subscription.event_type.ce_type} does not fit its schema: {fields}"
            ) from None

    async def _react(self, subscription: Subscription, event: Event) -> None:
        attempt = failures = 0
        while True:
            attempt += 1
            try:
                async with self._sessions.begin() as session:
                    if await inbox.first_time(session, subscription.consumer, event.event_id):
                        await subscription.reaction(session, event)
                        if not isinstance(event, UserDeleted):
                            await tombstones.refuse_erased(session, event.owner)
                return
            except AccountErased:
                return  # old news of somebody who left: nothing is kept of it, not even that it came
            except Exception as error:
                passing = transient.is_transient(error)
                failures += not passing
                if failures >= ATTEMPTS:
                    raise
                log.warning(
                    "reaction_failed",
                    consumer=subscription.consumer,
                    event_id=str(event.event_id),
                    attempt=attempt,
                    transient=passing,
                    error=type(error).__name__,
                )
            await asyncio.sleep(backoff.delay_before(attempt))
