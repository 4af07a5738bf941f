"""Progress as it happens: a transaction notifies a key, and whoever watches that key is woken on its commit."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import engine, transient

RECONNECT_SECONDS = 1.0
AFTER_LOSS_SECONDS = 0.1
CHECK_SECONDS = 5.0
NOTIFY = text("SELECT pg_notify('live_' || current_schema(), :key)")

log = structlog.get_logger()


async def notify(session: AsyncSession, key: str) -> None:
    """Wake the subscriptions to `key` (at most 200 characters) when the caller's transaction commits."""
    await session.execute(NOTIFY, {"key": key})


async def _happens(event: asyncio.Event, timeout: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), timeout)
    except TimeoutError:
        return False
    return True


class Subscription:
    """One watch on one key."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Let `wait` return."""
        self._woken.set()

    async def wait(self, timeout: float) -> bool:
        """Return True as soon as the key is notified, False after `timeout` seconds without."""
        woken = await _happens(self._woken, timeout)
        if woken:
            self._woken.clear()
        return woken


class Notifier:
    """Hears every notification in one service's schema and wakes the subscriptions to its key.

    When the connection is lost it is made anew and everybody is woken, since a notification may have been
    missed: who waits always looks again at the truth in the database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)

    @asynccontextmanager
    async def watch(self, key: str) -> AsyncIterator[Subscription]:
        """Watch `key`. Begin watching before reading the state, so that nothing falls between."""
        subscription = Subscription()
        self._subscriptions[key].add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions[key].discard(subscription)
            if not self._subscriptions[key]:
                del self._subscriptions[key]

    async def run(self) -> None:
        """Listen until cancelled, reconnecting as often as it takes."""
        while True:
            pause = AFTER_LOSS_SECONDS
            try:
                await self._listen()
            except Exception as error:  # whatever it is, somebody may be watching: listen again
                log.warning("notifier_failed", error=type(error).__name__)
                pause = RECONNECT_SECONDS
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        """Listen until the server ends the connection; one that dies without a word is found by asking."""
        connection = await engine.connect(self._url)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(f"live_{engine.schema_of(self._url)}", self._hear)
            for key in list(self._subscriptions):
                self._wake(key)
            while not await _happens(lost, CHECK_SECONDS):
                await connection.execute("SELECT 1", timeout=CHECK_SECONDS)
            log.info("notifier_connection_lost")
        finally:
            with suppress(*transient.CONNECTION_ERRORS):
                await connection.close(timeout=1)

    def _hear(self, _: object, __: int, ___: str, key: object) -> None:
        self._wake(str(key))

    def _wake(self, key: str) -> None:
        for subscription in self._subscriptions.get(key, ()):
            subscription.wake()
