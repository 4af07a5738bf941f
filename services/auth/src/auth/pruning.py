"""Pruning: what has ended is removed within the hour, and with it the devices, addresses and tokens it held."""

from datetime import timedelta

from sqlalchemy import delete, select

from auth.models import EndedSession, LoginSession, MailToken
from auth.revocations import KEPT_SECONDS
from common.clock import utcnow
from common.db.engine import SessionMaker

BATCH = 500


async def prune(sessionmaker: SessionMaker) -> None:
    """Remove sessions that have ended with all their refresh tokens, and what else is too old.

    A session that goes on keeps its spent tokens as well: one of them used again has to end it.
    """
    while await _prune_sessions(sessionmaker) == BATCH:
        pass
    while await _prune_mail_tokens(sessionmaker) == BATCH:
        pass
    async with sessionmaker.begin() as session:
        past = utcnow() - timedelta(seconds=KEPT_SECONDS)
        await session.execute(delete(EndedSession).where(EndedSession.ended_at < past))


async def _prune_sessions(sessionmaker: SessionMaker) -> int:
    ended = select(LoginSession.id).where(LoginSession.ended()).limit(BATCH).with_for_update(skip_locked=True)
    async with sessionmaker.begin() as session:
        ids = list(await session.scalars(ended))
        await session.execute(delete(LoginSession).where(LoginSession.id.in_(ids)))
    return len(ids)


async def _prune_mail_tokens(sessionmaker: SessionMaker) -> int:
    expired = select(MailToken.hash).where(MailToken.expired).limit(BATCH).with_for_update(skip_locked=True)
    async with sessionmaker.begin() as session:
        hashes = list(await session.scalars(expired))
        await session.execute(delete(MailToken).where(MailToken.hash.in_(hashes)))
    return len(hashes)
