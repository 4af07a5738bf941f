"""Jobs, which are PgQueuer's: given to it and taken from it in the caller's transaction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.db import Driver
from pgqueuer.domain.settings import DBSettings
from sqlalchemy import Exists, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.tables import job

# made once: settings are read from the environment. The tables are those of the search path.
SETTINGS = DBSettings()
ENVIRONMENT = QueryBuilderEnvironment(SETTINGS)
QUEUE = QueryQueueBuilder(SETTINGS)
SCHEDULER = QuerySchedulerBuilder(SETTINGS)


class SessionDriver:
    """PgQueuer's way to the database, through a session: what it does is a part of the session's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Return the rows of a query."""
        connection = await self._session.connection()
        # not on the bare connection, where a transaction has begun only when SQLAlchemy has sent something on it
        result = await connection.exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings()]


async def add(session: AsyncSession, task_id: UUID, kind: str, delay: timedelta = timedelta(0)) -> None:
    """Hand a task to PgQueuer: a worker takes it after `delay`."""
    driver = cast("Driver", SessionDriver(session))  # enqueuing asks a driver for nothing but `fetch`
    queries = Queries(driver, qbe=ENVIRONMENT, qbq=QUEUE, qbs=SCHEDULER)
    await queries.enqueue(kind, task_id.bytes, execute_after=delay)


def waits_for(task: Table) -> Exists:
    """Return the condition that the queue has a job for a task of the table."""
    return select(job.c.id).where(job.c.payload == func.uuid_send(task.c.id)).correlate(task).exists()


async def drop(session: AsyncSession, job_id: int) -> None:
    """Take a job out of the queue."""
    await session.execute(delete(job).where(job.c.id == job_id))


async def drop_of(session: AsyncSession, task_ids: Sequence[UUID]) -> None:
    """Take the jobs of those tasks out of the queue."""
    await session.execute(delete(job).where(job.c.payload.in_([task_id.bytes for task_id in task_ids])))
