"""Shares a service's workers among owners: so many tasks of one owner at once, the others of theirs wait in a line.

A task's `place` says where it stands: without one its job is PgQueuer's, or it runs; `waiting` has no job until a task
of its owner's ends; `called` has been given its job, and holds one of its owner's places until it starts. Who changes
places holds the owner's lock, always taken after locks on rows, so that no two wait for each other.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.tasks.queue import enqueue_job

LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended("
    "current_schema() || ' tasks of ' || CAST(CAST(:owner AS uuid) AS text), 0))"
)
BEFORE = text(
    "SELECT count(*) FROM task WHERE owner_id = :owner AND status IN ('queued', 'running', 'retrying')"
    " AND id <> :id AND (status = 'running' OR place = 'called' OR (place = 'waiting' AND id < :id AND :fresh))"
)
SET_WAITING = text("UPDATE task SET place = 'waiting', updated_at = now() WHERE id = :id")
DROP_JOB = text("DELETE FROM pgqueuer WHERE id = :job")
HELD = text(
    "SELECT count(*) FROM task WHERE owner_id = :owner AND status IN ('queued', 'running', 'retrying')"
    " AND (status = 'running' OR place = 'called')"
)
CALL = text(
    "UPDATE task SET place = 'called', updated_at = now() WHERE id IN (SELECT id FROM task WHERE owner_id = :owner"
    " AND status IN ('queued', 'running', 'retrying') AND place = 'waiting' ORDER BY id LIMIT :free"
    " FOR UPDATE SKIP LOCKED) RETURNING id, kind"
)


async def may_start(session: AsyncSession, task_id: UUID, owner: UUID, place: str | None, limit: int) -> bool:
    """Return whether a task's turn has come: fewer than `limit` of its owner's run or stand before it."""
    await session.execute(LOCK, {"owner": owner})
    before = await session.scalar(BEFORE, {"owner": owner, "id": task_id, "fresh": place is None})
    return (before or 0) < limit


async def wait_in_line(session: AsyncSession, task_id: UUID, owner: UUID, job_id: int, limit: int) -> None:
    """Put a task into its owner's line and take its job out of the queue; whose turn it is is called."""
    await session.execute(SET_WAITING, {"id": task_id})
    await session.execute(DROP_JOB, {"job": job_id})
    await call_next(session, owner, limit)


async def call_next(session: AsyncSession, owner: UUID, limit: int) -> None:
    """Give the owner's longest waiting tasks the places that are free; the last thing in a transaction."""
    await session.execute(LOCK, {"owner": owner})
    free = limit - (await session.scalar(HELD, {"owner": owner}) or 0)
    if free > 0:
        rows = await session.execute(CALL, {"owner": owner, "free": free})
        for task_id, kind in sorted((task_id, kind) for task_id, kind in rows):
            await enqueue_job(session, task_id, kind)
