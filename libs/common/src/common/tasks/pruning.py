"""What expires in the tables of every service, and the scheduled work that removes it, a service's own rows as well."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement

from common.db import expiry, tables, tombstones
from common.db.expiry import Expiring, older_than
from common.settings import ServiceSettings
from common.tasks import jobs
from common.tasks.queue import RunContext

log = structlog.get_logger()


def of_every_service(settings: ServiceSettings) -> list[Expiring]:
    """Return what expires in the shared tables. The settings see to it that the inbox outlives what Kafka keeps."""
    keep = timedelta(seconds=settings.task_keep)
    ages = (
        (tables.outbox.c.published_at, timedelta(seconds=settings.outbox_keep)),
        (tables.inbox.c.seen_at, timedelta(seconds=settings.inbox_keep)),
        (tables.job_log.c.created, keep),
        (tables.job_statistics.c.created, keep),
        (tables.idempotency.c.created_at, tables.RESPONSES_KEPT),
        (tables.erased_owner.c.erased_at, tombstones.KEPT),
    )
    ended_tasks = Expiring(tables.task, lambda: _ended_before(keep))
    return [ended_tasks, *(Expiring(column.table, older_than(column, kept)) for column, kept in ages)]


def _ended_before(keep: timedelta) -> ColumnElement[bool]:
    """Return the condition for tasks that ended longer ago than that, and that the queue knows no more."""
    return tables.ENDED & older_than(tables.task.c.updated_at, keep)() & ~jobs.waits_for(tables.task)


async def prune(context: RunContext, *, expiring: Sequence[Expiring]) -> None:
    """Remove everything that has expired, table by table."""
    removed = {rows.table.name: await expiry.remove(context.sessions, rows) for rows in expiring}
    log.info("pruned", **removed)
