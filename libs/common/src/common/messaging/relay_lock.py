"""The relay's lock: one session of Postgres holds it, and the server ends that session when it falls silent.

So a relay that is stopped, cut off or killed loses the lock without doing anything, and one that was only stopped
sees by its own clock, before it sends, that it may have lost it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Executable, RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import engine, transient

LOCK_KEY = 0x1A0B0C5
LOCK = select(func.pg_advisory_lock(LOCK_KEY, func.hashtext(func.current_schema())))
SIGN_OF_LIFE = select(1)
SIGNS_OF_LIFE = 4
"""How often within its time a relay makes itself heard."""


class LockLost(Exception):
    """The server may have given the lock to another process."""


class LockSession:
    """The session that holds the lock. Everything the relay asks of the database, it asks here."""

    def __init__(self, connection: AsyncConnection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._heard_at = float("-inf")

    async def acquire(self) -> None:
        """Wait for the lock."""
        await self._connection.execute(LOCK)
        await self.execute(SIGN_OF_LIFE)

    async def execute(
        self, statement: Executable, values: Mapping[str, object] | None = None
    ) -> Sequence[RowMapping]:
        """Execute a statement, a transaction by itself; return its rows, if it has any.

        Raises:
            Exception: the session is no more, or did not answer in time.
        """
        async with self._turn, asyncio.timeout(self._seconds):
            asked_at = asyncio.get_running_loop().time()
            result = await self._connection.execute(statement, values)
            self._heard_at = asked_at
            return result.mappings().all() if result.returns_rows else ()

    def ensure_held(self) -> None:
        """Make sure that the lock is still ours.

        Raises:
            LockLost: the server has not heard of us for so long that it may have ended the session.
        """
        if asyncio.get_running_loop().time() - self._heard_at >= self._seconds:
            raise LockLost

    async def stay(self) -> None:
        """Keep the session from falling silent, until cancelled or until it breaks."""
        while True:
            await asyncio.sleep(self._seconds / SIGNS_OF_LIFE)
            await self.execute(SIGN_OF_LIFE)


@asynccontextmanager
async def hold(url: str, seconds: float, heard: Callable[..., None]) -> AsyncIterator[LockSession]:
    """Wait for the lock of one service's relay and hold it; `heard` is called when an event is written.

    After `seconds` of silence the server gives the lock to the next who waits. What is in hand ends with `LockLost`.
    """
    milliseconds = str(round(seconds * 1000))
    async with engine.open_connection(
        url,
        idle_session_timeout=milliseconds,
        idle_in_transaction_session_timeout=milliseconds,
        tcp_user_timeout=milliseconds,
    ) as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = await engine.driver_of(connection)
        try:
            await driver.add_listener(f"outbox_{engine.schema_of(url)}", heard)
            session = LockSession(connection, seconds)
            await session.acquire()
            yield session
        finally:
            # here and not by SQLAlchemy, which would wait for a server that is away
            with suppress(*transient.CONNECTION_ERRORS):
                await driver.close(timeout=2)
