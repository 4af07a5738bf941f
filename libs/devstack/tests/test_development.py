"""What `make dev` changes of the plan: one service apart, its sources watched, the rest as it is."""

import asyncio
import math
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from devstack import __main__ as command_line
from devstack import development, services
from devstack.infrastructure import Addresses
from devstack.ports import Ports, variable
from devstack.process_guard import is_claimed

ADDRESSES = Addresses(
    "postgresql://postgres:top@127.0.0.1:15432/postgres", "redis://:r@127.0.0.1:1/0", "b:1", False
)


def plan(folder: Path, service: str, gateway: int = 8080) -> services.Plan:
    site = services.Site(folder, Ports(gateway=gateway), ADDRESSES, {})
    return development.plan(site, service, {"debugger": 5678, "debugger_worker": 5679})


@pytest_asyncio.fixture
async def healthy_but_not_ready() -> AsyncIterator[int]:
    """The port of a server that is alive and waits for another."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        status = b"200 OK" if path == b"/health" else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 %s\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("service", development.SERVICES)
def test_the_processes_of_the_service_start_late_unforked_and_are_never_given_up(
    tmp_path: Path, service: str
) -> None:
    made = plan(tmp_path, service)
    names = [service] if service == "gateway" else [f"{service} api", f"{service} worker"]
    assert [program.name for program in made.late] == names
    assert not any(program.name in names for tier in made.tiers for program in tier)
    assert sum(map(len, made.tiers)) + len(made.late) == 2 * len(services.SERVICES) + 1
    for program, debugger in zip(made.late, ("5678", "5679"), strict=False):
        assert (program.forked, program.patience) == (False, math.inf)
        options = dict(zip(program.command[4:-1:2], program.command[5:-1:2], strict=True))
        assert options["--debugger-port"] == debugger
        assert options["--port"] == str(program.port)
        assert program.command[-1].startswith(f"{service}.main:")


def test_a_change_of_the_service_or_of_a_library_counts(tmp_path: Path) -> None:
    command = plan(tmp_path, "interview").late[0].command
    folders = [Path(value) for option, value in pairwise(command) if option == "--watch"]
    assert [folder.name for folder in folders] == ["interview", "common", "llm"]
    assert all((folder / "__init__.py").exists() for folder in folders)


async def test_the_gateway_does_not_wait_for_a_service_that_may_be_broken(
    tmp_path: Path, healthy_but_not_ready: int
) -> None:
    gateway = plan(tmp_path, "auth", gateway=healthy_but_not_ready).tiers[-1][0]
    assert gateway.name == "gateway"
    assert await gateway.ready()
    whole = services.plan(services.Site(tmp_path, Ports(gateway=healthy_but_not_ready), ADDRESSES, {}))
    assert not await whole.tiers[-1][0].ready()


def test_a_debuggers_port_that_is_taken_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("DEBUGGER_PORT", str(server.getsockname()[1]))
        assert command_line.main(["--folder", str(tmp_path / "stack"), "dev", "interview"]) == 1
    assert "set DEBUGGER_PORT=" in capsys.readouterr().err
    assert not (tmp_path / "stack").exists()


def test_a_service_that_is_not_there_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        command_line.main(["dev", "payroll"])
    assert "'interview', 'gateway'" in capsys.readouterr().err


async def test_what_the_service_writes_is_said_and_what_others_write_is_not(
    scene: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scene.stack([scene.server("auth api")], late=[scene.server("interview api")]) as stack:
        following = asyncio.create_task(development._follow(stack, "interview"))
        lines: list[str] = []

        def is_said() -> bool:
            lines.extend(capsys.readouterr().out.splitlines())
            return "interview-api    | listening" in lines

        await scene.until(is_said)
        following.cancel()
        log = stack.folder / "logs" / "auth-api.log"
        assert log.read_text() == "listening\n"
        assert not any(line.startswith("auth-api") for line in lines)


async def test_a_signal_while_it_starts_leaves_nothing_running(
    tmp_path: Path, scene: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*asdict(Ports()), *development.DEBUGGER_PORTS):
        monkeypatch.setenv(variable(name), "0")
    folder = tmp_path / "dev"
    run = asyncio.create_task(development.run(folder, "interview"))
    await scene.until((folder / "logs" / "redis.log").exists)
    os.kill(os.getpid(), signal.SIGINT)
    await run
    assert "stopping before it was ready" in capsys.readouterr().out
    assert not is_claimed(folder)


def test_it_is_said_where_a_debugger_may_attach_and_what_is_watched() -> None:
    note = development._note("interview", {"debugger": 1111, "debugger_worker": 2222})
    assert "attach to 127.0.0.1:1111 (interview api), 127.0.0.1:2222 (interview worker)." in note
    assert all(str(folder) in note for folder in development.watched("interview"))
    note = development._note("gateway", {"debugger": 1111, "debugger_worker": 2222})
    assert "attach to 127.0.0.1:1111 (gateway)." in note
    assert "2222" not in note
