"""A connection that died while nobody used it fails nobody at the gateway."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from gateway.routes import SERVICES


async def test_after_redis_was_restarted_the_very_next_request_and_probe_are_fine(
    gateway: Any, redis: Any, caplog: Any
) -> None:
    async with gateway.client() as client:
        for path in ("/ready", "/api/v1/resume/1", "/ready"):
            assert {
                response.status_code
                for response in await asyncio.gather(*(client.get(path) for _ in range(8)))
            } == {200}
            await redis.kill()
            await redis.start()
            assert (await client.get(path)).status_code == 200
    assert "redis_gone" not in caplog.text


async def test_after_redis_ended_every_connection_the_next_requests_are_fine(
    gateway: Any, redis: Any, caplog: Any
) -> None:
    async with gateway.client() as client, redis.client() as store:
        for _ in range(3):
            responses = await asyncio.gather(*(client.get("/api/v1/resume/1") for _ in range(8)))
            assert {response.status_code for response in responses} == {200}
            assert await store.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            assert (await client.get("/api/v1/resume/1")).status_code == 200
    assert "redis_gone" not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_after_a_service_was_restarted_the_very_next_request_and_probe_are_fine(
    gateways: Any, redis: Any, restartable: Any, method: str
) -> None:
    url = restartable.service.url
    running = await gateways(auth_url=url, resume_url=url, interview_url=url)
    async with running.client() as client:

        async def ask() -> set[int]:
            calls = (client.request(method, "/api/v1/resume/1") for _ in range(8))
            return {response.status_code for response in await asyncio.gather(*calls)}

        for _ in range(3):
            assert await ask() == {200}
            assert (await client.get("/ready")).status_code == 200
            await restartable.restart()
            assert await ask() == {200}
            await restartable.restart()
            assert (await client.get("/ready")).status_code == 200


async def test_after_auth_was_restarted_a_session_is_still_asked_for(
    gateways: Any, redis: Any, restartable: Any
) -> None:
    running = await gateways(auth_url=restartable.service.url, redis_url="redis://127.0.0.1:9/0")
    for _ in range(3):
        async with running.client(session=uuid4()) as client:
            assert (await client.get("/api/v1/resume/1")).status_code == 200
        await restartable.restart()
    assert restartable.service.asked == 3


async def test_a_replica_about_to_end_is_asked_once_more_before_its_service_counts_as_not_ready(
    gateway: Any, upstream: Any, anonymous: Any
) -> None:
    asked = 0

    class Flapping:
        """Not ready at the first look of each pair, as one replica of two."""

        def __bool__(self) -> bool:
            nonlocal asked
            asked += 1
            return asked > len(SERVICES)  # of each service it is told once that this replica stops

    upstream.ready = Flapping()
    assert (await anonymous.get("/ready")).status_code == 200
    assert asked == 2 * len(SERVICES)
