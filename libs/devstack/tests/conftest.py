"""A stack of trivial servers, so that supervision is tested without the services."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from devstack.infrastructure import Addresses
from devstack.ports import Ports, settle
from devstack.probes import http_ok, http_response
from devstack.process import Program
from devstack.services import Plan, Site
from devstack.stack import Stack

SERVER = """
import http.server, os, pathlib, signal, subprocess, sys
port, name, diary, manner = int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4]
def note(what):
    with diary.open("a") as file: file.write(f"{name} {what}\\n")
def end(*_):
    note("stopped"); os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "stubborn" else end)
if manner == "parent":
    note(f"child {subprocess.Popen(['sleep', '60']).pid}")
if manner == "broken":
    print("cannot find my configuration"); sys.exit(3)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if manner == "unready" else 200); self.end_headers()
        self.wfile.write(b"auth is missing" if manner == "unready" else b"")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", port), Ready)
print("listening"); sys.stdout.flush(); note("started")
server.serve_forever()
"""


class Scene:
    """What a test writes into: the diary of the servers and the lines that were reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.diary = folder / "diary.txt"
        self.lines: list[str] = []
        self.addresses = Addresses(
            "postgresql://postgres:x@127.0.0.1:1/postgres", "redis://127.0.0.1:1", "x:1", True
        )

    def notes(self) -> list[str]:
        return self.diary.read_text().splitlines() if self.diary.exists() else []

    def server(
        self, name: str, manner: str = "plain", grace: float = 10.0, patience: float = 20.0
    ) -> Program:
        port = settle({name: 0})[name]
        command = [sys.executable, "-c", SERVER, str(port), name, str(self.diary), manner]
        return Program(
            name,
            command,
            partial(http_ok, port),
            port,
            explain=partial(http_response, port),
            grace=grace,
            patience=patience,
        )

    def step(self, name: str, code: str, patience: float = 20.0) -> Program:
        async def never() -> bool:
            return False

        return Program(name, [sys.executable, "-c", code], never, 0, patience=patience)

    def stack(self, *tiers: list[Program], **plan: object) -> Stack:
        def make(_: Site) -> Plan:
            return Plan(tiers=tiers, **plan)  # type: ignore[arg-type]

        return Stack(
            self.folder / "stack",
            ports=Ports.free(),
            infrastructure=self.addresses,
            report=self.lines.append,
            plan=make,
        )

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)
