"""The stack with trivial servers: what starts, what is restarted, what is refused, how it ends."""

import asyncio
import json
import math
import os
import signal
import socket
import sys
from dataclasses import replace
from typing import Any

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from devstack import cli_run
from devstack.errors import AlreadyRunning, DevstackError, PortTaken, StartFailed
from devstack.ports import Ports
from devstack.process_guard import is_claimed
from devstack.services import Plan, Site
from devstack.stack import Stack


async def test_every_process_is_reported_when_it_is_ready_and_written_down(scene: Any) -> None:
    async with scene.stack([scene.server("auth api")], [scene.server("gateway")]) as stack:
        state = json.loads((stack.folder / "stack.json").read_text())
        assert state["processes"] == stack.processes
        assert state["gateway_url"] == stack.gateway_url == f"http://127.0.0.1:{stack.ports.gateway}"
    assert scene.lines[0] == "waiting for      auth api, gateway"
    assert {line.split(" ready in ")[0].strip() for line in scene.lines[1:]} == {"auth api", "gateway"}
    assert not (stack.folder / "stack.json").exists()


async def test_a_killed_process_is_started_again_and_counts_as_ready_only_then(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as stack:
        first = dict(stack.processes)
        stack.kill("gateway")
        assert list(stack.processes.values()) == [None]
        await stack.until_ready("gateway")
        second = stack.processes["gateway"]
        assert second not in (None, first["gateway"])
        assert json.loads((stack.folder / "stack.json").read_text())["processes"]["gateway"] == second
    assert any("died (exit code -9); starting it again in 0.5 s" in line for line in scene.lines)
    assert any("ready again in" in line for line in scene.lines)


async def test_repeated_quick_deaths_are_answered_with_growing_delays(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as stack:
        for _ in range(3):
            stack.kill("gateway")
            await stack.until_ready("gateway")
    delays = [line.rsplit(" in ", 1)[1] for line in scene.lines if "died" in line]
    assert delays == ["0.5 s", "1.0 s", "2.0 s"]


async def test_a_process_whose_program_is_away_for_a_while_is_started_when_it_is_back(scene: Any) -> None:
    python = scene.folder / "python"
    python.symlink_to(sys.executable)
    server = scene.server("gateway")
    async with scene.stack([replace(server, command=[str(python), *server.command[1:]])]) as stack:
        python.rename(scene.folder / "away")
        stack.kill("gateway")
        await scene.until(lambda: any("No such file" in line for line in scene.lines))
        (scene.folder / "away").rename(python)
        await stack.until_ready("gateway")


async def test_a_process_that_cannot_start_again_is_named_with_its_log(scene: Any) -> None:
    server = scene.server("gateway")
    async with scene.stack([server]) as stack:
        await scene.until(lambda: scene.notes() == ["gateway started"])
        scene.diary.unlink()
        scene.diary.mkdir()
        stack.kill("gateway")
        log = stack.folder / "logs" / "gateway.log"
        await scene.until(lambda: f"gateway ended with exit code 1; see {log}" in scene.lines)


async def test_children_of_a_process_that_died_are_killed_before_it_starts_again(scene: Any) -> None:
    async with scene.stack([scene.server("parent", "parent")]) as stack:
        child = psutil.Process(int(scene.notes()[0].split()[-1]))
        os.kill(stack.processes["parent"], signal.SIGKILL)
        await scene.until(lambda: sum("started" in note for note in scene.notes()) == 2)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_tiers_stop_in_reverse_order(scene: Any) -> None:
    async with scene.stack([scene.server("first")], [scene.server("second")], [scene.server("third")]):
        pass
    stops = [note for note in scene.notes() if note.endswith("stopped")]
    assert stops == ["third stopped", "second stopped", "first stopped"]


async def test_a_process_that_ignores_the_request_to_end_is_killed(scene: Any) -> None:
    async with scene.stack([scene.server("gateway", "stubborn", grace=0.3)]) as stack:
        pid = stack.processes["gateway"]
    assert not psutil.pid_exists(pid)


async def test_a_process_that_cannot_start_shows_the_end_of_its_log_and_leaves_nothing_behind(
    scene: Any,
) -> None:
    stack = scene.stack([scene.server("auth api")], [scene.server("gateway", "broken")])
    with pytest.raises(
        StartFailed, match=r"(?s)gateway ended with exit code 3.*cannot find my configuration"
    ):
        await stack.start()
    assert not any(stack.processes.values())
    assert not is_claimed(stack.folder)


async def test_a_step_that_fails_keeps_the_processes_from_starting(scene: Any) -> None:
    step = scene.step("auth migrate", "raise SystemExit('no such revision')")
    with pytest.raises(StartFailed, match="no such revision"):
        await scene.stack([scene.server("auth api")], steps=[[step]]).start()
    assert scene.notes() == []


async def test_the_rest_is_ready_without_what_starts_late_and_stops_after_it(scene: Any) -> None:
    late = scene.server("interview api", "unready", patience=math.inf)
    async with scene.stack([scene.server("gateway")], late=[late]) as stack:
        assert "gateway" in str(scene.lines)
        await scene.until(lambda: "interview api started" in scene.notes())
        assert stack.processes["interview api"]
        assert not any("interview api" in line for line in scene.lines)
    assert scene.notes()[2:] == ["interview api stopped", "gateway stopped"]


async def test_what_starts_late_is_reported_once_it_is_ready_and_written_down(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")], late=[scene.server("interview api")]) as stack:
        await stack.until_ready("interview api")
        assert any(line.startswith("interview api    ready in ") for line in scene.lines)
        state = json.loads((stack.folder / "stack.json").read_text())
        assert state["processes"] == stack.processes


async def test_a_second_stack_in_the_same_folder_is_refused_and_the_first_goes_on(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as first:
        with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
            await scene.stack([scene.server("gateway")]).start()
        with pytest.raises(AlreadyRunning):
            cli_run.clean(first.folder)
        assert psutil.pid_exists(first.processes["gateway"])
    cli_run.clean(first.folder)
    assert not first.folder.exists()


async def test_a_taken_port_is_named_with_its_owner_and_its_variable_before_anything_starts(
    scene: Any,
) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        stack = scene.stack([scene.server("gateway")])
        stack.ports = replace(Ports.free(), gateway=port)
        with pytest.raises(
            PortTaken, match=rf"port {port} is taken by pid {os.getpid()} \(.+\).*GATEWAY_PORT="
        ):
            await stack.start()
    assert scene.notes() == []


async def test_every_taken_port_is_named_at_once(scene: Any) -> None:
    with socket.socket() as first, socket.socket() as second:
        for squatter in (first, second):
            squatter.bind(("127.0.0.1", 0))
            squatter.listen()
        stack = scene.stack([scene.server("gateway")])
        stack.ports = replace(
            Ports.free(), gateway=first.getsockname()[1], auth_worker=second.getsockname()[1]
        )
        with pytest.raises(PortTaken, match=r"(?s)GATEWAY_PORT=.*AUTH_WORKER_PORT="):
            await stack.start()


async def test_after_the_broker_came_back_it_is_fed_and_its_readers_start_again(scene: Any) -> None:
    feed = scene.step("republish", f"open({str(scene.diary)!r}, 'a').write('fed\\n')")
    tiers = [scene.server("kafka")], [scene.server("auth worker")]
    async with scene.stack(*tiers, broker_steps=[[feed]], broker_readers=("auth worker",)) as stack:
        stack.kill("kafka")
        await stack.until_ready("kafka")
        assert scene.notes()[2:] == ["kafka started", "fed", "auth worker stopped", "auth worker started"]


async def test_the_broker_is_fed_once_what_was_missing_is_there(scene: Any) -> None:
    needed = scene.folder / "postgres-is-back"
    feed = scene.step("republish", f"open({str(needed)!r})")
    async with scene.stack([scene.server("kafka")], broker_steps=[[feed]]) as stack:
        stack.kill("kafka")
        await scene.until(lambda: any("feeding it again" in line for line in scene.lines))
        needed.touch()
        await stack.until_ready("kafka")


async def test_a_process_restarted_on_purpose_does_not_count_as_dead(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as stack:
        await stack.restart("gateway")
    assert scene.notes() == ["gateway started", "gateway stopped"] * 2
    assert not any("died" in line for line in scene.lines)


async def test_an_unknown_name_is_answered_with_the_known_ones(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as stack:
        with pytest.raises(DevstackError, match="no process is called 'kafka'; there are gateway"):
            stack.kill("kafka")


async def test_waiting_for_what_does_not_come_back_ends(scene: Any) -> None:
    async with scene.stack([scene.server("gateway")]) as stack:
        stack.kill("gateway")
        with pytest.raises(StartFailed, match="gateway was not ready again"):
            await stack.until_ready("gateway", timeout=0.1)


async def test_run_says_what_to_do_next_and_stops_on_a_signal(
    scene: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = scene.stack([scene.server("gateway")])
    run = asyncio.create_task(cli_run.run(stack))
    await scene.until(lambda: (stack.folder / "stack.json").exists())
    os.kill(os.getpid(), signal.SIGTERM)
    await run
    printed = capsys.readouterr().out
    assert f"{stack.gateway_url}/docs" in printed
    assert "make demo" in printed
    assert "stopped in" in printed
    assert scene.notes() == ["gateway started", "gateway stopped"]


async def test_nohup_keeps_the_closing_of_the_terminal_away() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with cli_run.stop_signal():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_signal_while_it_starts_leaves_nothing_running(
    scene: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = scene.stack(
        [scene.server("gateway")], steps=[[scene.step("provision", "import time; time.sleep(60)")]]
    )
    run = asyncio.create_task(cli_run.run(stack))
    await scene.until(lambda: (stack.folder / "logs" / "provision.log").exists())
    os.kill(os.getpid(), signal.SIGINT)
    await run
    assert "stopping before it was ready" in capsys.readouterr().out
    assert not is_claimed(stack.folder)
    assert scene.notes() == []


async def test_servers_of_our_own_are_kept_up_like_the_rest_and_keep_their_data(scene: Any) -> None:
    feed = scene.step("provision", f"open({str(scene.diary)!r}, 'a').write('fed\\n')")
    sites: list[Site] = []

    def plan(site: Site) -> Plan:
        sites.append(site)
        return Plan(tiers=[[scene.server("gateway")]], broker_steps=[[feed]])

    async with Stack(scene.folder / "stack", ports=Ports.free(), plan=plan) as stack:
        addresses = sites[0].addresses
        async with Redis.from_url(addresses.redis_url) as redis:
            await redis.set("kept", "yes")
            await scene.until((scene.folder / "stack" / "redis" / "appendonlydir").exists)
        names = ("postgres", "redis", "kafka")
        for name in names:
            stack.kill(name)
        await asyncio.gather(*(stack.until_ready(name) for name in names))
        connection = await asyncpg.connect(addresses.postgres_admin_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        async with Redis.from_url(addresses.redis_url) as redis:
            assert await redis.get("kept") == b"yes"
    assert scene.notes() == ["gateway started", "fed", "gateway stopped"]
