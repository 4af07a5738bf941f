"""The outbox: events are rows of the transaction that causes them, and the relay carries them to Kafka.

Published rows stay for `outbox_keep` seconds, to feed a broker that lost its log. A row that the broker refuses for
good waits in `dead_letter`, with the cause, until it is sent again; what comes after it goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opentelemetry import trace
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common import telemetry
from common.contracts.event import Event
from common.db import engine, tombstones
from common.errors import EventTooLargeError
from common.settings import EVENT_BYTES

INSERT = text(
    """
    WITH stored AS (
        INSERT INTO outbox (event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload)
        VALUES (:event_id, :topic, :subject, :owner_id, :ce_type, :occurred_at, :trace, :payload) RETURNING 1
    )
    SELECT pg_notify('outbox_' || current_schema(), '') FROM stored
    """
)
REPUBLISH = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"
WAKE = "SELECT pg_notify('outbox_' || current_schema(), '')"
BACKLOG = text(
    """
    SELECT (SELECT extract(epoch FROM now() - occurred_at)::float FROM outbox
            WHERE published_at IS NULL ORDER BY position LIMIT 1) AS oldest_seconds,
           (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS waiting,
           (SELECT count(*) FROM dead_letter) AS dead_letters
    """
)
DEAD_LETTERS = (
    "SELECT set_aside_at, topic, subject, ce_type, event_id, cause FROM dead_letter ORDER BY position"
)
# the old place, so that it goes before what its subject has been through since and that waits as well
REPLAY = """
WITH gone AS (DELETE FROM dead_letter RETURNING *)
INSERT INTO outbox (position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload)
OVERRIDING SYSTEM VALUE
SELECT position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload FROM gone
ORDER BY position
"""

tracer = trace.get_tracer("interviewace.outbox")


@dataclass(frozen=True)
class Backlog:
    """What waits in an outbox: the age of the oldest event that waits (None where none does), and counts."""

    oldest_seconds: float | None
    waiting: int
    dead_letters: int


@dataclass(frozen=True)
class DeadLetter:
    """An event that the broker refused for good."""

    set_aside_at: datetime
    topic: str
    subject: UUID
    ce_type: str
    event_id: UUID
    cause: str


async def publish(session: AsyncSession, event: Event) -> None:
    """Announce `event` when, and only when, the caller's transaction commits.

    Raises:
        EventTooLargeError: it is larger than `EVENT_BYTES` allows; the change has to be made smaller.
        AccountErased: it is about somebody who is erased.
    """
    with tracer.start_as_current_span(f"outbox {event.ce_type}", kind=trace.SpanKind.PRODUCER) as span:
        span.set_attribute("messaging.destination.name", event.topic)
        span.set_attribute("messaging.message.id", str(event.event_id))
        await session.flush()
        await tombstones.refuse_erased(session, event.owner)
        await session.execute(
            INSERT,
            {
                "event_id": event.event_id,
                "topic": event.topic,
                "subject": event.subject,
                "owner_id": event.owner,
                "ce_type": event.ce_type,
                "occurred_at": event.occurred_at,
                "trace": to_json(telemetry.carrier()).decode(),
                "payload": _payload(event, session.info.get("event_bytes", EVENT_BYTES)),
            },
        )


def _payload(event: Event, limit: int) -> str:
    payload = event.model_dump_json()
    size = len(payload.encode())
    if size > limit:
        raise EventTooLargeError(
            f"This would be announced as {event.ce_type} with {size:,} bytes, and at most {limit:,} are taken."
            " Make it shorter."
        )
    return payload


async def backlog(session: AsyncSession) -> Backlog:
    """Return how the outbox stands."""
    row = (await session.execute(BACKLOG)).mappings().one()
    return Backlog(row["oldest_seconds"], row["waiting"], row["dead_letters"])


async def republish(url: str) -> int:
    """Mark every kept event as unpublished, so that the relay feeds an emptied broker again; return how many."""
    return await _put_back(url, REPUBLISH)


async def dead_letters(url: str) -> list[DeadLetter]:
    """Return the events that the broker refused for good, oldest first."""
    connection = await engine.connect(url)
    try:
        return [DeadLetter(**dict(row)) for row in await connection.fetch(DEAD_LETTERS)]
    finally:
        await connection.close()


async def replay(url: str) -> int:
    """Give every event that the broker refused to the relay again, in its old order; return how many."""
    return await _put_back(url, REPLAY)


async def _put_back(url: str, statement: str) -> int:
    connection = await engine.connect(url)
    try:
        done: str = await connection.execute(statement)
        await connection.execute(WAKE)
    finally:
        await connection.close()
    return int(done.rsplit(" ", 1)[-1])
