"""What the plumbing itself keeps of a person, and how it goes when their account does."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common import outbox

TASKS = text("DELETE FROM task WHERE owner_id = :owner")
ANSWERS = text("DELETE FROM idempotency WHERE owner_id = :owner")


async def erase_traces(session: AsyncSession, owner: UUID) -> None:
    """Erase a person's tasks, the answers kept for their repeated requests, and the events that tell of them.

    A task in hand then does nothing. Events that announce an erasure stay and are still delivered.
    """
    await session.execute(TASKS, {"owner": owner})
    await session.execute(ANSWERS, {"owner": owner})
    await outbox.erase(session, owner)
