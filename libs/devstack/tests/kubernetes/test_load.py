"""The load that a pod sends: what is counted, and what is a failure."""

import asyncio
import http.server
import json
import threading

import httpx
import pytest

from devstack.kubernetes.load import Load

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def gateway():
    """Play a gateway whose statuses for what people look at follow each other."""
    statuses = [200, 429, 503, 200]

    class Gateway(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.respond(200, {"access_token": "token"})

        def do_GET(self):
            self.respond(statuses.pop(0) if statuses else 200, {})

        def respond(self, status, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_errors_are_failures_and_limits_are_not(gateway, tmp_path):
    load = Load(gateway, tmp_path / "stop")
    running = asyncio.create_task(load.run(people=2, rate=50.0))
    while sum(load.statuses.values()) < 6:
        await asyncio.sleep(0.01)
    (tmp_path / "stop").touch()
    summary = await running
    assert summary["failed"] == 1
    assert summary["statuses"]["429"] == summary["statuses"]["503"] == 1
    assert summary["sent"] == sum(summary["statuses"].values()) >= 6
    assert len(summary["failures"]) == 1
    assert summary["p99_ms"] >= summary["median_ms"] > 0


async def test_a_gateway_that_is_not_there_is_a_failure(tmp_path):
    load = Load(NOBODY, tmp_path / "stop")
    async with httpx.AsyncClient(base_url=NOBODY, trust_env=False) as client:
        await load._send(client, "/auth/me")
    assert load.summary()["failed"] == 1
    assert load.statuses == {"ConnectError": 1}
