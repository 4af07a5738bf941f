"""A process that is told to end fails nobody: not ready first, answering on, gone last."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import pytest

from common import serve
from common.web.drain import DRAIN_SIGNAL, Drain

pytestmark = pytest.mark.slow

REPLICA = """
import asyncio, os

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    elif scope["path"] != "/ready":
        await asyncio.sleep(0.02)
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Replica:
    """One process of a service, started as it is in production."""

    def __init__(self, folder, drain_seconds, env):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._env = os.environ | {"PYTHONPATH": str(folder), "DRAIN_SECONDS": str(drain_seconds)} | env

    async def __aenter__(self):
        arguments = ["-m", "common.serve", "replica:app", "--port", str(self.port)]
        self.process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=self._env)
        async with asyncio.timeout(30):
            while await self.status() != 200:
                await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def status(self, path="/ready"):
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(self.url + path)).status_code
        return 0

    def terminate(self):
        self.process.terminate()

    async def until_not_ready(self):
        async with asyncio.timeout(30):
            while await self.status() == 200:
                pass


class Balancer:
    """Gives each new connection to one of the replicas that say they are ready, as Kubernetes does."""

    def __init__(self, replicas):
        self._replicas = replicas
        self._ready = list(replicas)
        self._turn = 0

    async def __aenter__(self):
        self._looking = asyncio.create_task(self._look())
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._looking.cancel()
        self._server.close()

    async def _look(self):
        while True:
            self._ready = [replica for replica in self._replicas if await replica.status() == 200]
            await asyncio.sleep(0.1)

    async def _serve(self, reader, writer):
        self._turn += 1
        replica = self._ready[self._turn % len(self._ready)]
        try:
            there, here = await asyncio.open_connection("127.0.0.1", replica.port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pump(reader, here), self._pump(there, writer))

    @staticmethod
    async def _pump(reader, writer):
        with suppress(OSError):
            while part := await reader.read(65536):
                writer.write(part)
                await writer.drain()
        writer.close()


class Load:
    """Eight clients that keep their connections and never stop asking."""

    def __init__(self, url):
        self._url = url
        self.answered = 0
        self.failures = []
        self._enough = False

    async def __aenter__(self):
        self._clients = [asyncio.create_task(self._ask()) for _ in range(8)]
        return self

    async def __aexit__(self, *_):
        self._enough = True
        await asyncio.gather(*self._clients)

    async def _ask(self):
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            while not self._enough:
                try:
                    response = await client.post(self._url, content=b"{}")
                    self.failures += [] if response.status_code == 200 else [response.status_code]
                except httpx.TransportError as error:
                    self.failures.append(repr(error))
                self.answered += 1

    async def more(self, count):
        target = self.answered + count
        async with asyncio.timeout(30):
            while self.answered < target:
                await asyncio.sleep(0.02)


@pytest.fixture
def replicas(tmp_path):
    (tmp_path / "replica.py").write_text(REPLICA)

    @asynccontextmanager
    async def start(count, drain_seconds, **env):
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(Replica(tmp_path, drain_seconds, env)) for _ in range(count)
            ]

    return start


async def test_one_of_two_replicas_ends_under_load_without_a_failed_request(replicas):
    async with replicas(2, drain_seconds=2) as (first, second), Balancer((first, second)) as balancer:
        async with Load(balancer.url) as load:
            await load.more(50)
            first.terminate()
            await first.until_not_ready()
            assert await first.status("/work") == 200, "it answers on"
            assert await first.status() == 503
            async with asyncio.timeout(30):
                await first.process.wait()
            await load.more(50)
        assert load.failures == []
        assert first.process.returncode == 0
        assert await second.status() == 200


async def test_a_draining_process_asks_its_clients_for_new_connections_and_says_why_it_is_not_ready(replicas):
    async with replicas(1, drain_seconds=20) as [replica]:
        async with httpx.AsyncClient(base_url=replica.url, trust_env=False) as client:
            assert "connection" not in (await client.get("/work")).headers
            replica.terminate()
            await replica.until_not_ready()
            ready, work = await client.get("/ready"), await client.get("/work")
            assert ready.json() == {"status": "not ready", "checks": {"process": "stopping"}}
            assert [response.headers["connection"] for response in (ready, work)] == ["close", "close"]
        replica.process.send_signal(signal.SIGTERM)  # a second one: whoever waits does not have to
        async with asyncio.timeout(15):
            assert await replica.process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_without_a_drain_a_process_ends_at_once_and_finishes_what_it_has_in_hand(replicas, number):
    async with replicas(1, drain_seconds=0 if number is signal.SIGTERM else 60) as [replica]:
        async with httpx.AsyncClient(base_url=replica.url, trust_env=False, timeout=20) as client:
            slow = asyncio.create_task(client.get("/slow"))
            await asyncio.sleep(0.3)  # until it is in hand; nothing outside tells
            replica.process.send_signal(number)
            assert (await slow).status_code == 200
        async with asyncio.timeout(15):
            assert await replica.process.wait() == 0


@pytest.mark.parametrize(("size", "status"), [("8192", 431), ("65536", 200)])
async def test_how_long_a_requests_head_may_be_is_what_the_environment_says(replicas, size, status):
    async with replicas(1, drain_seconds=0, GRANIAN_HTTP1_BUFFER_SIZE=size) as [replica]:
        async with httpx.AsyncClient(base_url=replica.url, trust_env=False) as client:
            assert (await client.get("/work", headers={"X-Long": "x" * 20_000})).status_code == status


def test_how_many_connections_wait_and_are_served_is_what_the_environment_says(monkeypatch):
    server = serve.Server("replica:app", "127.0.0.1", 0, serve.ServeSettings())
    assert (server.backlog, server.backpressure) == (1024, 1024)
    monkeypatch.setenv("GRANIAN_BACKLOG", "8192")
    monkeypatch.setenv("GRANIAN_BACKPRESSURE", "4096")
    server = serve.Server("replica:app", "127.0.0.1", 0, serve.ServeSettings())
    assert (server.backlog, server.backpressure) == (8192, 4096)


async def plain(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def test_the_signal_turns_readiness_and_nothing_else():
    app = Drain(plain)
    await app({"type": "lifespan"}, plain, plain)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        assert (await client.get("/ready")).status_code == 200
        os.kill(os.getpid(), DRAIN_SIGNAL)
        async with asyncio.timeout(10):
            while (ready := await client.get("/ready")).status_code == 200:
                await asyncio.sleep(0.01)
        work = await client.get("/work")
    asyncio.get_running_loop().remove_signal_handler(DRAIN_SIGNAL)
    assert (ready.status_code, work.status_code, work.text) == (503, 200, "ok")
    assert (ready.headers["connection"], work.headers["connection"]) == ("close", "close")


def test_what_is_served_is_named_by_module_and_app(tmp_path, monkeypatch):
    (tmp_path / "named.py").write_text("async def app(*_): ...\nother = app\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert isinstance(serve.load("named:other"), Drain)
    assert isinstance(serve.load("named"), Drain)
    with pytest.raises(AttributeError):
        serve.load("named:missing")


def test_a_time_that_makes_no_sense_is_refused(monkeypatch):
    monkeypatch.setenv("DRAIN_SECONDS", "-1")
    with pytest.raises(ValueError, match="drain_seconds"):
        serve.ServeSettings()
