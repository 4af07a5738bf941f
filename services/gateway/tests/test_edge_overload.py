"""The gateway as it is run, a service in a process of its own, and people who hold on to what they take."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from devstack.services import GATEWAY_SERVER
from gateway.errors import BuffersFull, MalformedRequest
from gateway.forwarding.body import Body, Buffer

SERVICE = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})
"""
HELD = 265
FILES = 4096


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def granian(target: str, port: int, folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", target]
    environment = {**os.environ, **env}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process and those it starts hold thousands of connections."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if usual != resource.RLIM_INFINITY and usual < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


@pytest.fixture
async def started(
    many_files: None, redis: Any, upstream: Any, signer: Any, tmp_path: Path, eventually: Any
) -> Any:
    """Start a gateway's process whose résumé service is a process of its own; return its port and the service's."""

    @asynccontextmanager
    async def start(**env: str) -> AsyncIterator[tuple[int, subprocess.Popen[bytes]]]:
        port, behind = free_port(), free_port()
        (tmp_path / "behind.py").write_text(SERVICE)
        settings = {
            "REDIS_URL": redis.url,
            "JWKS_URL": signer.jwks_url,
            "AUTH_URL": upstream.url,
            "INTERVIEW_URL": upstream.url,
            "RESUME_URL": f"http://127.0.0.1:{behind}",
            "LIMIT_COSTLY": "100000/60",
            # a machine that is busy with other things is not what is tried here
            "REDIS_TIMEOUT": "5",
        }

        async def answers() -> bool:
            try:
                async with httpx.AsyncClient(trust_env=False) as client:
                    bases = (f"http://127.0.0.1:{number}/health" for number in (port, behind))
                    return all([(await client.get(base)).is_success for base in bases])
            except httpx.TransportError:
                return False

        with granian("behind:app", behind, tmp_path, {}) as service:
            with granian("gateway.main:app", port, tmp_path, settings | env):
                assert await eventually(answers)
                yield port, service

    return start


@asynccontextmanager
async def holding(port: int, token: str, path: str, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Begin that many requests of somebody's whose bodies never end."""
    readers, writers = [], []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n{".encode()
        )
        readers.append(reader)
        writers.append(writer)
    try:
        await asyncio.gather(*(writer.drain() for writer in writers))
        yield readers
    finally:
        for writer in writers:
            writer.close()


async def status(reader: asyncio.StreamReader) -> int:
    return int((await reader.readline()).split()[1])


async def outcome(reader: asyncio.StreamReader) -> int:
    """Return the status after the one that asks for the body, where it is asked for."""
    first = await status(reader)
    if first == 100:
        await reader.readline()
        return await status(reader)
    return first


def person(port: int, signer: Any, user: UUID | None = None, **more: Any) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {signer.token(user or uuid4())}"}
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False, **more
    )


async def test_two_people_with_530_slow_bodies_stop_nobody_else(started: Any, signer: Any) -> None:
    async with started(BODY_GRACE="5") as (port, _):
        first, second = signer.token(uuid4()), signer.token(uuid4())
        paths = "/api/v1/resume/upload", "/api/v1/interview/start"
        async with (
            holding(port, first, paths[0], HELD) as slow,
            holding(port, second, paths[1], HELD) as others,
            person(port, signer) as third,
        ):
            for _ in range(12):
                assert (await third.get("/api/v1/resume/1")).status_code == 200
                assert (await third.post("/api/v1/interview/1/answer", json={})).status_code == 200
                assert (await third.post("/api/v1/resume/upload", content=b"x" * 100_000)).text == "100000"
            statuses = await asyncio.gather(*(outcome(reader) for reader in (*slow, *others)))
            assert [statuses.count(status) for status in (408, 429)] == [4 + 64, 2 * HELD - 4 - 64]
            assert (await third.get("/api/v1/resume/1")).status_code == 200


async def test_whoever_has_too_many_under_way_is_told_when_to_come_back(
    started: Any, signer: Any, eventually: Any
) -> None:
    async with started(CONCURRENCY_PERSON="3", BODY_GRACE="30") as (port, _):
        user = uuid4()
        async with person(port, signer, user) as client:
            async with holding(port, signer.token(user), "/api/v1/interview/start", 3) as readers:
                assert [await status(reader) for reader in readers] == [100] * 3, "their bodies are asked for"
                response = await client.get("/api/v1/resume/1")
                assert (response.status_code, response.json()["code"]) == (429, "too_many_at_once")
                assert response.headers["retry-after"] == "2"

            async def served() -> bool:
                return bool((await client.get("/api/v1/resume/1")).status_code == 200)

            assert await eventually(served), "what was held has been given back"


async def test_a_body_that_comes_too_slowly_is_a_408(started: Any, signer: Any) -> None:
    async with started(BODY_GRACE="0.5", BODY_RATE="1000000") as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /api/v1/resume/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        writer.write(f"{head}Authorization: Bearer {signer.token(uuid4())}\r\n\r\n".encode())
        ended = asyncio.create_task(reader.read())
        while not ended.done():
            try:
                writer.write(b"x" * 10)
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.wait({ended}, timeout=0.1)
        response = await ended
        assert response.startswith(b"HTTP/1.1 408 ")
        assert b"\r\nconnection: close\r\n" in response
        writer.close()


async def test_a_frozen_service_is_left_alone_until_it_wakes(
    started: Any, signer: Any, eventually: Any
) -> None:
    async with started(CIRCUIT_SUSPICION="0.5", UPSTREAM_DEADLINE="20") as (port, service):
        async with person(port, signer) as client, person(port, signer) as other:
            assert (await client.get("/api/v1/resume/1")).status_code == 200
            os.killpg(service.pid, signal.SIGSTOP)
            waiting = asyncio.create_task(client.post("/api/v1/resume/upload", content=b"once"))

            async def left_alone() -> httpx.Response | None:
                try:
                    response = await other.get("/api/v1/resume/1", timeout=0.2)
                except httpx.TimeoutException:
                    return None
                return response if response.status_code == 503 else None

            response = await eventually(left_alone)
            assert (response.json()["code"], response.headers["retry-after"]) == ("service_unavailable", "2")
            durations = []
            for _ in range(25):
                began = time.monotonic()
                assert (await other.post("/api/v1/resume/upload", content=b"x")).status_code == 503
                durations.append(time.monotonic() - began)
                assert (await other.get("/api/v1/interview/1")).status_code == 200
            assert sorted(durations)[12] < 0.1
            os.killpg(service.pid, signal.SIGCONT)

            async def served() -> bool:
                return bool((await other.get("/api/v1/resume/1")).status_code == 200)

            assert await eventually(served)
            assert (await waiting).text == "4", "who was waiting is answered, and by one call"


async def test_a_thousand_idle_connections_of_nobody_stop_nobody(started: Any, signer: Any) -> None:
    async with started(**GATEWAY_SERVER) as (port, _), person(port, signer) as client:
        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(1_100)]
        assert (await client.get("/api/v1/resume/1")).status_code == 200
        async with person(port, signer) as newcomer:
            assert (await newcomer.get("/api/v1/resume/1")).status_code == 200
        for _, writer in connections:
            writer.close()


def test_the_bytes_held_at_once_are_bounded_and_given_back() -> None:
    buffer = Buffer(10)
    with Body(buffer, announced=True) as body:
        body.add(b"x" * 6)
        with Body(buffer, announced=True) as other, pytest.raises(BuffersFull):
            other.add(b"x" * 5)
    with Body(buffer, announced=True) as body:
        body.add(b"x" * 10)
        body.release()
        assert body.content == b""
    buffer.take(10)


def test_a_body_in_crumbs_is_refused() -> None:
    with Body(Buffer(1_000_000), announced=True) as body, pytest.raises(MalformedRequest):
        for _ in range(1_000):
            body.add(b"xy")
