"""Shares a service's workers among owners: so many tasks of one owner at once, the others of theirs wait in a line.

A task's `place` says where it stands: without one its job is PgQueuer's, or it runs; `waiting` has no job until a task
of its owner's ends; `called` has been given its job, and holds one of its owner's places until it starts. Who changes
places holds the owner's lock, always taken after locks on rows, so that no two wait for each other.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Text, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import tables
from common.db.tables import task
from common.tasks import jobs

LOCK_NAME = func.current_schema(type_=Text) + " tasks of " + bindparam("owner", type_=Text)
LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(LOCK_NAME, 0)))
WAITS = task.c.place == "waiting"
HOLDS_A_PLACE = or_(task.c.status == "running", task.c.place == "called")


async def may_start(session: AsyncSession, task_id: UUID, owner: UUID, place: str | None, limit: int) -> bool:
    """Return whether a task's turn has come: fewer than `limit` of its owner's run or stand before it."""
    await session.execute(LOCK, {"owner": str(owner)})
    stands_before = HOLDS_A_PLACE
    if place is None:
        stands_before = or_(HOLDS_A_PLACE, and_(WAITS, task.c.id < task_id))
    return await _count(session, owner, task.c.id != task_id, stands_before) < limit


async def wait_in_line(session: AsyncSession, task_id: UUID, owner: UUID, job_id: int, limit: int) -> None:
    """Put a task into its owner's line and take its job out of the queue; whose turn it is is called."""
    await session.execute(_move("waiting").where(task.c.id == task_id))
    await jobs.drop(session, job_id)
    await call_next(session, owner, limit)


async def call_next(session: AsyncSession, owner: UUID, limit: int) -> None:
    """Give the owner's longest waiting tasks the places that are free; the last thing in a transaction."""
    await session.execute(LOCK, {"owner": str(owner)})
    free = limit - await _count(session, owner, HOLDS_A_PLACE)
    if free > 0:
        line = select(task.c.id).where(task.c.owner_id == owner, tables.OPEN, WAITS).order_by(task.c.id)
        first = line.limit(free).with_for_update(skip_locked=True).cte("first")
        call = _move("called").where(task.c.id.in_(select(first))).returning(task.c.id, task.c.kind)
        for task_id, kind in sorted((task_id, kind) for task_id, kind in await session.execute(call)):
            await jobs.add(session, task_id, kind)


def _move(place: str) -> Update:
    return update(task).values(place=place, updated_at=func.now())


async def _count(session: AsyncSession, owner: UUID, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(task).where(task.c.owner_id == owner, tables.OPEN, *conditions)
    return (await session.execute(query)).scalar_one()
