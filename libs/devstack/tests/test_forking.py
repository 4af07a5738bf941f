"""A program forked from what others share is as much a process of its own as one that was started."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack import forking
from devstack.errors import StartFailed
from devstack.process import Process, Program

pytestmark = pytest.mark.skipif(not forking.POSSIBLE, reason="programs are not forked on this system")

MODULE = """
import os, signal, subprocess, sys
print("arguments", *sys.argv[1:], "variable", os.environ.get("GREETING"), "home", os.environ.get("HOME"))
print("group", os.getpgid(0) == os.getpid(), "blocked", signal.pthread_sigmask(signal.SIG_BLOCK, ()))
if "fail" in sys.argv:
    sys.exit(3)
if "raise" in sys.argv:
    raise ValueError("no such thing")
child = subprocess.Popen(["sleep", "60"])
print("child", child.pid)
child.wait()
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Program]:
    (tmp_path / "forked_program.py").write_text(MODULE)

    def make(*arguments: str) -> Program:
        async def ready() -> bool:
            log = tmp_path / "logs" / "forked.log"
            return log.exists() and "child" in log.read_text()

        command = [sys.executable, "-m", "forked_program", *arguments]
        env = {"GREETING": "hello", "PATH": os.environ["PATH"]}
        return Program("forked", command, ready, 0, env, forked=True)

    return make


@pytest.fixture
def start(
    program: Callable[..., Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Process]:
    monkeypatch.syspath_prepend(tmp_path)  # a forked process looks for modules where the one that asked looks

    class Groups:
        def add(self, group: int) -> None: ...

        def remove(self, group: int) -> None: ...

    def make(*arguments: str) -> Process:
        groups: Any = Groups()
        return Process(program(*arguments), groups, tmp_path / "logs")

    return make


def log_of(folder: Path) -> str:
    return (folder / "logs" / "forked.log").read_text()


async def test_it_has_its_own_group_environment_arguments_and_log(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    process = start("first", "second")
    await process.start()
    assert process.pid is not None
    assert os.getpgid(process.pid) == process.pid
    assert "arguments first second variable hello home None" in log_of(tmp_path)
    assert "group True blocked set()" in log_of(tmp_path)
    process.kill()


async def test_a_killed_one_is_seen_to_be_dead_and_takes_its_children_along(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    process = start()
    await process.start()
    child = int(log_of(tmp_path).split("child ")[1].split()[0])
    process.kill()
    assert (process.is_alive, process.exit_code, process.pid) == (False, -signal.SIGKILL, None)
    await _until(lambda: _gone(child))


async def test_it_is_asked_to_end_before_it_is_killed(start: Callable[..., Process]) -> None:
    process = start()
    await process.start()
    await process.stop()
    assert process.exit_code == -signal.SIGTERM


@pytest.mark.parametrize(("argument", "told"), [("fail", "exit code 3"), ("raise", "no such thing")])
async def test_one_that_fails_shows_the_end_of_its_log(
    start: Callable[..., Process], argument: str, told: str
) -> None:
    with pytest.raises(StartFailed, match=told):
        await start(argument).run()


async def test_it_starts_again_after_its_end(start: Callable[..., Process]) -> None:
    process = start()
    await process.start()
    first = process.pid
    process.kill()
    await process.start()
    assert process.pid not in (None, first)
    process.kill()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
