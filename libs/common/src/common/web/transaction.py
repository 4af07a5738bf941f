"""The request that is a transaction: committed before the response leaves, rolled back on any error."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.engine import SessionMaker


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request its transaction: committed before the response leaves, rolled back on any error."""
    sessions: SessionMaker = request.app.state.sessions
    async with sessions.begin() as transaction:
        yield transaction


Session = Annotated[AsyncSession, Depends(session, scope="function")]


def sessionmaker_of(request: Request) -> SessionMaker:
    """Give a route the maker itself, for reads around a wait that no transaction may span."""
    sessions: SessionMaker = request.app.state.sessions
    return sessions


SessionMakerDep = Annotated[SessionMaker, Depends(sessionmaker_of)]
