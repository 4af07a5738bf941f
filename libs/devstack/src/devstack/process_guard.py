"""One folder belongs to one running process, and everything that process starts there dies with it."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from devstack import reaper
from devstack.errors import AlreadyRunning


class ProcessGuard:
    """Claims a folder, and keeps a reaper beside us that outlives even `kill -9` of this process.

    PR_SET_PDEATHSIG would miss grandchildren (a server's worker processes) and fires when the *thread* that
    spawned ends; a pipe that closes does neither. The groups are also kept in a file with their start times, so
    that what somehow survived both is killed on the next start.
    """

    def __init__(self, folder: Path) -> None:
        """Raise AlreadyRunning when another process holds the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._groups_file = folder / "groups.json"
        self._lock = _lock(folder / "lock")
        self._groups: dict[int, float] = {}
        kill_leftovers(self._groups_file)
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def add(self, group: int) -> None:
        """From now on the group is killed when this process ends."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._groups[group] = psutil.Process(group).create_time()
        self._tell(f"+{group}")

    def remove(self, group: int) -> None:
        """The group is gone: its number may soon be somebody else's."""
        self._groups.pop(group, None)
        self._tell(f"-{group}")

    def close(self) -> None:
        """Give the folder up. Groups that are still there are killed."""
        if self._reaper.stdin and not self._reaper.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._reaper.stdin.close()
            self._reaper.wait()
            self._groups_file.unlink(missing_ok=True)
            os.close(self._lock)

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._reaper.stdin:
                self._reaper.stdin.write(line + "\n")
                self._reaper.stdin.flush()
        with contextlib.suppress(OSError):  # a full disk keeps nobody from starting or ending
            self._groups_file.write_text(json.dumps(self._groups))


def is_claimed(folder: Path) -> bool:
    """Whether a stack is running in this folder."""
    try:
        os.close(_lock(folder / "lock"))
    except AlreadyRunning:
        return True
    except FileNotFoundError:
        return False
    return False


def kill_group(group: int, patience: float = 2.0) -> None:
    """Kill every member of the group and wait until they are gone, or dead and uncollected by their parent."""
    deadline = time.monotonic() + patience
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
        while _living(group) and time.monotonic() < deadline:
            time.sleep(0.01)
            os.killpg(group, signal.SIGKILL)


def _living(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        for process in psutil.process_iter(["status"]):
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                    return True
    return False


def kill_leftovers(groups_file: Path) -> None:
    """Kill the groups written down by a process that ended without a chance to do so itself."""
    try:
        groups = json.loads(groups_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    for group, created in groups.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            if abs(psutil.Process(int(group)).create_time() - created) < 1:
                kill_group(int(group))
    groups_file.unlink(missing_ok=True)


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, 20).decode().strip()
        os.close(handle)
        raise AlreadyRunning(
            f"a stack is already running in {path.parent} (pid {owner}); stop it with Ctrl-C or `kill {owner}`"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle
