"""The shared count and the list of revoked sessions in Redis: one script, one round trip a request."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from uuid import UUID

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from gateway.limits import Rule, Standing

SCRIPT = Path(__file__).with_name("spend.lua").read_text()
SCRIPT_ID = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
START_CHECKED_EVERY = 1.0
CONNECTIONS = 64

log = structlog.get_logger()


class LedgerGone(Exception):
    """Redis does not answer, or did not a moment ago."""


@dataclass(frozen=True)
class Entry:
    """What Redis says of a request: `knows_since` is the Unix time from which on it heard of every revocation."""

    revoked: bool
    standing: Standing
    knows_since: float


def connect(url: str, timeout: float) -> Redis:
    """Return a client that gives up after `timeout` seconds and never tries again by itself."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis(connection_pool=pool)


def revocation_key(session: UUID) -> str:
    """Return the key that auth sets when a session ends."""
    return f"revoked:session:{session}"


class Ledger:
    """Spends a request from its caller's share.

    After a failure Redis is left alone for `pause` seconds; then one request tries it, while the others go on without.
    """

    def __init__(self, redis: Redis, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._pause = pause
        self._clock = clock
        self._gone = False
        self._try_at = float("-inf")
        self._knows_since = float("inf")
        self._start_checked = float("-inf")

    async def spend(self, rule: Rule, session: UUID | None) -> Entry:
        """Count a request, unless its session is revoked.

        Raises:
            LedgerGone: Redis does not answer.
        """
        if self._gone and self._clock() < self._try_at:
            raise LedgerGone
        self._try_at = self._clock() + self._pause
        try:
            await self._ask_for_start()
            said = await self._run(rule, session)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_gone(error)
            raise LedgerGone from error
        self._note_back()
        revoked, allowed, remaining, wait, reset = said
        standing = Standing(bool(allowed), remaining, wait / 1e6, reset / 1e6)
        return Entry(bool(revoked), standing, self._knows_since)

    async def _run(self, rule: Rule, session: UUID | None) -> list[int]:
        keys = [rule.key] if session is None else [rule.key, revocation_key(session)]
        tail: list[str | int] = [*keys, rule.limit.interval, rule.limit.count]
        try:
            said: list[int] = await self._redis.evalsha(SCRIPT_ID, len(keys), *tail)
        except NoScriptError:
            said = await self._redis.eval(SCRIPT, len(keys), *tail)
        return said

    async def _ask_for_start(self) -> None:
        """Learn about once a second when Redis started: one that lost its memory can't speak for the time before."""
        if self._clock() - self._start_checked < START_CHECKED_EVERY:
            return
        self._start_checked = self._clock()
        server = await self._redis.info("server")
        self._knows_since = time.time() - float(server["uptime_in_seconds"])

    def _note_gone(self, error: Exception) -> None:
        self._try_at = self._clock() + self._pause
        self._start_checked = float("-inf")
        self._knows_since = float("inf")
        if not self._gone:
            log.warning("redis_gone", error=type(error).__name__)
        self._gone = True

    def _note_back(self) -> None:
        if self._gone:
            log.info("redis_back")
        self._gone = False

    async def ping(self) -> None:
        """Ask Redis for a sign of life, whatever the memory of failures says.

        Raises:
            RedisError: there is none.
        """
        await self._redis.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
