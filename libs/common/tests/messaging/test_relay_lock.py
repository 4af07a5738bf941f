"""Who holds the relay's lock knows by its own clock that it may have lost it."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from common.messaging import relay_lock


async def test_who_was_silent_too_long_knows_it_before_asking(relays):
    async with relay_lock.hold(relays.url, 0.4, lambda *_: None) as session:
        session.ensure_held()
        await asyncio.sleep(0.5)
        with pytest.raises(relay_lock.LockLost):
            session.ensure_held()
        with pytest.raises(DBAPIError):
            await session.execute(relay_lock.SIGN_OF_LIFE)
