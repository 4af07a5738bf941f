"""Reactions to events: who hears what, and how a message becomes a call, exactly once in effect."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pydantic
import structlog
from opentelemetry import trace
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from common import database, inbox, telemetry, tombstones
from common.contracts.event import Event
from common.contracts.user import UserDeleted
from common.tombstones import AccountErased

E = TypeVar("E", bound=Event)
Reaction = Callable[[AsyncSession, Any], Awaitable[None]]

ATTEMPTS = 4
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 30.0
TRANSIENT_SQLSTATES = ("40", "53", "55P03", "57")

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.events")


class UnreadableMessage(Exception):
    """A message that is not an event of ours: trying again can't help."""


@dataclass(frozen=True)
class Subscription:
    """One reaction to one kind of event."""

    event_type: type[Event]
    reaction: Reaction

    @property
    def consumer(self) -> str:
        """The name under which the inbox remembers what this reaction has seen."""
        return f"{self.event_type.ce_type}:{getattr(self.reaction, '__name__', 'reaction')}"


class EventRouter:
    """The visible list of what a service reacts to."""

    def __init__(self) -> None:
        self._subscriptions: defaultdict[str, list[Subscription]] = defaultdict(list)

    def on(self, event_type: type[E]) -> Callable[[Callable[[AsyncSession, E], Awaitable[None]]], Reaction]:
        """Call the decorated function with every event of that type, in a transaction of its own."""

        def register(reaction: Callable[[AsyncSession, E], Awaitable[None]]) -> Reaction:
            self._subscriptions[event_type.ce_type].append(Subscription(event_type, reaction))
            return reaction

        return register

    @property
    def topics(self) -> list[str]:
        """The topics this service listens to."""
        return sorted({each.event_type.topic for each in self.subscriptions})

    @property
    def subscriptions(self) -> list[Subscription]:
        """Every reaction, in the order of registration."""
        return [each for group in self._subscriptions.values() for each in group]

    def to(self, ce_type: str) -> list[Subscription]:
        """Return the reactions to one kind of event."""
        return self._subscriptions.get(ce_type, [])


def is_transient(error: BaseException) -> bool:
    """Return True where waiting can help: a connection that broke, a lock, a deadlock, a server going down."""
    if isinstance(error, DBAPIError):
        if isinstance(getattr(error.orig, "__cause__", None), ValueError):
            return False  # the driver can't send such a value, now or ever
        if error.connection_invalidated or isinstance(error, (InterfaceError, OperationalError)):
            return True
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        return sqlstate.startswith(TRANSIENT_SQLSTATES)
    return isinstance(error, database.CONNECTION_ERRORS)


def delay_before(attempt: int) -> float:
    """Return the seconds to wait before `attempt` (1 is the first repetition): growing, bounded, jittered."""
    return min(FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1), LONGEST_DELAY_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311


class Dispatcher:
    """Turns a message's headers and body into the calls it stands for."""

    def __init__(self, router: EventRouter, sessions: database.Sessions) -> None:
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
            fields = ", ".join(".".join(map(str, each["loc"])) or each["type"] for each in error.errors())
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
                transient = is_transient(error)
                failures += not transient
                if failures >= ATTEMPTS:
                    raise
                log.warning(
                    "reaction_failed",
                    consumer=subscription.consumer,
                    event_id=str(event.event_id),
                    attempt=attempt,
                    transient=transient,
                    error=type(error).__name__,
                )
            await asyncio.sleep(delay_before(attempt))
