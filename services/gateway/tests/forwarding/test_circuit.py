"""A service that does not answer is left alone; one call tries it, and the first answer lets all through again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.forwarding.circuit import TRIAL_SECONDS, Circuit, State

FAILURES = 3


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def openings() -> list[bool]:
    return []


@pytest.fixture
def circuit(clock: Clock, openings: list[bool]) -> Circuit:
    return Circuit(FAILURES, lambda: openings.append(True), clock)


def entered(circuit: Circuit) -> float:
    began = circuit.enter()
    assert began is not None
    return began


def test_it_opens_after_so_many_failures_in_a_row(circuit: Circuit, openings: list[bool]) -> None:
    for _ in range(FAILURES - 1):
        circuit.fail(entered(circuit))
    circuit.succeed()
    for _ in range(FAILURES - 1):
        circuit.fail(entered(circuit))
    assert (circuit.state, openings) == (State.CLOSED, [])
    circuit.fail(entered(circuit))
    assert (circuit.state, openings, circuit.enter()) == (State.OPEN, [True], None)


def test_half_open_lets_one_through_at_a_time(circuit: Circuit, clock: Clock) -> None:
    circuit.open()
    circuit.half_open()
    entered(circuit)
    assert circuit.enter() is None
    clock.now += TRIAL_SECONDS
    entered(circuit)
    assert circuit.enter() is None
    circuit.succeed()
    assert (circuit.state, circuit.refuses) == (State.CLOSED, False)


def test_a_trial_that_fails_opens_it_again(circuit: Circuit, openings: list[bool]) -> None:
    circuit.open()
    circuit.half_open()
    circuit.fail(entered(circuit))
    assert (circuit.state, openings) == (State.OPEN, [True, True])


def test_calls_from_before_the_service_came_back_say_nothing_about_now(
    circuit: Circuit, clock: Clock
) -> None:
    frozen = [entered(circuit) for _ in range(2 * FAILURES)]
    circuit.open()
    clock.now += 60
    circuit.half_open()
    entered(circuit)
    circuit.succeed()
    for began in frozen:
        circuit.fail(began)
    assert circuit.state is State.CLOSED


def test_a_closed_one_does_not_become_half_open(circuit: Circuit) -> None:
    circuit.half_open()
    assert circuit.state is State.CLOSED


@asynccontextmanager
async def hanging_up(requests: list[bytes]) -> AsyncIterator[tuple[int, Callable[[bool], None]]]:
    """A service that hangs up on every call, or answers; its calls are noted, probes apart."""
    alive = False

    def live(now: bool) -> None:
        nonlocal alive
        alive = now

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"GET /health "):
            requests.append(head)
        if alive:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], live


async def test_a_service_that_fails_is_left_alone_and_found_again_by_itself(
    gateways: Any, problem: Any, eventually: Any
) -> None:
    requests: list[bytes] = []
    async with hanging_up(requests) as (port, live):
        running = await gateways(resume_url=f"http://127.0.0.1:{port}", circuit_failures=3)
        async with running.client() as client:
            for _ in range(10):
                response = await client.post("/api/v1/resume/upload", content=b"x" * 100_000)
                problem(response, 503, "service_unavailable")
                assert response.headers["retry-after"] == "2"
            assert len(requests) == 3, "the circuit is open, and no call was made twice"
            assert (await client.get("/api/v1/interview/1")).status_code == 200, "others go on"
            live(True)

            async def answered() -> bool:
                return bool((await client.get("/api/v1/resume/1")).status_code == 200)

            assert await eventually(answered)
            assert (await client.get("/api/v1/resume/1")).status_code == 200


async def test_a_service_that_is_slow_but_lives_is_not_cut_off(gateways: Any, upstream: Any) -> None:
    go_on = asyncio.Event()

    async def act(_: Any, __: Any, send: Any) -> None:
        await go_on.wait()
        await upstream.json(send, 200, {})

    upstream.act = act
    running = await gateways(circuit_suspicion=0.05)
    async with running.client() as client:
        slow = [asyncio.create_task(client.get("/api/v1/interview/1/next")) for _ in range(8)]
        await asyncio.wait(slow, timeout=0.5)
        upstream.act = None
        assert (await client.get("/api/v1/interview/1")).status_code == 200
        go_on.set()
        assert {(await call).status_code for call in slow} == {200}
