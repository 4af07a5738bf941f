"""What every event is: a frozen, past-tense fact about one subject."""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.ids import uuid7


class Event(BaseModel):
    """A fact that one service announces and others may react to.

    `ce_type` names the kind of fact, `topic` the Kafka topic it travels on, and `subject_field` the field that
    holds the subject's id, which is the message key: events of one subject stay in order. Fields are only ever
    added, with defaults; anything else is a new `ce_type`. Unknown fields are ignored by readers.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ce_type: ClassVar[str]
    topic: ClassVar[str]
    subject_field: ClassVar[str]
    erases: ClassVar[bool] = False
    """Whether it announces that something of a person's is gone: it outlives the erasure that it is a part of."""
    holds_words: ClassVar[bool] = False
    """Whether it holds a person's own words beside ids: not kept in the outbox once what it is about is deleted."""

    event_id: UUID = Field(default_factory=uuid7)
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def subject(self) -> UUID:
        """The id of what the event is about."""
        subject = getattr(self, self.subject_field)
        if not isinstance(subject, UUID):
            raise TypeError(f"{self.ce_type}: {self.subject_field} is not an id")
        return subject

    @property
    def owner(self) -> UUID | None:
        """The id of the person whom the event tells of, where it tells of one."""
        owner = getattr(self, "user_id", None)
        return owner if isinstance(owner, UUID) else None
