"""Pruning: what has ended is removed within the hour, and with it the devices, addresses and tokens it held."""

from sqlalchemy import delete, select

from auth.models import MailToken, Session
from common.database import Sessions

BATCH = 500


async def prune(opened: Sessions) -> None:
    """Remove sessions that have ended with all their refresh tokens, and mail tokens that are too old.

    A session that goes on keeps its spent tokens as well: one of them used again has to end it.
    """
    while await _prune_sessions(opened) == BATCH:
        pass
    while await _prune_mail_tokens(opened) == BATCH:
        pass


async def _prune_sessions(opened: Sessions) -> int:
    ended = select(Session.id).where(Session.ended()).limit(BATCH).with_for_update(skip_locked=True)
    async with opened.begin() as session:
        ids = list(await session.scalars(ended))
        await session.execute(delete(Session).where(Session.id.in_(ids)))
    return len(ids)


async def _prune_mail_tokens(opened: Sessions) -> int:
    expired = select(MailToken.hash).where(MailToken.expired).limit(BATCH).with_for_update(skip_locked=True)
    async with opened.begin() as session:
        hashes = list(await session.scalars(expired))
        await session.execute(delete(MailToken).where(MailToken.hash.in_(hashes)))
    return len(hashes)
