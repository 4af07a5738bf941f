"""What fails at Redis is counted by its kind, and a command on a connection that died is repeated first."""

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

from common.redis_errors import CountingRetry

COUNTED = "interviewace.redis.errors"


@pytest.fixture
async def redis(infrastructure):
    async with Redis.from_url(infrastructure.redis_url, retry=CountingRetry()) as client:
        yield client


async def test_a_redis_that_is_away_is_counted(measurements):
    before = measurements.of(COUNTED, error_type="ConnectionError")
    async with Redis.from_url("redis://127.0.0.1:9", retry=CountingRetry()) as client:
        with pytest.raises(RedisConnectionError):
            await client.ping()
    assert measurements.of(COUNTED, error_type="ConnectionError") > before


async def test_a_command_that_redis_refuses_is_counted_and_a_script_it_has_not_seen_is_not(
    redis, measurements
):
    before = measurements.of(COUNTED)
    with pytest.raises(NoScriptError):
        await redis.evalsha("0" * 40, 0)
    assert measurements.of(COUNTED) == before
    with pytest.raises(ResponseError):
        await redis.execute_command("NOTHING")
    assert measurements.of(COUNTED, error_type="ResponseError") >= 1
    assert measurements.of(COUNTED) == before + 1


async def test_a_connection_that_died_is_no_error(redis, infrastructure, measurements):
    before = measurements.of(COUNTED)
    await redis.ping()
    async with Redis.from_url(infrastructure.redis_url) as other:
        await other.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await redis.ping()
    assert measurements.of(COUNTED) == before
