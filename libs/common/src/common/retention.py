"""What the plumbing keeps for a time only, removed every hour."""

import asyncio

from common import idempotency, tombstones
from common.database import Sessions

EVERY_SECONDS = 3600


async def prune(sessions: Sessions) -> None:
    """Remove what has had its time: kept responses to creating requests, tombstones."""
    await idempotency.prune(sessions)
    await tombstones.prune(sessions)


async def run(sessions: Sessions) -> None:
    """Prune now and every hour, until it is cancelled."""
    while True:
        await prune(sessions)
        await asyncio.sleep(EVERY_SECONDS)
