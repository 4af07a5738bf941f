"""`make top` shows what a running stack is at, from what its processes tell."""

import asyncio
import os
import re
import signal
import sys
from dataclasses import asdict

import pytest

from devstack import figures

PROCESSES = ("gateway", "auth", "auth_worker", "resume", "resume_worker", "interview", "interview_worker")


@pytest.fixture
def top(whole):
    """Print the table once, as `make top ONCE=1` does, and return its lines."""

    async def run():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "devstack", "--folder", str(whole.stack.folder), "top"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode().splitlines()

    return run


def block(lines, header):
    """The rows below a header, by the words of their first column."""
    start = next(number for number, line in enumerate(lines) if line.startswith(header)) + 1
    rows = lines[start : lines.index("", start) if "" in lines[start:] else None]
    return {cells[0]: cells[1:] for cells in (re.split(r"\s{2,}", row) for row in rows)}


async def test_processes_lag_tasks_and_outboxes_are_shown(whole, person, top, eventually):
    await person.read_resume()
    at_rest = {service: ["0", "-", "0", "0"] for service in ("auth", "resume", "interview")}

    async def looked_at():
        lines = await top()
        read = block(lines, "topic").get("interviewace.resume", [""])
        reading = block(lines, "task").get("resume.read")
        seen = (read[-1].endswith(" ago"), block(lines, "outbox of"), reading)
        return lines if seen == (True, at_rest, ["resume", "0", "0", "0", "-"]) else None  # 5 s late at most

    lines = await eventually(looked_at, timeout=60)
    assert lines[0].startswith(whole.url)
    processes = block(lines, "process")
    assert list(processes) == list(whole.stack.processes)
    for name, (mebibytes, share, state) in processes.items():
        assert int(mebibytes) > 0
        assert float(share) >= 0
        assert state == ("runs" if name in ("postgres", "redis", "kafka") else "ready")
    reader, _, seconds = block(lines, "topic")["interviewace.resume"]
    assert reader == "interview worker"
    assert re.fullmatch(r"\d+\.\d s ago", seconds)


async def test_every_process_is_asked_for_its_state_and_its_figures(whole):
    by_process = await figures.gather(asdict(whole.stack.ports))
    assert {name: of.state for name, of in by_process.items()} == dict.fromkeys(PROCESSES, "ready")
    for service in ("auth", "resume", "interview"):
        build = by_process[service].of("interviewace_build_info", service_name=service)
        assert [value for _, value in build] == [1.0]
        assert by_process[service].total("db_client_connection_max") > 0


async def test_a_worker_that_stands_still_is_shown_by_itself_and_at_the_gateway(whole, top):
    pid = whole.stack.processes["resume worker"]
    os.killpg(pid, signal.SIGSTOP)
    try:
        lines = await top()
        by_process = await figures.gather(asdict(whole.stack.ports))
    finally:
        os.killpg(pid, signal.SIGCONT)
    assert by_process["resume_worker"] == figures.Figures()
    assert by_process["gateway"].state == "degraded, resume worker"
    processes = block(lines, "process")
    assert processes["resume worker"][2] == "does not answer"
    assert processes["gateway"][2] == "degraded, resume worker"
    assert block(lines, "outbox of")["resume"] == ["?", "?", "?", "?"]
