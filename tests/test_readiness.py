"""The gateway's `/ready` tells of every process: a worker that was stopped, and not ended, is seen, and heals."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

SEEN_WITHIN_SECONDS = 30
HEALS_WITHIN_SECONDS = 60


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process and its children, which live on and do nothing."""
    os.killpg(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(pid, signal.SIGCONT)


async def platform(whole, wanted, timeout):
    """Ask the gateway until it tells what is wanted, and return that response."""
    async with httpx.AsyncClient(base_url=whole.url, timeout=10, trust_env=False) as client:
        async with asyncio.timeout(timeout):
            while not wanted(response := await client.get("/ready")):
                await asyncio.sleep(0.2)
    return response


def is_ready(response: httpx.Response) -> bool:
    return response.json()["status"] == "ready"


async def test_a_worker_that_stands_still_is_seen_at_the_gateway_which_serves_on(whole, person, good_answer):
    response = await platform(whole, is_ready, HEALS_WITHIN_SECONDS)
    assert response.status_code == 200
    assert set(response.json()["workers"]) == {"auth", "resume", "interview"}
    assert set(response.json()["workers"]["interview"]["checks"]) == {
        *("postgres", "redis", "kafka", "consumers", "relay", "outbox", "tasks")
    }
    started = await person.start(questions=1)
    question = await person.next_question(started["id"])
    with stopped(whole.stack.processes["interview worker"]):
        response = await platform(
            whole, lambda seen: not seen.json()["workers"]["interview"]["ready"], SEEN_WITHIN_SECONDS
        )
        assert (response.status_code, response.json()["status"]) == (200, "degraded")
        assert response.json()["workers"]["interview"]["error"] == "does not answer in time"
        assert response.json()["workers"]["resume"]["ready"] is True
        assert response.json()["services"]["interview"]["ready"] is True
        answered = await person.answer(started["id"], question["id"], good_answer, wait=0)
        assert answered.status_code == 202
    await platform(whole, is_ready, HEALS_WITHIN_SECONDS)
    assert (await person.report(started["id"]))["overall"] is not None
