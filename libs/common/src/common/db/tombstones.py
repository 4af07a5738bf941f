"""Tombstones: who was erased, by id alone, so that nothing begun before their erasure brings anything of them back.

A transaction that writes for an owner calls `refuse_erased`, which takes the owner's lock together with other writers;
the erasing one calls `add`, which waits for those and takes it alone. So a write either commits before the erasure
looks for it, or is refused. Whoever locks rows as well locks the rows first and the owner last.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import erased_owner
from common.errors import DomainError

KEPT = timedelta(days=30)
"""Longer than anything of an erased person can come back: an access token lives 15 minutes, an event a week on its
topic (the broker's default) and, as a dead letter and replayed, a week on each of two more."""

LOCK_NAME = func.current_schema(type_=Text) + ":owner:" + bindparam("owner", type_=Text)
LOCK_KEY = func.hashtextextended(LOCK_NAME, 0)
LOCK = select(func.pg_advisory_xact_lock(LOCK_KEY))
LOCK_WITH_OTHERS = select(func.pg_advisory_xact_lock_shared(LOCK_KEY))
ADD = insert(erased_owner).on_conflict_do_nothing()
FIND = select(erased_owner.c.owner_id).where(erased_owner.c.owner_id == bindparam("owner"))
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
    await session.execute(LOCK, {"owner": str(owner)})
    await session.execute(ADD, {"owner_id": owner})
    session.info[ERASES] = owner


async def refuse_erased(session: AsyncSession, owner: UUID | None) -> None:
    """Go on only where the owner is not erased, and keep them from being erased until this transaction ends.

    Raises:
        AccountErased: they are.
    """
    if owner is None or session.info.get(ERASES) == owner:
        return
    await session.execute(LOCK_WITH_OTHERS, {"owner": str(owner)})
    # a statement of its own: only one that begins when the lock is held sees what an erasure committed meanwhile
    if await session.scalar(FIND, {"owner": owner}):
        raise AccountErased
