"""Keeps the parts of a worker running: what breaks is started again, with growing pauses."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0

log = structlog.get_logger()


class Restarter:
    """Runs coroutines again when they end, until `stopping` is set. `broken` are those that pause after a failure."""

    def __init__(self) -> None:
        self.stopping = False
        self.broken: set[str] = set()

    async def restart(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run` again whenever it breaks; the pause doubles up to 10 s and forgets after 30 s of steady work."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self.stopping:
            started = loop.time()
            self.broken.discard(name)
            try:
                await run()
            except Exception as error:
                log.warning("part_failed", part=name, error=type(error).__name__, again_in=pause)
            self.broken.add(name)
            if loop.time() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
