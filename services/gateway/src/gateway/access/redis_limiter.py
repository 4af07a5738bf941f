"""The shared count and the list of revoked sessions in Redis: one script, one round trip a request."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from uuid import UUID

import structlog
from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.exceptions import NoScriptError, RedisError

from common.contracts import revocation
from common.redis_errors import CountingRetry
from gateway.access.rate_limits import LimitResult, Rule

SCRIPT = Path(__file__).with_name("limiter.lua").read_text()
SCRIPT_ID = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
CONNECTIONS = 64

log = structlog.get_logger()


class LimiterUnavailable(Exception):
    """Redis does not answer, or did not a moment ago."""


@dataclass(frozen=True)
class HitResult:
    """What Redis says of a request: `knows_since` is the Unix time from which on it heard of every revocation.

    That time stands in the list of revocations itself, so that it goes when the list does.
    """

    revoked: bool
    result: LimitResult
    knows_since: float


def connect(url: str, timeout: float) -> Redis:
    """Return a client that gives up after `timeout` seconds, and repeats once what fails on a connection that died."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=CountingRetry(),
    )
    return Redis(connection_pool=pool)


class RedisLimiter:
    """Counts a request against its caller's limit.

    After a failure Redis is left alone for `pause` seconds; then one request tries it, while the others go on without.
    A server that crashed may have lost the last second of what it was told, and one that took over from another more:
    every new connection may lead to such a one, so each asks anew for the run id that the list's mark is tied to.
    """

    def __init__(self, redis: Redis, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._pause = pause
        self._clock = clock
        self._gone = False
        self._try_at = float("-inf")
        self._run_id = ""
        self._connections = 0
        self._run_id_of = -1  # how many connections had been made when the run id was asked for
        redis.connection_pool.connection_kwargs["redis_connect_func"] = self._connected

    async def _connected(self, connection: Connection) -> None:
        self._connections += 1
        await connection.on_connect()

    async def hit(self, rule: Rule, session: UUID | None) -> HitResult:
        """Count a request, unless its session is revoked.

        Raises:
            LimiterUnavailable: Redis does not answer.
        """
        if self._gone and self._clock() < self._try_at:
            raise LimiterUnavailable
        self._try_at = self._clock() + self._pause
        try:
            await self._learn_server()
            run_id = self._run_id
            reply = await self._run(rule, session)
            await self._learn_server()
        except (RedisError, OSError, TimeoutError) as error:
            self._note_gone(error)
            raise LimiterUnavailable from error
        self._note_back()
        revoked, allowed, remaining, wait, reset, since = reply
        result = LimitResult(bool(allowed), remaining, wait / 1e6, reset / 1e6)
        return HitResult(bool(revoked), result, since / 1e6 if run_id == self._run_id else float("inf"))

    async def _run(self, rule: Rule, session: UUID | None) -> list[int]:
        keys = [rule.key] if session is None else [rule.key, revocation.KEY]
        tail: list[str | int] = [*keys, rule.limit.interval, rule.limit.count]
        if session is not None:
            tail += [str(session), revocation.mark(self._run_id)]
        try:
            reply: list[int] = await self._redis.evalsha(SCRIPT_ID, len(keys), *tail)
        except NoScriptError:
            reply = await self._redis.eval(SCRIPT, len(keys), *tail)
        return reply

    async def _learn_server(self) -> None:
        """Ask which server it is, unless no connection was made since it was asked."""
        while self._run_id_of != self._connections:
            made = self._connections
            server = await self._redis.info("server")
            self._run_id, self._run_id_of = str(server["run_id"]), made

    def _note_gone(self, error: Exception) -> None:
        self._try_at = self._clock() + self._pause
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
