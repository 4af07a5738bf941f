"""How long a service's tasks wait: what `/ready` shows of the queue, and what a metric can be made of."""

from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.engine import SessionMaker
from common.web.probes import Detail

AGES = text(
    "SELECT kind, count(*) AS tasks, extract(epoch FROM now() - min(due_at))::float AS oldest_seconds FROM task"
    " WHERE status IN ('queued', 'running', 'retrying') AND status <> 'running' AND due_at <= now()"
    " GROUP BY kind ORDER BY kind"
)

OPEN = ("queued", "running", "retrying")
COUNTS = text(
    "SELECT kind, status, count(*) FROM task WHERE status IN ('queued', 'running', 'retrying') GROUP BY kind, status"
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
