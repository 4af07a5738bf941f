"""Ended sessions: announced, and copied to Redis, where the gateway and every service look at each request."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import structlog
from fastapi import APIRouter, FastAPI
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import EndedSession
from common.clock import utcnow
from common.contracts import revocation
from common.contracts.user import SessionRevoked
from common.db.engine import SessionMaker
from common.messaging import outbox
from common.security.tokens import MAX_LIFE_SECONDS
from common.tasks import queue
from common.worker.restart import Restarter

PAUSE = timedelta(seconds=1)
KEPT_SECONDS = MAX_LIFE_SECONDS + 60
LOOK_SECONDS = 1.0

# KEYS: the list. ARGV: the server's mark; its score when the ended sessions were read; the score it gets now; the
# present Unix time; then score and member of each session. Another mark means another list: then nothing is written.
REFILL = """
local since = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not since or tonumber(since) ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
for place = 5, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], ARGV[place], ARGV[place + 1])
end
return 1
"""

log = structlog.get_logger()


class CopyRevocations(queue.TaskPayload):
    """Sessions that ended: the worker copies them too, in case the API could not."""

    kind: ClassVar[str] = "auth.copy_revocations"

    session_ids: list[UUID]


async def record(session: AsyncSession, user_id: UUID, session_ids: Sequence[UUID], reason: str) -> None:
    """Announce that these sessions of one person ended, and have them copied to Redis whatever happens next."""
    for session_id in session_ids:
        session.add(EndedSession(id=session_id))
        await outbox.publish(session, SessionRevoked(user_id=user_id, session_id=session_id, reason=reason))
    if session_ids:
        await queue.enqueue(session, CopyRevocations(session_ids=session_ids))


async def _write(redis: Redis, session_ids: Sequence[UUID]) -> None:
    if not session_ids:
        return
    now = time.time()
    async with redis.pipeline(transaction=False) as calls:
        calls.zadd(revocation.KEY, {str(session_id): now + KEPT_SECONDS for session_id in session_ids})
        calls.zremrangebyscore(revocation.KEY, 0, now)
        await calls.execute()


async def push_to_redis(redis: Redis, session_ids: Sequence[UUID]) -> None:
    """Tell the gateway and the services that these sessions' tokens are void, for as long as one could live.

    Called after the commit and before the answer. With Redis away the task of `record` repeats it.
    """
    try:
        await _write(redis, session_ids)
    except (RedisError, OSError) as error:
        log.warning("revocation_not_copied", error=type(error).__name__)


async def copy(redis: Redis, session_ids: Sequence[UUID]) -> None:
    """Do the same from the worker.

    Raises:
        RetryLater: Redis is away.
    """
    try:
        await _write(redis, session_ids)
    except (RedisError, OSError) as error:
        raise queue.Retry("Redis is away", PAUSE) from error


async def refill(redis: Redis, sessionmaker: SessionMaker) -> bool:
    """Tell Redis of every session that ended within a token's life, where its list is new; return whether it was.

    What ends in between is in the list already: it is told after its commit, and a list that is lost once more has
    another mark than the one that was looked at first.

    Raises:
        RedisError: Redis is away.
    """
    server = await redis.info("server")
    mark = revocation.mark(server["run_id"])
    await redis.zadd(revocation.KEY, {mark: -time.time()}, nx=True)
    since = await redis.zscore(revocation.KEY, mark)
    now = time.time()
    if since is None or -since <= now - KEPT_SECONDS:
        return False
    async with sessionmaker() as session:
        cutoff = utcnow() - timedelta(seconds=KEPT_SECONDS)
        rows = await session.execute(
            select(EndedSession.id, EndedSession.ended_at).where(EndedSession.ended_at > cutoff)
        )
        ended = [(row.ended_at.timestamp() + KEPT_SECONDS, str(row.id)) for row in rows]
    values = [
        mark,
        repr(since),
        repr(KEPT_SECONDS - now),
        repr(now),
        *(value for pair in ended for value in pair),
    ]
    return bool(await redis.eval(REFILL, 1, revocation.KEY, *values))


async def _watch(redis: Redis, sessionmaker: SessionMaker) -> None:
    while True:
        try:
            if await refill(redis, sessionmaker):
                log.info("revocations_refilled")
        except (RedisError, OSError) as error:
            log.debug("revocations_not_refilled", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _watching(app: FastAPI) -> AsyncIterator[None]:
    async def watch() -> None:
        await _watch(app.state.resources[Redis], app.state.sessionmaker)

    watching = asyncio.create_task(Restarter().restart("revocations", watch))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


router = APIRouter(lifespan=_watching)
