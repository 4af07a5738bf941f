"""Each of the seven processes says that it is about to end, and answers on until it does."""

import asyncio
import os
import signal

import httpx
import pytest
import pytest_asyncio

PROCESSES = [
    "auth api",
    "auth worker",
    "resume api",
    "resume worker",
    "interview api",
    "interview worker",
    "gateway",
]


@pytest_asyncio.fixture(scope="module")
async def draining(run_whole):
    """The whole system, whose processes take their time to end."""
    async with run_whole(DRAIN_SECONDS="4") as running:
        yield running


@pytest.mark.parametrize("name", PROCESSES)
async def test_a_process_that_is_told_to_end_is_not_ready_first_and_answers_on(draining, name):
    port = getattr(draining.stack.ports, name.replace(" api", "").replace(" ", "_"))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await client.get("/health")).status_code == 200
        os.kill(draining.stack.processes[name], signal.SIGTERM)
        async with asyncio.timeout(4):
            while (response := await client.get("/ready")).json()["checks"].get("process") != "stopping":
                await asyncio.sleep(0.02)
        assert response.status_code == 503
        assert (await client.get("/health")).status_code == 200
