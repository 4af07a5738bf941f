"""The request that is a transaction: committed before the response leaves, rolled back on any error."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.engine import SessionMaker


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give a request its transaction: committed before the response leaves, rolled back on any error."""
    sessionmaker: SessionMaker = request.app.state.sessionmaker
    async with sessionmaker.begin() as transaction:
        yield transaction


Session = Annotated[AsyncSession, Depends(session, scope="function")]


def sessionmaker_of(request: Request) -> SessionMaker:
    """Give a route the maker itself, for reads around a wait that no transaction may span."""
    sessionmaker: SessionMaker = request.app.state.sessionmaker
    return sessionmaker


SessionMakerDep = Annotated[SessionMaker, Depends(sessionmaker_of)]
