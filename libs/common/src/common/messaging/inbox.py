"""The inbox: which reaction has seen which event, kept in the transaction of the reaction's effect."""

from uuid import UUID

from sqlalchemy import Boolean, func, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import tables

IS_NEW = literal_column("xmax = 0", Boolean)
"""Whether a row was inserted and not updated: a system column knows it."""
# seen again it is remembered as long again: the copy that came now stays on its topic from now on
REMEMBER = (
    insert(tables.inbox)
    .on_conflict_do_update(index_elements=tables.inbox.primary_key, set_={"seen_at": func.now()})
    .returning(IS_NEW)
)


async def first_time(session: AsyncSession, consumer: str, event_id: UUID) -> bool:
    """Return True when `consumer` meets this event for the first time, and remember it on commit."""
    remembered = await session.execute(REMEMBER, {"consumer": consumer, "event_id": event_id})
    return bool(remembered.scalar_one())
