"""The envelope of a message: CloudEvents' attributes in Kafka's headers (binary mode), written and read here alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import pydantic

from common.contracts.event import Event

E = TypeVar("E", bound=Event)
Header = tuple[str, bytes]

TYPE = "ce_type"


class UnreadableMessage(Exception):
    """A message that is not an event of ours: trying again can't help."""


def source_of(service: str) -> str:
    """Return the `ce_source` of a service's events."""
    return f"/interviewace/{service}"


@dataclass(frozen=True)
class Envelope:
    """What a message's headers and key say of the event in it."""

    event_id: UUID
    ce_type: str
    source: str
    subject: UUID
    occurred_at: datetime

    @classmethod
    def of(cls, event: Event, source: str) -> "Envelope":
        """Return the envelope of an event."""
        return cls(event.event_id, event.ce_type, source, event.subject, event.occurred_at)

    @property
    def key(self) -> bytes:
        """The message's key: events of one subject stay in order."""
        return str(self.subject).encode()

    def headers(self, trace: Mapping[str, str]) -> list[Header]:
        """Return the message's headers, with those that carry the trace."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(self.event_id),
            TYPE: self.ce_type,
            "ce_source": self.source,
            "ce_subject": str(self.subject),
            "ce_time": self.occurred_at.isoformat(),
            "content-type": "application/json",
            **trace,
        }
        return [(name, value.encode()) for name, value in headers.items()]


def decode(headers: Iterable[Header]) -> dict[str, str]:
    """Return headers as text, by name."""
    return {name: value.decode() for name, value in headers}


def type_of(headers: Mapping[str, str]) -> str:
    """Return what kind of event a message holds.

    Raises:
        UnreadableMessage: its headers do not say.
    """
    ce_type = headers.get(TYPE)
    if not ce_type:
        raise UnreadableMessage(f"the message has no {TYPE} header")
    return ce_type


def read(event_type: type[E], body: bytes) -> E:
    """Return the event that a message holds.

    Raises:
        UnreadableMessage: it does not fit the event's schema. The message names the fields and shows no value.
    """
    try:
        return event_type.model_validate_json(body)
    except pydantic.ValidationError as error:
        fields = ", ".join(".".join(map(str, detail["loc"])) or detail["type"] for detail in error.errors())
        raise UnreadableMessage(f"{event_type.ce_type} does not fit its schema: {fields}") from None
