"""Pruning: what has ended is removed within the hour, and with it the devices, addresses and tokens it held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from fastapi import APIRouter, FastAPI
from sqlalchemy import delete, select

from auth.models import EndedSession, MailToken, Session
from auth.revocations import KEPT_SECONDS
from common.database import Sessions, utcnow
from common.keep import Keeper

EVERY_SECONDS = 3600
BATCH = 500


async def prune(opened: Sessions) -> None:
    """Remove sessions that have ended with all their refresh tokens, and what else is too old.

    A session that goes on keeps its spent tokens as well: one of them used again has to end it.
    """
    while await _prune_sessions(opened) == BATCH:
        pass
    async with opened.begin() as session:
        await session.execute(delete(MailToken).where(MailToken.expired))
        past = utcnow() - timedelta(seconds=KEPT_SECONDS)
        await session.execute(delete(EndedSession).where(EndedSession.ended_at < past))


async def _prune_sessions(opened: Sessions) -> int:
    ended = select(Session.id).where(Session.ended()).limit(BATCH).with_for_update(skip_locked=True)
    async with opened.begin() as session:
        found = list(await session.scalars(ended))
        await session.execute(delete(Session).where(Session.id.in_(found)))
    return len(found)


@asynccontextmanager
async def _hourly(app: FastAPI) -> AsyncIterator[None]:
    pruning = asyncio.create_task(Keeper().keep("pruning", partial(_run, app.state.sessions)))
    try:
        yield
    finally:
        pruning.cancel()
        await asyncio.gather(pruning, return_exceptions=True)


async def _run(opened: Sessions) -> None:
    while True:
        await prune(opened)
        await asyncio.sleep(EVERY_SECONDS)


router = APIRouter(lifespan=_hourly)
