"""Heals what a death at the wrong moment leaves behind: a task without its job, a free place nobody was called to."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, case, func, select, update

from common.db import tables
from common.db.tables import task
from common.tasks import jobs, sharing
from common.tasks.attempts import UNKNOWN
from common.tasks.queue import RunContext, TaskKind, TaskStatus

MARGIN = timedelta(minutes=1)
UNKNOWN_AFTER = timedelta(days=1)  # a rolling deployment has workers that do not know a new kind yet
BATCH = 500
_free = {"place": None, "updated_at": func.now()}

log = structlog.get_logger()


async def recover(context: RunContext, *, kinds: Mapping[str, TaskKind], owner_limit: int) -> None:
    """Give jobs to tasks that lost theirs, fail tasks of kinds that are gone, and call whoever may start."""
    await _enqueue_lost(context, kinds)
    await _fail_unknown(context, kinds)
    for owner in await _owners(context):
        async with context.sessions.begin() as session:
            await sharing.call_next(session, owner, owner_limit)


async def _enqueue_lost(context: RunContext, kinds: Mapping[str, TaskKind]) -> None:
    # one that still runs has a job no more when an attempt it overtook ended late, so it is given all its time
    silence = MARGIN + timedelta(seconds=max((kind.timeout for kind in kinds.values()), default=0))
    lost = (
        select(task.c.id)
        .where(
            tables.OPEN,
            task.c.place.is_distinct_from("waiting"),
            task.c.kind.in_(list(kinds)),
            _silent_for(silence),
            ~jobs.waits_for(task),
        )
        .order_by(task.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .cte("lost")
    )
    retrying = case(
        (task.c.status == TaskStatus.RUNNING.value, TaskStatus.RETRYING.value), else_=task.c.status
    )
    back = update(task).where(task.c.id.in_(select(lost))).values(_free | {"status": retrying})
    async with context.sessions.begin() as session:
        for task_id, kind in (await session.execute(back.returning(task.c.id, task.c.kind))).all():
            log.warning("task_job_lost", task_id=str(task_id), kind=kind)
            await jobs.add(session, task_id, kind)


async def _fail_unknown(context: RunContext, kinds: Collection[str]) -> None:
    fail = (
        update(task)
        .where(tables.OPEN, task.c.kind.not_in(list(kinds)), _silent_for(UNKNOWN_AFTER))
        .values(_free | {"status": TaskStatus.FAILED.value, "error": UNKNOWN})
        .returning(task.c.id, task.c.kind)
    )
    async with context.sessions.begin() as session:
        rows = (await session.execute(fail)).all()
        for task_id, kind in rows:
            log.error("task_kind_unknown", task_id=str(task_id), kind=kind)
        await jobs.drop_of(session, [task_id for task_id, _ in rows])


def _silent_for(time: timedelta) -> ColumnElement[bool]:
    """Return the condition for tasks that nothing was done about, nor was to be done, for so long."""
    return func.greatest(task.c.updated_at, task.c.due_at) < func.now() - time


async def _owners(context: RunContext) -> list[UUID]:
    waiting = select(task.c.owner_id).where(tables.OPEN, task.c.place == "waiting").distinct()
    async with context.sessions() as session:
        return list(await session.scalars(waiting))
