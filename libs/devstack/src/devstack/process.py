"""One supervised process: how to start it, when it counts as ready, and how it ends."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from devstack.errors import StartFailed
from devstack.forking import ForkedProcess
from devstack.process_guard import ProcessGuard, kill_group

POLL = 0.03
"""Seconds between two looks at a child. A look is one system call."""


@dataclass(frozen=True)
class Program:
    """What to run.

    `ready` is asked until it says yes, and `explain` why it did not once patience ended; `before` runs ahead of
    every start; `folder` is where to run, where it is not our own; `user` is the uid and gid to run as, where they
    are not our own; `forked` says that the command is `python -m module` and is forked from what `forking.prepare`
    imported; `grace` is the seconds it has to end, `patience` those it has to become ready.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]]
    port: int
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    before: Callable[[], None] = lambda: None
    explain: Callable[[], Awaitable[str]] | None = None
    folder: Path | None = None
    user: tuple[int, int] | None = None
    forked: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 15.0
    patience: float = 60.0


class Process:
    """A program and, while it runs, its process group."""

    def __init__(self, program: Program, process_guard: ProcessGuard, logs: Path) -> None:
        """Nothing runs yet; the output will be appended to a file in `logs`."""
        self.program = program
        self.started_at = 0.0
        self._process_guard = process_guard
        self._log = logs / f"{program.name.replace(' ', '-')}.log"
        self._child: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._group_lives = False

    @property
    def pid(self) -> int | None:
        """The group's leader, None while nothing runs."""
        return self._child.pid if self._child and self.is_alive else None

    @property
    def is_alive(self) -> bool:
        """Whether the group's leader runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Of the last run; minus the signal's number where a signal ended it."""
        return self._child.poll() if self._child else None

    async def start(self) -> float:
        """Start and wait until ready; returns the seconds it took. Raises StartFailed with the log's last lines."""
        self.spawn()
        while not await self.program.ready():
            if not self.is_alive:
                raise StartFailed(self._complaint(f"ended with exit code {self.exit_code}"))
            if time.monotonic() - self.started_at > self.program.patience:
                why = f" ({await self.program.explain()})" if self.program.explain else ""
                raise StartFailed(self._complaint(f"was not ready after {self.program.patience:g} s{why}"))
            await asyncio.sleep(POLL)
        return time.monotonic() - self.started_at

    async def run(self) -> None:
        """Run to the end, for a program that does one thing. Raises StartFailed when it fails."""
        self.spawn()
        try:
            await self._ended(self.program.patience)
            code = self.exit_code
        finally:
            self.kill()
        if code != 0:
            raise StartFailed(
                self._complaint("took too long" if code is None else f"ended with exit code {code}")
            )

    def spawn(self) -> None:
        """Start without waiting, as the leader of a new group. The log of an earlier run is kept as `.old`."""
        self.kill()
        self.program.before()
        with self._open_log() as log:
            self._child = self._fork() if self.program.forked else self._popen(log)
        self._process_guard.add(self._child.pid)
        self._group_lives = True
        self.started_at = time.monotonic()

    def _fork(self) -> ForkedProcess:
        return ForkedProcess(self.program.command[2:], self.program.env, self._log)

    def _popen(self, log: BinaryIO) -> "subprocess.Popen[bytes]":
        uid, gid = self.program.user or (None, None)
        return subprocess.Popen(
            self.program.command,
            env=self.program.env,
            cwd=self.program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=None if gid is None else [],
        )

    async def stop(self) -> None:
        """Ask it to end, wait for its grace, then kill what is left of the group."""
        if self.is_alive and self._child:
            self._child.send_signal(self.program.stop_signal)
            await self._ended(self.program.grace)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to every member of the group, the leader dead or not."""
        if self._child and self._group_lives:
            if self._child.poll() is None:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()
            kill_group(self._child.pid)
            self._process_guard.remove(self._child.pid)
            self._group_lives = False

    async def _ended(self, patience: float) -> None:
        for _ in range(int(patience / POLL)):
            if not self.is_alive:
                return
            await asyncio.sleep(POLL)

    def _open_log(self) -> BinaryIO:
        if not self.started_at and self._log.exists():
            self._log.replace(self._log.with_suffix(".log.old"))
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._log.open("ab")

    def _complaint(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-20:]
        return "\n".join([f"{self.program.name} {what}; see {self._log}", *(f"    {line}" for line in lines)])


async def at_once(*jobs: Coroutine[object, object, None]) -> None:
    """Do all of them side by side; the first failure cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
