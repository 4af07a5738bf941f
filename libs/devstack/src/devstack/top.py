"""`python -m devstack top`: what the running stack is at, from its processes' own probes and metrics."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from devstack import figures, observe
from devstack.errors import DevstackError
from devstack.figures import Figures
from devstack.observe import State

EVERY_SECONDS = 2.0
ONCE_SECONDS = 0.5
"""Over which CPU is measured where the table is printed once."""
CLEAR = "\x1b[H\x1b[2J\x1b[3J"

Row = Sequence[str]


async def show(folder: Path, say: Callable[[str], None], *, once: bool) -> None:
    """Say what the stack that runs in a folder is at: once, or again and again in the place of what was said.

    Raises DevstackError where no stack runs.
    """
    spent = _cpu_seconds(_running(folder))
    while True:
        began = time.monotonic()
        await asyncio.sleep(ONCE_SECONDS if once else EVERY_SECONDS)
        state = _running(folder)
        by_process = await figures.gather(state["ports"])
        now = _cpu_seconds(state)
        elapsed = time.monotonic() - began
        shares = {
            name: max(0.0, seconds - spent.get(name, seconds)) / elapsed for name, seconds in now.items()
        }
        spent = now
        say(("" if once else CLEAR) + "\n".join(table(state, by_process, shares)))
        if once:
            return


def _running(folder: Path) -> State:
    state = observe.state_of(folder)
    if state is None:
        raise DevstackError(f"no stack is running in {folder}")
    return state


def _cpu_seconds(state: State) -> dict[str, float]:
    return {name: observe.cpu_seconds(pid) for name, pid in state["processes"].items()}


def table(state: State, by_process: Mapping[str, Figures], cpu: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines: processes, what workers have to read, tasks, and what waits for Kafka or for a person."""
    workers = {
        name.removesuffix("_worker"): of for name, of in by_process.items() if name.endswith("_worker")
    }
    yield f"{state['gateway_url']}  {time.strftime('%H:%M:%S')}"
    yield ""
    yield from _aligned(("process", "own MiB", "CPU %", "state"), _processes(state, by_process, cpu))
    yield ""
    yield from _aligned(("topic", "read by", "lag", "last read"), _topics(workers))
    yield ""
    yield from _aligned(("task", "of", "queued", "running", "retrying", "oldest due"), _tasks(workers))
    yield ""
    header = ("outbox of", "waiting", "oldest", "refused by Kafka", "dead letters since its start")
    yield from _aligned(header, _outboxes(workers))


def _processes(state: State, by_process: Mapping[str, Figures], cpu: Mapping[str, float]) -> Iterator[Row]:
    for name, pid in state["processes"].items():
        _, _, own_share = observe.memory(pid)
        of = by_process.get(name.removesuffix(" api").replace(" ", "_"))
        # a server of somebody else's has no /ready of ours
        word = "down" if pid is None else of.state if of else "runs"
        yield name, f"{own_share:.0f}", f"{cpu.get(name, 0) * 100:.1f}", word


def _topics(workers: Mapping[str, Figures]) -> Iterator[Row]:
    rows = [
        (labels["topic"], f"{service} worker", f"{lag:.0f}", _ago(of, labels["topic"]))
        for service, of in workers.items()
        for labels, lag in of.of("interviewace_consumer_lag")
    ]
    yield from sorted(rows)


def _ago(of: Figures, topic: str) -> str:
    ages = of.of("interviewace_consumer_poll_age_seconds", topic=topic)
    return f"{ages[0][1]:.1f} s ago" if ages else "-"


def _tasks(workers: Mapping[str, Figures]) -> Iterator[Row]:
    for service, of in workers.items():
        for kind in sorted({labels["kind"] for labels, _ in of.of("interviewace_task_open")}):
            counts = [
                f"{of.total('interviewace_task_open', kind=kind, status=status):.0f}"
                for status in ("queued", "running", "retrying")
            ]
            yield kind, service, *counts, _age(of.total("interviewace_task_oldest_seconds", kind=kind))


def _outboxes(workers: Mapping[str, Figures]) -> Iterator[Row]:
    for service, of in workers.items():
        if not of.samples:
            yield service, "?", "?", "?", "?"
            continue
        counts = [
            of.total(f"interviewace_{name}")
            for name in (
                "outbox_events",
                "outbox_oldest_seconds",
                "outbox_refused",
                "consumer_dead_letters_total",
            )
        ]
        yield service, f"{counts[0]:.0f}", _age(counts[1]), f"{counts[2]:.0f}", f"{counts[3]:.0f}"


def _age(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds else "-"


def _aligned(header: Row, rows: Iterator[Row]) -> Iterator[str]:
    """Yield rows in columns as wide as what stands in them."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
