"""The visible list of what a service reacts to."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.event import Event

E = TypeVar("E", bound=Event)
Reaction = Callable[[AsyncSession, Any], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """One reaction to one kind of event."""

    event_type: type[Event]
    reaction: Reaction
    name: str | None = None

    @property
    def consumer(self) -> str:
        """The name under which the inbox remembers what this reaction has seen; it outlives the function's."""
        name = self.name or getattr(self.reaction, "__name__", "reaction")
        return f"{self.event_type.ce_type}:{name}"


class EventRouter:
    """The visible list of what a service reacts to."""

    def __init__(self) -> None:
        self._subscriptions: defaultdict[str, list[Subscription]] = defaultdict(list)

    def on(
        self, event_type: type[E], *, consumer: str | None = None
    ) -> Callable[[Callable[[AsyncSession, E], Awaitable[None]]], Reaction]:
        """Call the decorated function with every event of that type, in a transaction of its own.

        `consumer` is the stable part of the name the inbox knows it by, where the function is called otherwise: what
        was seen under one name would take effect again under another.
        """

        def register(reaction: Callable[[AsyncSession, E], Awaitable[None]]) -> Reaction:
            self._subscriptions[event_type.ce_type].append(Subscription(event_type, reaction, consumer))
            return reaction

        return register

    @property
    def topics(self) -> list[str]:
        """The topics this service listens to."""
        return sorted({subscription.event_type.topic for subscription in self.subscriptions})

    @property
    def event_types(self) -> list[type[Event]]:
        """The kinds of events this service reacts to, in the order of registration."""
        return [group[0].event_type for group in self._subscriptions.values()]

    @property
    def subscriptions(self) -> list[Subscription]:
        """Every reaction, in the order of registration."""
        return [subscription for group in self._subscriptions.values() for subscription in group]

    def to(self, ce_type: str) -> list[Subscription]:
        """Return the reactions to one kind of event."""
        return self._subscriptions.get(ce_type, [])
