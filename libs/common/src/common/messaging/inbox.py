"""The inbox: which reaction has seen which event, kept in the transaction of the reaction's effect."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# seen again it is remembered as long again: the copy that came now stays on its topic from now on
REMEMBER = text(
    "INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :event_id)"
    " ON CONFLICT (consumer, event_id) DO UPDATE SET seen_at = now() RETURNING xmax = 0"
)
PRUNE_BATCH = 5_000
PRUNE = """
DELETE FROM inbox WHERE (consumer, event_id) IN (
    SELECT consumer, event_id FROM inbox WHERE seen_at < now() - make_interval(secs => $1)
    ORDER BY seen_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING 1
"""


class Connection(Protocol):
    """What pruning asks of a connection of asyncpg's."""

    async def fetch(self, query: str, *arguments: object) -> Sequence[object]:
        """Return the rows of a query."""
        ...


async def first_time(session: AsyncSession, consumer: str, event_id: UUID) -> bool:
    """Return True when `consumer` meets this event for the first time, and remember it on commit."""
    remembered = await session.execute(REMEMBER, {"consumer": consumer, "event_id": event_id})
    return bool(remembered.scalar_one())


async def prune(connection: Connection, keep_seconds: float) -> None:
    """Forget events seen longer ago than that, which Kafka must no longer have: a copy would take effect again."""
    while len(await connection.fetch(PRUNE, float(keep_seconds), PRUNE_BATCH)) == PRUNE_BATCH:
        pass
