"""How an event becomes the calls it stands for, exactly once in effect."""

import asyncio
from collections.abc import Mapping

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


class Dispatcher:
    """Calls the reactions to an event."""

    def __init__(self, router: EventRouter, sessions: engine.SessionMaker) -> None:
        self._router = router
        self._sessions = sessions

    async def dispatch(self, event: Event, trace_headers: Mapping[str, str]) -> None:
        """React to one event, repeating what failed for a passing reason until it works.

        Args:
            event: what happened.
            trace_headers: the headers it came with; the trace goes on that they name, if any.

        Raises:
            Exception: a reaction failed for good, after a few spaced attempts.
        """
        for subscription in self._router.to(event.ce_type):
            with tracer.start_as_current_span(
                f"react {event.ce_type}",
                context=telemetry.context_of(trace_headers),
                kind=trace.SpanKind.CONSUMER,
            ) as span:
                span.set_attribute("messaging.system", "kafka")
                span.set_attribute("messaging.operation.type", "process")
                span.set_attribute("messaging.destination.name", event.topic)
                span.set_attribute("messaging.message.id", str(event.event_id))
                await self._react(subscription, event)

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
