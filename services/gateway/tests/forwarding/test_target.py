"""A service that does not answer is left alone; one call tries it, and the first answer lets all through again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any


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
