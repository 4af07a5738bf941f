"""The count is exact: never more than the burst and what has grown back since."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import routes
from gateway.access import redis_limiter
from gateway.access.rate_limits import Limit, Limits, LocalLimiter, Rule, gcra
from gateway.access.redis_limiter import RedisLimiter

limits = st.builds(Limit, st.integers(1, 50), st.integers(1, 120))
gaps = st.lists(st.integers(0, 20_000_000), min_size=1, max_size=200)


@given(limits, gaps)
def test_no_span_of_time_lets_through_more_than_burst_and_rate(limit: Limit, waits: list[int]) -> None:
    now = arrival = 1_700_000_000_000_000
    taken: list[int] = []
    for wait in waits:
        now += wait
        arrival, result = gcra(arrival, now, limit)
        if result.allowed:
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            grown = (taken[last] - taken[first]) * limit.count / (limit.seconds * 1_000_000)
            assert last - first + 1 <= limit.count + grown + 1e-9


@given(limits, gaps)
def test_what_is_promised_is_kept(limit: Limit, waits: list[int]) -> None:
    now = arrival = 1_700_000_000_000_000
    for wait in waits:
        now += wait
        arrival, result = gcra(arrival, now, limit)
        assert 0 <= result.remaining < limit.count
        if result.allowed:
            assert gcra(arrival, now, limit)[1].allowed is (result.remaining > 0)
        else:
            later = now + round(result.retry_after * 1e6)
            assert gcra(arrival, later, limit)[1].allowed
            assert not gcra(arrival, later - 1, limit)[1].allowed


def test_a_caller_who_waits_gets_the_whole_burst_again() -> None:
    clock = [0]
    limiter = LocalLimiter(lambda: clock[0])
    rule = Rule("general", "a", Limit(3, 60))
    assert [limiter.hit(rule).allowed for _ in range(4)] == [True, True, True, False]
    clock[0] += 60_000_000
    assert [limiter.hit(rule).allowed for _ in range(4)] == [True, True, True, False]


def test_the_local_limiter_forgets_the_callers_it_has_not_seen_for_longest() -> None:
    limiter = LocalLimiter(lambda: 0, kept=100)
    rules = [Rule("general", str(number), Limit(1, 60)) for number in range(101)]
    assert all(limiter.hit(rule).allowed for rule in rules)
    assert not limiter.hit(rules[-1]).allowed
    assert limiter.hit(rules[0]).allowed


@pytest.mark.parametrize("text", ["", "10", "10/", "/60", "0/60", "10/0", "ten/60", "-1/5"])
def test_a_limit_written_in_another_way_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="count/seconds"):
        Limit.parse(text)


USER = uuid4()
LIMITS = Limits(Limit(10, 60), Limit(30, 60), Limit(300, 60), Limit(60, 60))


@pytest.mark.parametrize(
    ("method", "path", "name", "key"),
    [
        ("POST", "/api/v1/auth/login", "credentials", "limit:credentials:login:1.2.3.4"),
        ("POST", "/api/v1/auth/refresh/", "credentials", "limit:credentials:refresh:1.2.3.4"),
        ("POST", "/api/v1/resume/upload", "costly", f"limit:costly:user:{USER}"),
        ("POST", "/api/v1/resume/1/reparse", "costly", f"limit:costly:user:{USER}"),
        ("POST", "/api/v1/interview/start", "costly", f"limit:costly:user:{USER}"),
        ("POST", "/api/v1/interview/1/answer", "costly", f"limit:costly:user:{USER}"),
        ("GET", "/api/v1/interview/1/answer", "general", f"limit:general:user:{USER}"),
        ("POST", "/api/v1/interview/1/end", "general", f"limit:general:user:{USER}"),
        ("POST", "/api/v1/auth/logout", "general", f"limit:general:user:{USER}"),
    ],
)
def test_each_request_has_its_class(method: str, path: str, name: str, key: str) -> None:
    route = routes.resolve(method, path)
    assert route
    rule = LIMITS.rule(route, USER, "1.2.3.4")
    assert (rule.name, rule.key) == (name, key)


def test_nobody_in_particular_is_counted_by_address() -> None:
    rule = LIMITS.rule(routes.resolve("POST", "/api/v1/resume/upload"), None, "1.2.3.4")
    assert (rule.key, rule.limit) == ("limit:general:address:1.2.3.4", LIMITS.general_address)


async def test_a_hundred_at_once_over_two_connections_pools_pass_exactly_the_limit(redis: Any) -> None:
    rule = Rule("general", "limit:exact", Limit(10, 3600))
    limiters = [RedisLimiter(redis_limiter.connect(redis.url, 2.0), 0.1) for _ in range(2)]
    entries = await asyncio.gather(*(limiters[turn % 2].hit(rule, None) for turn in range(100)))
    assert sum(entry.result.allowed for entry in entries) == 10
    assert sorted(entry.result.remaining for entry in entries if entry.result.allowed) == list(range(10))
    for limiter in limiters:
        await limiter.close()


async def test_redis_counts_as_the_model_does_over_time(redis: Any) -> None:
    rule = Rule("general", "limit:timed", Limit(20, 1))
    limiter = RedisLimiter(redis_limiter.connect(redis.url, 2.0), 0.1)
    passed, started = 0, time.monotonic()
    while (elapsed := time.monotonic() - started) < 1.0:
        result = (await limiter.hit(rule, None)).result
        passed += result.allowed
        assert result.allowed == (result.retry_after == 0)
        await asyncio.sleep(0.005)
    assert 20 + elapsed * 20 - 3 <= passed <= 20 + elapsed * 20 + 1
    await limiter.close()


async def test_a_revoked_session_spends_nothing_of_its_users_share(redis: Any) -> None:
    rule = Rule("general", "limit:general:user:1", Limit(2, 60))
    session = uuid4()
    limiter = RedisLimiter(redis_limiter.connect(redis.url, 2.0), 0.1)
    await redis.revoke(session)
    assert all([(await limiter.hit(rule, session)).revoked for _ in range(5)])
    assert (await limiter.hit(rule, uuid4())).result.remaining == 1
    await limiter.close()


async def test_a_script_that_redis_forgot_is_given_to_it_again(redis: Any) -> None:
    rule = Rule("general", "limit:script", Limit(5, 60))
    limiter = RedisLimiter(redis_limiter.connect(redis.url, 2.0), 0.1)
    assert (await limiter.hit(rule, None)).result.remaining == 4
    async with redis.client() as client:
        await client.script_flush()
    assert (await limiter.hit(rule, None)).result.remaining == 3
    await limiter.close()


async def test_a_key_lives_no_longer_than_it_counts(redis: Any) -> None:
    rule = Rule("general", "limit:key", Limit(10, 60))
    limiter = RedisLimiter(redis_limiter.connect(redis.url, 2.0), 0.1)
    await limiter.hit(rule, None)
    async with redis.client() as client:
        assert 0 < await client.pttl("limit:key") <= 6_000
    await limiter.close()
