"""Errors are reported by Sentry's protocol to a server that speaks it, without any text of a person."""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import httpx
import pytest

pytestmark = pytest.mark.slow

PLANTED = "Ada Lovelace confided this"

PROCESS = """
import logging, structlog
from fastapi import FastAPI, Request
from common import telemetry
from common.errors import LLMProviderError
from common.settings import Settings
from common.web import problems
from common.web.middleware import RequestContext
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(_):
    yield
    telemetry.flush()

telemetry.configure(Settings(service="sample"))
app = FastAPI(lifespan=lifespan)
problems.install(app)
app.add_middleware(RequestContext)

@app.get("/ready")
async def ready(): return {}

@app.post("/break")
async def fail(request: Request):
    answer = (await request.body()).decode()
    try:
        raise KeyError(answer)
    except KeyError as error:
        raise ValueError(f"can't read {answer}") from error

@app.post("/provider")
async def provider(): raise LLMProviderError

@app.post("/library")
async def library(request: Request):
    logging.getLogger("driver").error("refused %s", (await request.body()).decode())
"""


class Sentry:
    """A server that takes Sentry's envelopes; `events` has each report as it was sent."""

    def __init__(self):
        self.events, self.bytes = Queue(), []
        outer = self

        class Ingestion(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                outer.bytes.append(body)
                lines = body.splitlines()
                assert self.path == "/api/7/envelope/"
                for header, payload in zip(lines[1::2], lines[2::2], strict=False):
                    if json.loads(header)["type"] == "event":
                        outer.events.put(json.loads(payload))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.dsn = f"http://key@127.0.0.1:{self.server.server_address[1]}/7"


@pytest.fixture
def sentry():
    server = Sentry()
    yield server
    server.server.shutdown()
    server.server.server_close()


@contextmanager
def running(folder, **env):
    (folder / "reporting.py").write_text(PROCESS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(folder), "DRAIN_SECONDS": "0", "ENVIRONMENT": "local"} | env
    command = [sys.executable, "-m", "common.serve", "reporting:app", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            status = 0
            while status != 200:
                with suppress(httpx.TransportError):
                    status = client.get("/ready").status_code
            yield client
            process.terminate()
            process.wait(30)


def test_an_error_nobody_thought_of_is_reported_with_its_kind_its_place_and_its_ids(sentry, tmp_path):
    with running(tmp_path, SENTRY_DSN=sentry.dsn) as client:
        response = client.post("/break", content=PLANTED, headers={"X-Request-ID": "request-7"})
    assert response.status_code == 500
    event = sentry.events.get(timeout=30)
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("KeyError", "ValueError")
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["message"] == "unexpected_error"
    assert event["tags"]["service"] == "sample"
    assert event["tags"]["request_id"] == response.headers["X-Request-ID"]
    assert event["environment"] == "local"


def test_no_report_holds_a_persons_text_whatever_was_logged(sentry, tmp_path):
    with running(tmp_path, SENTRY_DSN=sentry.dsn) as client:
        for path in ("/break", "/provider", "/library"):
            client.post(path, content=PLANTED)
    messages = [sentry.events.get(timeout=30)["message"] for _ in range(3)]
    assert sorted(messages) == ["error logged by driver", "request_failed", "unexpected_error"]
    sent = b"".join(sentry.bytes)
    assert b"Lovelace" not in sent
    assert b"confided" not in sent


def test_without_a_dsn_nothing_is_imported_or_sent():
    code = (
        "import sys; from common import telemetry; from common.settings import Settings;"
        "telemetry.configure(Settings(service='sample', environment='local')); telemetry.flush();"
        "print([name for name in sys.modules if name.startswith('sentry')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_server_that_is_away_holds_nobody_up(tmp_path):
    with running(tmp_path, SENTRY_DSN="http://key@127.0.0.1:9/7") as client:
        assert client.post("/break", content=PLANTED).status_code == 500
        assert client.get("/ready").status_code == 200
