"""The inbox: which reaction has seen which event, kept in the transaction of the reaction's effect."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

REMEMBER = text(
    "INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :event_id) ON CONFLICT DO NOTHING RETURNING 1"
)


async def first_time(session: AsyncSession, consumer: str, event_id: UUID) -> bool:
    """Return True when `consumer` meets this event for the first time, and remember it on commit."""
    answer = await session.execute(REMEMBER, {"consumer": consumer, "event_id": event_id})
    return answer.scalar() is not None
