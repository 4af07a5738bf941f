"""`make dev`: the whole stack with one service that starts anew when its sources change, and lets a debugger attach."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from devstack.development import DEBUGGER_PORTS
from devstack.ports import Ports, variable

ROOT = Path(__file__).parents[1]
FREE_PORTS = dict.fromkeys((variable(name) for name in (*asdict(Ports()), *DEBUGGER_PORTS)), "0")
ATTACHABLE = r"^{} +\| a debugger may attach to 127\.0\.0\.1:(\d+) \(pid (\d+)\)$"
API, WORKER, GATEWAY = (ATTACHABLE.format(log) for log in ("interview-api", "interview-worker", "gateway"))
STARTED = r"^{} +\| \[INFO\] Started worker-1$"
API_STARTED, WORKER_STARTED, GATEWAY_STARTED = (
    STARTED.format(log) for log in ("interview-api", "interview-worker", "gateway")
)
REPLACED = (API, WORKER, API_STARTED, WORKER_STARTED)

pytestmark = pytest.mark.slow


class Terminal:
    """A `make dev` that runs: what it writes, and where its processes are."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, sources: Path) -> None:
        self.process = process
        self.folder = folder
        self.sources = sources
        self.lines: list[str] = []

    async def lines_like(self, *patterns: str) -> list[re.Match[str]]:
        """Read on until each pattern has matched a line, and return the matches in the patterns' order."""
        matches: dict[str, re.Match[str]] = {}
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(120):
                while len(matches) < len(patterns):
                    line = (await self.process.stdout.readline()).decode()
                    assert line, "it ended:\n" + "".join(self.lines)
                    self.lines.append(line)
                    for pattern in set(patterns) - set(matches):
                        if match := re.search(pattern, line.rstrip("\n")):
                            matches[pattern] = match
        except TimeoutError:
            raise AssertionError(f"{patterns} did not all come:\n" + "".join(self.lines)) from None
        return [matches[pattern] for pattern in patterns]

    @property
    def state(self) -> dict[str, Any]:
        """What the stack wrote down of itself."""
        state: dict[str, Any] = json.loads((self.folder / "stack.json").read_text())
        return state

    def replace(self, file: str, before: str, after: str) -> None:
        """Change a source of the copy, as an editor would."""
        text = (self.sources / file).read_text()
        assert before in text
        (self.sources / file).write_text(text.replace(before, after))


@asynccontextmanager
async def make_dev(service: str, folder: Path, environment: dict[str, str]) -> AsyncIterator[Terminal]:
    """Run it on a copy of the service's sources; Ctrl-C ends it."""
    copy = folder / service
    shutil.copytree(ROOT / "services" / service, copy)
    env = os.environ | environment | FREE_PORTS | {"PYTHONPATH": str(copy / "src")}
    command = [sys.executable, "-m", "devstack", "--folder", str(folder / "stack"), "dev", service]
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield Terminal(process, folder / "stack", copy / "src" / service)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.communicate()


async def debugged_pid(port: int) -> int:
    """Attach as an editor does (Debug Adapter Protocol), and return the pid of the process behind the port."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        requests = (("initialize", {"adapterID": "test"}), ("attach", {}))
        for number, (command, arguments) in enumerate(requests, 1):
            request = {"seq": number, "type": "request", "command": command, "arguments": arguments}
            body = json.dumps(request).encode()
            writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        async with asyncio.timeout(20):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                message = json.loads(await reader.readexactly(int(head.split(b":")[1])))
                if message.get("event") == "process":
                    return int(message["body"]["systemProcessId"])
    finally:
        writer.close()


def runs(pid: int) -> bool:
    """Whether there is such a process, its parent's collection of a dead one aside."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


async def test_a_service_answers_with_what_its_sources_say_now_and_a_debugger_finds_it(
    tmp_path: Path, quiet_environment: dict[str, str], new_person: Any
) -> None:
    async with make_dev("interview", tmp_path, quiet_environment) as terminal:
        first = await terminal.lines_like(
            *REPLACED, "^interview api +ready in", "^interview worker +ready in"
        )
        async with new_person(terminal.state["gateway_url"]) as person:
            missing = f"/interview/{uuid4()}"
            assert (await person.get(missing)).json()["title"] == "There is no such interview"

            terminal.replace("interviews.py", "There is no such interview", "This was never held")
            second = await terminal.lines_like(*REPLACED)
            assert (await person.get(missing)).json()["title"] == "This was never held"

            terminal.replace("interviews.py", "class InterviewNotFound(", "class InterviewNotFound((")
            await terminal.lines_like(r"^interview-api +\| SyntaxError", r"^interview-worker +\| SyntaxError")
            terminal.replace("interviews.py", "class InterviewNotFound((", "class InterviewNotFound(")
            third = await terminal.lines_like(*REPLACED)
            assert (await person.get(missing)).json()["title"] == "This was never held"

        ports = [[int(match[1]) for match in matches[:2]] for matches in (first, second, third)]
        pids = [[int(match[2]) for match in matches[:2]] for matches in (first, second, third)]
        assert ports[0] == ports[1] == ports[2]
        assert len({pid for pair in pids for pid in pair}) == 6
        assert [await debugged_pid(port) for port in ports[2]] == pids[2]


async def test_the_gateway_can_be_the_one_and_ctrl_c_ends_everything(
    tmp_path: Path, quiet_environment: dict[str, str]
) -> None:
    async with make_dev("gateway", tmp_path, quiet_environment) as terminal:
        [first, *_] = await terminal.lines_like(GATEWAY, GATEWAY_STARTED, "^gateway +ready in")
        state = terminal.state
        async with httpx.AsyncClient(base_url=state["gateway_url"], trust_env=False) as client:
            assert (await client.get("/health")).json() == {"status": "ok"}
            terminal.replace("portal/api.py", 'status: str = "ok"', 'status: str = "changed"')
            [second, _] = await terminal.lines_like(GATEWAY, GATEWAY_STARTED)
            assert (await client.get("/health")).json() == {"status": "changed"}
        assert first[1] == second[1]
        assert await debugged_pid(int(second[1])) == int(second[2])
    assert terminal.process.returncode == 0
    pids = [*state["processes"].values(), state["importer"], int(second[2])]
    assert len(pids) > 10
    async with asyncio.timeout(20):
        while any(map(runs, pids)):
            await asyncio.sleep(0.05)
