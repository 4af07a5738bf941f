"""Tombstones: who was erased, by id alone, so that nothing begun before their erasure brings anything of them back.

A transaction that writes for an owner calls `refuse_erased`, which takes the owner's lock together with other writers;
the erasing one calls `add`, which waits for those and takes it alone. So a write either commits before the erasure
looks for it, or is refused. Whoever locks rows as well locks the rows first and the owner last.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import DomainError

KEPT = timedelta(days=30)
"""Longer than anything of an erased person can come back: an access token lives 15 minutes, an event a week on its
topic (the broker's default) and, as a dead letter and replayed, a week on each of two more."""

KEY = "hashtextextended(current_schema() || ':owner:' || :name, 0)"
LOCK = text(f"SELECT pg_advisory_xact_lock({KEY})")
LOCK_WITH_OTHERS = text(f"SELECT pg_advisory_xact_lock_shared({KEY})")
ADD = text("INSERT INTO erased_owner (owner_id) VALUES (:owner) ON CONFLICT DO NOTHING")
FIND = text("SELECT true FROM erased_owner WHERE owner_id = :owner")
ERASES = "erases"


class AccountErased(DomainError):
    """The owner's account was erased; nothing is kept for them any more."""

    status = 410
    code = "account_erased"
    title = "This account was erased"

    def __init__(self) -> None:
        super().__init__(
            "The account was erased, so nothing was kept of this request; register to begin again."
        )


async def add(session: AsyncSession, owner: UUID) -> None:
    """Let nobody else write for the owner from now on; what this transaction itself writes after it counts."""
    await session.execute(LOCK, {"name": str(owner)})
    await session.execute(ADD, {"owner": owner})
    session.info[ERASES] = owner


async def refuse_erased(session: AsyncSession, owner: UUID | None) -> None:
    """Go on only where the owner is not erased, and keep them from being erased until this transaction ends.

    Raises:
        AccountErased: they are.
    """
    if owner is None or session.info.get(ERASES) == owner:
        return
    await session.execute(LOCK_WITH_OTHERS, {"name": str(owner)})
    # a statement of its own: only one that begins when the lock is held sees what an erasure committed meanwhile
    if await session.scalar(FIND, {"owner": owner}):
        raise AccountErased
