"""`python -m devstack logs` and `memory`, and what `top` measures: a look at a stack that runs in another terminal."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypedDict, cast

import psutil

from devstack import log_lines
from devstack.errors import DevstackError
from devstack.process_guard import is_claimed

LAST_LINES = 10
MEBIBYTE = 1024 * 1024


class State(TypedDict):
    """What a running stack writes down: its own pid, where its gateway answers, every port, the pid of each process."""

    pid: int
    gateway_url: str
    ports: dict[str, int]
    processes: dict[str, int | None]
    importer: int | None


def follow(
    folder: Path,
    say: Callable[[str], None],
    *,
    seen: dict[Path, int] | None = None,
    colours: bool = False,
    pause: float = 0.3,
    forever: bool = True,
) -> None:
    """Say the last lines of every log, then what is added, each line with the name of its process.

    The files hold JSON; what is said is for people, trouble in colour where `colours` can be seen.
    `seen` keeps how far each log was read, in bytes.
    """
    read = {} if seen is None else seen
    if not (folder / "logs").is_dir():
        say(f"there are no logs in {folder / 'logs'} yet; waiting for them")
    while True:
        for log in sorted((folder / "logs").glob("*.log")):
            for line in _news(log, read):
                for part in log_lines.readable(line, colours=colours).splitlines() or [""]:
                    say(f"{log.stem:<16} | {part}")
        if not forever:
            return
        time.sleep(pause)


def _news(log: Path, seen: dict[Path, int]) -> Iterator[str]:
    """Yield whole new lines; a file that became shorter is a new one."""
    known = seen.get(log)
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        if known is not None and known <= log.stat().st_size:
            file.seek(known)
        text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        seen[log] = file.tell() - len(text) + len(whole)
        lines = whole.decode(errors="replace").splitlines()
        yield from lines[-LAST_LINES:] if known is None else lines


def state_of(folder: Path) -> State | None:
    """What the stack that runs in a folder wrote down once it was ready; nothing while none is."""
    try:
        return cast("State", json.loads((folder / "stack.json").read_text())) if is_claimed(folder) else None
    except FileNotFoundError:
        return None


def memory_table(folder: Path) -> str:
    """How much memory each process of the running stack holds, its children included, in MiB.

    "resident" counts memory that processes share once for each of them; "own share" divides it among them.
    Raises DevstackError where no stack runs.
    """
    state = state_of(folder)
    if state is None:
        raise DevstackError(f"no stack is running in {folder}")
    lines = [f"{'process':<18}{'pids':>6}{'resident MiB':>14}{'own share MiB':>15}"]
    total = [0, 0.0, 0.0]
    importer = state.get("importer")
    alone = ({"shared imports": importer} if importer else {}) | {"devstack": state["pid"]}
    for name, pid in {**state["processes"], **alone}.items():
        count, resident, share = memory(pid, alone=name in alone)
        lines.append(f"{name:<18}{count:>6}{resident:>14.0f}{share:>15.0f}")
        total = [total[0] + count, total[1] + resident, total[2] + share]
    lines.append(f"{'all':<18}{total[0]:>6.0f}{total[1]:>14.0f}{total[2]:>15.0f}")
    return "\n".join(lines)


def memory(pid: int | None, *, alone: bool = False) -> tuple[int, float, float]:
    """How many pids a process and, unless alone, its children are; their MiB, resident and own share."""
    count, resident, share = 0, 0.0, 0.0
    if pid is None:
        return count, resident, share
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        for process in [leader] if alone else [leader, *leader.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                usage = process.memory_full_info()
                resident += usage.rss / MEBIBYTE
                share += getattr(usage, "pss", usage.rss) / MEBIBYTE
                count += 1
    return count, resident, share


def cpu_seconds(pid: int | None) -> float:
    """How much CPU time a process and its children have taken so far; 0 where it is down."""
    seconds = 0.0
    if pid is None:
        return seconds
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        for process in (leader, *leader.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                seconds += times.user + times.system
    return seconds
