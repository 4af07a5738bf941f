"""How long a service's tasks wait: what `/ready` shows of the queue, and what a metric can be made of."""

from dataclasses import asdict, dataclass

from sqlalchemy import Float, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import tables
from common.db.engine import SessionMaker
from common.db.tables import task
from common.web.probes import Detail

OLDEST = cast(func.extract("epoch", func.now() - func.min(task.c.due_at)), Float)
AGES = (
    select(task.c.kind, func.count(), OLDEST)
    .where(tables.OPEN, task.c.status != "running", task.c.due_at <= func.now())
    .group_by(task.c.kind)
    .order_by(task.c.kind)
)
COUNTS = (
    select(task.c.kind, task.c.status, func.count()).where(tables.OPEN).group_by(task.c.kind, task.c.status)
)


@dataclass(frozen=True)
class QueueAge:
    """How many tasks of a kind are due and not begun, and for how many seconds the oldest has been."""

    tasks: int
    oldest_seconds: float


async def by_kind(session: AsyncSession) -> dict[str, QueueAge]:
    """Return the age of the queue for each kind of task that somebody waits for, those in an owner's line as well."""
    rows = await session.execute(AGES)
    return {kind: QueueAge(count, round(oldest, 1)) for kind, count, oldest in rows}


async def open_by_kind(session: AsyncSession) -> dict[tuple[str, str], int]:
    """Return how many tasks have not ended, by kind and status, those in an owner's line as well."""
    return {(kind, status): count for kind, status, count in await session.execute(COUNTS)}


def detail(sessions: SessionMaker) -> Detail:
    """Return what a worker's `/ready` shows of its queue."""

    async def ages() -> dict[str, dict[str, float]]:
        async with sessions() as session:
            return {kind: asdict(age) for kind, age in (await by_kind(session)).items()}

    return ages
