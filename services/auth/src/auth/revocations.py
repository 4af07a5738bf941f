"""Ended sessions: announced, and copied to Redis, where every gateway looks at each request."""

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from common import outbox, tasks
from common.contracts.user import SessionRevoked
from common.identity import MAX_LIFE_SECONDS

PAUSE = timedelta(seconds=5)

log = structlog.get_logger()


class CopyRevocations(tasks.TaskPayload):
    """Sessions that ended: the worker copies them too, in case the API could not."""

    kind: ClassVar[str] = "auth.copy_revocations"

    session_ids: list[UUID]


async def record(session: AsyncSession, user_id: UUID, session_ids: list[UUID], reason: str) -> None:
    """Announce that these sessions of one person ended, and have them copied to Redis whatever happens next."""
    for session_id in session_ids:
        await outbox.publish(session, SessionRevoked(user_id=user_id, session_id=session_id, reason=reason))
    if session_ids:
        await tasks.enqueue(session, CopyRevocations(session_ids=session_ids))


async def _write(redis: Redis, session_ids: list[UUID]) -> None:
    for session_id in session_ids:
        await redis.set(f"revoked:session:{session_id}", "1", ex=MAX_LIFE_SECONDS + 60)


async def forget(redis: Redis, session_ids: list[UUID]) -> None:
    """Tell every gateway that these sessions' access tokens are void, for as long as one could live.

    Called after the commit and before the answer. With Redis away the task of `record` repeats it.
    """
    try:
        await _write(redis, session_ids)
    except (RedisError, OSError) as error:
        log.warning("revocation_not_copied", error=type(error).__name__)


async def copy(redis: Redis, session_ids: list[UUID]) -> None:
    """Do the same from the worker.

    Raises:
        RetryLater: Redis is away.
    """
    try:
        await _write(redis, session_ids)
    except (RedisError, OSError) as error:
        raise tasks.RetryLater("Redis is away", PAUSE) from error
