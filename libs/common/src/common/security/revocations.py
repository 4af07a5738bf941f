"""Ended sessions as a service sees them: one look at the list in Redis for each request."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.contracts import revocation

ANSWER_SECONDS = 1.0
PAUSE_SECONDS = 1.0

log = structlog.get_logger()


class RevocationList:
    """Says which sessions have ended.

    Where Redis does not answer, nobody is refused for it: whoever came through the gateway was asked for at auth a
    moment ago. Redis is then left alone for a second, so that a silent one holds up nobody.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._try_at = float("-inf")

    async def holds(self, session: UUID) -> bool:
        """Return True where the session is known to have ended."""
        if self._clock() < self._try_at:
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._redis.zscore(revocation.KEY, str(session)) is not None
        except (RedisError, OSError, TimeoutError) as error:
            self._try_at = self._clock() + PAUSE_SECONDS
            log.warning("revocations_not_read", error=type(error).__name__)
            return False
