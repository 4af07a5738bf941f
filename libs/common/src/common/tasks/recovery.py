"""Heals what a death at the wrong moment leaves behind: a task without its job, a free place nobody was called to."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from common.tasks import sharing
from common.tasks.attempts import UNKNOWN
from common.tasks.queue import RunContext, TaskKind, enqueue_job

MARGIN = timedelta(minutes=1)
UNKNOWN_AFTER = timedelta(days=1)  # a rolling deployment has workers that do not know a new kind yet
BATCH = 500

LOST = text(
    "UPDATE task SET status = CASE WHEN status = 'running' THEN 'retrying' ELSE status END, place = NULL,"
    " updated_at = now() WHERE id = ANY(ARRAY(SELECT id FROM task WHERE status IN ('queued', 'running', 'retrying')"
    " AND place IS DISTINCT FROM 'waiting' AND kind = ANY(:kinds)"
    " AND greatest(updated_at, due_at) < now() - CAST(:silence AS interval)"
    " AND NOT EXISTS (SELECT 1 FROM pgqueuer WHERE pgqueuer.payload = uuid_send(task.id))"
    " ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)) RETURNING id, kind"
)
ABANDONED = text(
    "UPDATE task SET status = 'failed', error = :error, place = NULL, updated_at = now()"
    " WHERE status IN ('queued', 'running', 'retrying') AND kind <> ALL(:kinds)"
    " AND greatest(updated_at, due_at) < now() - CAST(:silence AS interval) RETURNING id, kind"
)
ABANDONED_JOBS = text("DELETE FROM pgqueuer WHERE payload = ANY(:payloads)")
OWNERS = text(
    "SELECT DISTINCT owner_id FROM task WHERE status IN ('queued', 'running', 'retrying') AND place = 'waiting'"
)

log = structlog.get_logger()


async def recover(context: RunContext, *, kinds: Mapping[str, TaskKind], owner_limit: int) -> None:
    """Give jobs to tasks that lost theirs, fail tasks of kinds that are gone, and call whoever may start."""
    await _enqueue_lost(context, kinds)
    await _fail_unknown(context, list(kinds))
    for owner in await _owners(context):
        async with context.sessions.begin() as session:
            await sharing.call_next(session, owner, owner_limit)


async def _enqueue_lost(context: RunContext, kinds: Mapping[str, TaskKind]) -> None:
    # one that still runs has a job no more when an attempt it overtook ended late, so it is given all its time
    silence = MARGIN + timedelta(seconds=max((kind.timeout for kind in kinds.values()), default=0))
    values = {"kinds": list(kinds), "silence": silence, "batch": BATCH}
    async with context.sessions.begin() as session:
        for task_id, kind in (await session.execute(LOST, values)).all():
            log.warning("task_job_lost", task_id=str(task_id), kind=kind)
            await enqueue_job(session, task_id, kind)


async def _fail_unknown(context: RunContext, kinds: list[str]) -> None:
    values = {"kinds": kinds, "silence": UNKNOWN_AFTER, "error": UNKNOWN}
    async with context.sessions.begin() as session:
        rows = (await session.execute(ABANDONED, values)).all()
        for task_id, kind in rows:
            log.error("task_kind_unknown", task_id=str(task_id), kind=kind)
        await session.execute(ABANDONED_JOBS, {"payloads": [task_id.bytes for task_id, _ in rows]})


async def _owners(context: RunContext) -> list[UUID]:
    async with context.sessions() as session:
        return list(await session.scalars(OWNERS))
