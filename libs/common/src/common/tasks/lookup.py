"""What is asked about tasks, whoever asks: nobody else reads their table."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import RowMapping, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import task
from common.tasks.queue import TaskPayload


async def get(session: AsyncSession, task_id: UUID, owner: UUID) -> RowMapping | None:
    """Return a task of the owner's, or None where there is none or it is somebody else's."""
    query = select(task).where(task.c.id == task_id, task.c.owner_id == owner)
    return (await session.execute(query)).mappings().one_or_none()


async def count_enqueued(
    session: AsyncSession, kind: type[TaskPayload], owner: UUID, *, within: timedelta, **fields: str
) -> int:
    """Return how many tasks of a kind were enqueued for the owner in that time, with those fields in their payload."""
    payload = cast(task.c.payload, JSONB)
    same = [payload[name].astext == value for name, value in fields.items()]
    query = select(func.count()).where(
        task.c.owner_id == owner, task.c.kind == kind.kind, task.c.created_at > func.now() - within, *same
    )
    return (await session.execute(query)).scalar_one()
