"""The outbox: events are rows of the transaction that causes them, and the relay carries them to Kafka.

Published rows stay for `outbox_keep` seconds, to feed a broker that lost its log. A row that the broker refuses for
good waits in `dead_letter`, with the cause, until it is sent again; what comes after it goes on.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from opentelemetry import trace
from pydantic_core import to_json
from sqlalchemy import Executable, Float, Text, func, insert, literal, select, text, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from common import telemetry
from common.contracts.event import Event
from common.db import engine, tables, tombstones
from common.errors import EventTooLargeError
from common.settings import EVENT_BYTES

WAKES = func.pg_notify(literal("outbox_") + func.current_schema(type_=Text), "")
INSERT = insert(tables.outbox).returning(WAKES)
WAITING = tables.outbox.c.published_at.is_(None)
REPUBLISH = update(tables.outbox).where(~WAITING).values(published_at=None)
AGE = sql_cast(func.extract("epoch", func.now() - tables.outbox.c.occurred_at), Float)
BACKLOG = select(
    select(AGE).where(WAITING).order_by(tables.outbox.c.position).limit(1).scalar_subquery(),
    select(func.count()).select_from(tables.outbox).where(WAITING).scalar_subquery(),
    select(func.count()).select_from(tables.dead_letter).scalar_subquery(),
)
# Text, as SQLAlchemy can't say OVERRIDING SYSTEM VALUE. It takes the old place, so that an event goes before what
# its subject has been through since and that waits as well.
REPLAY = text("""
WITH gone AS (DELETE FROM dead_letter RETURNING *)
INSERT INTO outbox (position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload)
OVERRIDING SYSTEM VALUE
SELECT position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload FROM gone
ORDER BY position
""")

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
    oldest_seconds, waiting, dead_letters = (await session.execute(BACKLOG)).one()
    return Backlog(oldest_seconds, waiting, dead_letters)


async def republish(url: str) -> int:
    """Mark every kept event as unpublished, so that the relay feeds an emptied broker again; return how many."""
    return await _put_back(url, REPUBLISH)


async def dead_letters(url: str) -> list[DeadLetter]:
    """Return the events that the broker refused for good, oldest first."""
    table = tables.dead_letter
    columns = [table.c[field.name] for field in fields(DeadLetter)]
    async with engine.open_connection(url) as connection:
        rows = await connection.execute(select(*columns).order_by(table.c.position))
        return [DeadLetter(**row) for row in rows.mappings()]


async def replay(url: str) -> int:
    """Give every event that the broker refused to the relay again, in its old order; return how many."""
    return await _put_back(url, REPLAY)


async def _put_back(url: str, statement: Executable) -> int:
    async with engine.open_connection(url) as connection, connection.begin():
        result = await connection.execute(statement)
        await connection.execute(select(WAKES))
    return result.rowcount
