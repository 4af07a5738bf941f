"""Rows that go when their time is over, removed in batches that hold nobody up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Column, ColumnElement, Delete, Table, delete, func, select, tuple_

from common.db.engine import SessionMaker

BATCH = 1000


@dataclass(frozen=True)
class Expiring:
    """The rows of a table that have a time; `expired` says which of them are over now."""

    table: Table
    expired: Callable[[], ColumnElement[bool]]


def older_than(column: Column[object], keep: timedelta) -> Callable[[], ColumnElement[bool]]:
    """Return the condition for rows whose moment in `column` was longer than `keep` ago."""
    return lambda: column < func.now() - keep


def batch_of(expiring: Expiring) -> Delete:
    """Return the statement that removes one batch; rows that somebody else holds are left for the next time."""
    key = list(expiring.table.primary_key)
    # by itself, and not as a condition of the DELETE: that could choose more than once
    batch = select(*key).where(expiring.expired()).limit(BATCH).with_for_update(skip_locked=True).cte("batch")
    return delete(expiring.table).where(tuple_(*key).in_(select(batch)))


async def remove(sessions: SessionMaker, expiring: Expiring) -> int:
    """Remove all that has expired, each batch in a transaction of its own; return how many rows that were."""
    removed, batch = 0, BATCH
    while batch == BATCH:
        async with sessions.begin() as session:
            connection = await session.connection()
            batch = (await connection.execute(batch_of(expiring))).rowcount
        removed += batch
    return removed
