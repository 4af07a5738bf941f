"""The list of ended sessions in Redis is filled again from the database, and by nothing else is it whole."""

import time
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from sqlalchemy import select, update

from auth import revocations
from auth.models import EndedSession
from common.clock import utcnow
from common.contracts import revocation
from common.ids import uuid7


@pytest_asyncio.fixture
async def redis(services):
    async with Redis.from_url(services.addresses.redis_url, decode_responses=True) as client:
        yield client


@pytest_asyncio.fixture
async def mark(redis):
    return revocation.mark((await redis.info("server"))["run_id"])


def session_of(client):
    token = client.headers["Authorization"].split()[1]
    return jwt.decode(token, options={"verify_signature": False})["sid"]


async def knows_since(redis, mark):
    score = await redis.zscore(revocation.KEY, mark)
    return float("inf") if score is None else -score


async def test_a_signed_out_token_is_refused_by_the_service_itself(client):
    assert (await client.get("/api/v1/auth/me")).status_code == 200
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    response = await client.get("/api/v1/auth/me")
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
    assert response.json()["title"] == "This session has ended; sign in again"


@pytest.mark.parametrize("loss", ["flushed", "deleted", "restarted"])
async def test_the_worker_fills_a_list_that_was_lost(service, client, redis, mark, eventually, loss):
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    if loss == "restarted":  # a server that kept its list has another run id, and so has the mark
        await redis.zrem(revocation.KEY, mark)
        await redis.zadd(revocation.KEY, {revocation.mark("before"): -1.0})
    else:
        await (redis.flushall() if loss == "flushed" else redis.delete(revocation.KEY))

    async def whole():
        return await knows_since(redis, mark) < time.time() - 900

    async with service.working():
        assert await eventually(whole)
    assert await redis.zscore(revocation.KEY, session_of(client)) > time.time() + 900
    assert await redis.zscore(revocation.KEY, revocation.mark("before")) is None
    assert (await client.get("/api/v1/auth/me")).status_code == 401


async def test_sessions_of_an_account_that_is_gone_are_told_again(service, account, client, redis, prune):
    body = {"password": account.password}
    assert (await client.request("DELETE", "/api/v1/auth/me", json=body)).status_code == 204
    await prune()
    await redis.flushall()
    assert await revocations.refill(redis, service.sessions)
    assert await redis.zscore(revocation.KEY, session_of(client)) is not None
    assert not await revocations.refill(redis, service.sessions), "a whole list is left alone"


class Losing:
    """Sessions of the database whose Redis is emptied once more while they are read."""

    def __init__(self, sessions, redis):
        self._sessions, self._redis = sessions, redis

    def __call__(self):
        return self

    async def __aenter__(self):
        await self._redis.flushall()
        self._session = self._sessions()
        return await self._session.__aenter__()

    async def __aexit__(self, *error):
        await self._session.__aexit__(*error)


async def test_a_list_that_is_lost_again_while_it_is_filled_is_not_called_whole(service, redis, mark):
    await redis.flushall()
    assert not await revocations.refill(redis, Losing(service.sessions, redis))
    assert await knows_since(redis, mark) == float("inf")


async def test_the_list_holds_nothing_longer_than_a_token_lives(service, redis, client):
    past = str(uuid7())
    await redis.zadd(revocation.KEY, {past: time.time() - 1})
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    assert await redis.zscore(revocation.KEY, past) is None
    assert await redis.ttl(revocation.KEY) == -1, "an expiry would let it be evicted under volatile policies"


async def test_an_end_is_kept_as_long_as_its_tokens_and_no_longer(service, client, prune):
    async def kept():
        async with service.sessions() as session:
            return await session.scalar(select(EndedSession.id).where(EndedSession.id == session_id))

    session_id = UUID(session_of(client))
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    await prune()
    assert await kept() == session_id
    async with service.sessions.begin() as session:
        past = utcnow() - timedelta(seconds=revocations.KEPT_SECONDS + 1)
        await session.execute(update(EndedSession).where(EndedSession.id == session_id).values(ended_at=past))
    await prune()
    assert await kept() is None
