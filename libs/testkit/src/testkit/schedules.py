"""Scheduled work under test: made due now, and waited for until a worker has done it."""

import asyncio

from sqlalchemy import text

from common.db.engine import SessionMaker

MAKE_DUE = text(
    "INSERT INTO pgqueuer_schedules (entrypoint, expression, next_run) VALUES (:name, :expression, now())"
    " ON CONFLICT (entrypoint, expression) DO UPDATE SET next_run = now(), last_run = NULL, status = 'queued'"
)
LAST_RUN = text("SELECT last_run FROM pgqueuer_schedules WHERE entrypoint = :name AND status = 'queued'")


async def make_due(sessions: SessionMaker, name: str, expression: str) -> None:
    """Let the next worker that starts do this work at once."""
    async with sessions.begin() as session:
        await session.execute(MAKE_DUE, {"name": name, "expression": expression})


async def wait_until_run(sessions: SessionMaker, name: str, seconds: float = 20) -> None:
    """Wait until the work that was made due has been done."""
    async with asyncio.timeout(seconds):
        while True:
            async with sessions() as session:
                if await session.scalar(LAST_RUN, {"name": name}) is not None:
                    return
            await asyncio.sleep(0.05)
