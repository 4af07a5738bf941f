"""Hashing: bounded, and the same for every way of typing."""

import asyncio

import pytest

from auth.passwords import Hasher
from common.errors import ServiceUnavailableError


@pytest.fixture
async def hasher():
    made = Hasher(rounds=10, threads=1, queue=1)
    yield made
    await made.close()


async def test_a_password_matches_its_hash_however_its_characters_are_composed(hasher):
    hashed = await hasher.hash("Ａéb-1")
    assert await hasher.matches("Ae\u0301b-1", hashed)
    assert not await hasher.matches("Aeb-1", hashed)


async def test_nobodys_password_matches_nothing(hasher):
    assert not await hasher.matches("anything", None)
    assert not await hasher.matches("nobody's password", None)


async def test_what_lies_beyond_72_bytes_is_never_cut_off_silently(hasher):
    hashed = await hasher.hash("A" * 72)
    assert await hasher.matches("A" * 72, hashed)
    assert not await hasher.matches("A" * 73, hashed)


async def test_when_too_many_wait_the_next_is_sent_away_at_once(hasher):
    waiting = [asyncio.create_task(hasher.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailableError) as raised:
        await hasher.hash("x")
    assert raised.value.retry_after == 1
    await asyncio.gather(*waiting)
    assert await hasher.hash("x")


async def test_who_waits_for_a_thread_and_for_how_long_is_measured(hasher, measurements):
    waits = measurements.of("interviewace.auth.hashing.wait")
    tasks = [asyncio.create_task(hasher.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)
    assert measurements.of("interviewace.auth.hashing.waiting") == 1
    await asyncio.gather(*tasks)
    assert measurements.of("interviewace.auth.hashing.waiting") == 0
    assert measurements.of("interviewace.auth.hashing.wait") == waits + 2
