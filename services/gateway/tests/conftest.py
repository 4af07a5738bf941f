"""A gateway on a real socket, with a Redis of its own, services that do as they are told, and signed-in clients."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from granian.constants import Interfaces
from granian.server.embed import Server
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.contracts import revocation
from common.security.tokens import Role
from devstack.redis_server import server_binary
from gateway.app import create_gateway
from gateway.edge import Edge
from gateway.routes import SERVICES
from gateway.settings import Settings
from testkit.tokens import Signer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answers(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


class RedisServer:
    """A Redis that tests may kill, stop and start again with nothing in it."""

    def __init__(self, folder: str, *options: str) -> None:
        self._options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        arguments = ("--port", str(self.port), "--save", "", "--bind", "127.0.0.1", "--dir", self._folder)
        arguments += self._options
        self.process = await asyncio.create_subprocess_exec(
            str(server_binary()), *arguments, stdout=asyncio.subprocess.DEVNULL
        )
        await answers(self.port)

    async def kill(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> None:
        """End it as an operator does: what it has is on the disk afterwards."""
        if self.process:
            self.process.terminate()
            await self.process.wait()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        async with Redis.from_url(self.url, decode_responses=True) as client:
            yield client

    async def revoke(self, session: UUID) -> None:
        """End a session as auth does."""
        async with self.client() as client:
            await client.zadd(revocation.KEY, {str(session): time.time() + 960})

    async def know_everything(self) -> None:
        """Fill the list as auth does: with all that ended within the life of a token, which is nothing here."""
        async with self.client() as client:
            mark = revocation.mark((await client.info("server"))["run_id"])
            await client.zadd(revocation.KEY, {mark: 960 - time.time()})


@dataclass
class Seen:
    """A request as it reached a service."""

    method: str
    path: str
    raw_path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


Act = Callable[[Seen, Receive, Send], Awaitable[None]]


async def reply(send: Send, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


@dataclass
class FakeService:
    """A service on a real socket: it notes what it sees, answers as told, and knows sessions as auth does."""

    port: int = field(default_factory=free_port)
    seen: list[Seen] = field(default_factory=list)
    act: Act | None = None
    ended: set[str] = field(default_factory=set)
    asked: int = 0
    ready: bool = True
    specification: dict[str, Any] | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith("/internal/sessions/"):
            self.asked += 1
            active = path.rpartition("/")[2] not in self.ended
            await self.json(send, 200, {"active": active})
        elif path == "/health":
            await self.json(send, 200, {"status": "ok"})
        elif path == "/ready":
            await self.json(send, 200 if self.ready else 503, {"status": "x", "checks": {"postgres": "ok"}})
        elif path == "/openapi.json":
            await self.json(send, 200 if self.specification else 404, self.specification or {})
        else:
            await self._work(scope, receive, send)

    async def json(self, send: Send, status: int, body: object) -> None:
        await reply(send, status, json.dumps(body).encode(), {"content-type": "application/json"})

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        request = Seen(
            scope["method"],
            scope["path"],
            scope["raw_path"].decode(),
            scope["query_string"].decode(),
            headers,
        )
        self.seen.append(request)
        if self.act:
            await self.act(request, receive, send)
            return
        more = True
        while more:
            message: Message = await receive()
            request.body += message.get("body", b"")
            more = message.get("more_body", False)
        await self.json(send, 200, {"path": request.path, "size": len(request.body)})


@asynccontextmanager
async def served(app: ASGIApp, port: int) -> AsyncIterator[None]:
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    running = asyncio.create_task(server.serve())
    await answers(port)
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({running}, timeout=10)


@pytest_asyncio.fixture(scope="session")
async def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    server = RedisServer(str(tmp_path_factory.mktemp("redis")))
    await server.start()
    yield server
    await server.kill()


@pytest_asyncio.fixture
async def redis(shared_redis: RedisServer) -> AsyncIterator[RedisServer]:
    async with shared_redis.client() as client:
        await client.flushall()
    await shared_redis.know_everything()
    yield shared_redis
    if shared_redis.process is None or shared_redis.process.returncode is not None:
        await shared_redis.start()


@pytest.fixture(scope="session")
def signer() -> Iterator[Signer]:
    made = Signer()
    yield made
    made.close()


@pytest_asyncio.fixture(scope="session")
async def shared_service() -> AsyncIterator[FakeService]:
    made = FakeService()
    async with served(made, made.port):
        yield made


@pytest.fixture
def upstream(shared_service: FakeService) -> FakeService:
    """The service behind every prefix, fresh for each test."""
    shared_service.__init__(port=shared_service.port)  # type: ignore[misc]
    return shared_service


class Restartable:
    """A service that can be stopped and started again on its port."""

    def __init__(self) -> None:
        self.service = FakeService()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(served(self.service, self.service.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        await self._stack.aclose()
        await self._stack.enter_async_context(served(self.service, self.service.port))


@pytest_asyncio.fixture
async def restartable() -> AsyncIterator[Restartable]:
    async with Restartable() as made:
        yield made


@dataclass
class Running:
    """A gateway on its socket."""

    url: str
    port: int
    edge: Edge
    signer: Signer

    def client(self, user: UUID | None = None, session: UUID | None = None, **more: Any) -> httpx.AsyncClient:
        """A client signed in as that user, or as somebody new."""
        token = self.signer.token(user or uuid4(), Role.USER, session_id=session, **more)
        return self.anonymous({"Authorization": f"Bearer {token}"})

    def anonymous(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    async def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return all that comes back until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()


Gateways = Callable[..., Awaitable[Running]]


@pytest_asyncio.fixture
async def gateways(redis: RedisServer, upstream: FakeService, signer: Signer) -> AsyncIterator[Gateways]:
    """Start a gateway with these settings besides the tests' own."""
    async with AsyncExitStack() as stack:

        async def start(**more: Any) -> Running:
            settings = Settings.model_validate(
                {
                    "redis_url": redis.url,
                    "jwks_url": signer.jwks_url,
                    **{f"{name}_url": upstream.url for name in SERVICES},
                    "redis_pause": 0.2,
                    "production_allows": "loopback_upstreams,passwordless_redis,plain_public_url",
                }
                | more
            )
            edge, port = create_gateway(settings), free_port()
            await stack.enter_async_context(served(edge, port))
            return Running(f"http://127.0.0.1:{port}", port, edge, signer)

        yield start


@pytest_asyncio.fixture
async def gateway(gateways: Gateways) -> Running:
    """A gateway with the default settings."""
    return await gateways()


@pytest_asyncio.fixture
async def client(gateway: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client signed in as a new user."""
    async with gateway.client() as made:
        yield made


@pytest_asyncio.fixture
async def anonymous(gateway: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is not signed in."""
    async with gateway.anonymous() as made:
        yield made


@pytest.fixture
def problem() -> Callable[[httpx.Response, int, str], dict[str, Any]]:
    """Assert that an answer is a problem document of that status and code, and return it."""

    def check(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert (response.status_code, response.headers["content-type"]) == (
            status,
            "application/problem+json",
        ), response.text
        document: dict[str, Any] = response.json()
        assert set(document) >= {"type", "title", "status", "detail", "code", "request_id"}
        assert (document["status"], document["code"]) == (status, code)
        assert document["request_id"] == response.headers["x-request-id"]
        return document

    return check


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans that end during the test."""
    from opentelemetry import trace  # noqa: PLC0415 - the provider is the process's, set by the gateway

    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()
