"""Keeps processes running: starts them, starts again what dies, and ends them in reverse order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from devstack.errors import DevstackError, StartFailed
from devstack.process import Process, at_once

LOOK = 0.1
"""Seconds between two looks at whether a process lives."""
QUICK = 10.0
"""A process that lived shorter than this many seconds died quickly."""
LONGEST_DELAY = 15.0

Report = Callable[[str], None]


class Supervisor:
    """Supervises tiers of processes; a tier is started, and stopped, at once.

    `mend(name)` is awaited after a process came back by itself and before it counts as ready again.
    """

    def __init__(self, report: Report, mend: Callable[[str], Awaitable[None]]) -> None:
        self.processes: dict[str, Process] = {}
        self._tiers: list[list[Process]] = []
        self._report = report
        self._mend = mend
        self._ready: set[str] = set()
        self._stopping: set[str] = set()
        self._expected: set[str] = set()
        self._restarts: list[asyncio.Task[None]] = []

    async def start(self, names: Sequence[str]) -> None:
        """Start processes at once, with one line for each that is ready. Raises StartFailed."""
        await at_once(*(self._start(self._named(name)) for name in names))

    def adopt(self, tiers: Sequence[Sequence[Process]]) -> None:
        """Take charge of processes; they may run already, and then count as ready."""
        for tier in tiers:
            self._tiers.append(list(tier))
            for process in tier:
                self.processes[process.program.name] = process
                if process.is_alive:
                    self._ready.add(process.program.name)

    def watch(self) -> None:
        """From now on, start what does not run yet, without end, and start again what dies."""
        self._expected |= {name for name, process in self.processes.items() if not process.started_at}
        self._restarts = [asyncio.create_task(self._restart(process)) for process in self.processes.values()]

    async def stop(self) -> None:
        """Stop watching, then end the tiers in reverse order."""
        for restart in self._restarts:
            restart.cancel()
        await asyncio.gather(*self._restarts, return_exceptions=True)
        self._restarts = []
        for tier in reversed(self._tiers):
            await asyncio.gather(*(process.stop() for process in tier))
        self._ready.clear()

    def kill(self, name: str) -> None:
        """SIGKILL to the whole group; it does not count as ready until it came back."""
        process = self._named(name)
        self._ready.discard(name)
        process.kill()

    async def restart(self, name: str) -> None:
        """Stop it cleanly and wait until it is ready again."""
        process = self._named(name)
        self._ready.discard(name)
        self._stopping.add(name)
        try:
            await process.stop()
        finally:
            self._stopping.discard(name)
            self._expected.add(name)
        await self.until_ready(name)

    async def until_ready(self, name: str, timeout: float = 60.0) -> None:
        """Wait until a process is ready. Raises StartFailed after `timeout` seconds."""
        self._named(name)
        for _ in range(int(timeout / LOOK)):
            if name in self._ready:
                return
            await asyncio.sleep(LOOK)
        raise StartFailed(f"{name} was not ready again after {timeout:.0f} s")

    def _named(self, name: str) -> Process:
        try:
            return self.processes[name]
        except KeyError:
            raise DevstackError(
                f"no process is called {name!r}; there are {', '.join(self.processes)}"
            ) from None

    async def _start(self, process: Process) -> None:
        seconds = await process.start()
        self._ready.add(process.program.name)
        self._report(f"{process.program.name:<16} ready in {seconds:.1f} s")

    async def _restart(self, process: Process) -> None:
        name, quick_deaths = process.program.name, 0
        while True:
            if process.is_alive or name in self._stopping:
                await asyncio.sleep(LOOK)
                continue
            self._ready.discard(name)
            quick_deaths = quick_deaths + 1 if time.monotonic() - process.started_at < QUICK else 0
            if name in self._expected:
                self._expected.discard(name)
            else:
                await self._after_death(process, quick_deaths)
            await self._start_again(process)

    async def _after_death(self, process: Process, quick_deaths: int) -> None:
        delay = min(0.25 * 2**quick_deaths, LONGEST_DELAY) if quick_deaths else 0.0
        when = f" in {delay:.1f} s" if delay else ""
        self._report(
            f"{process.program.name:<16} died (exit code {process.exit_code}); starting it again{when}"
        )
        process.kill()
        await asyncio.sleep(delay)

    async def _start_again(self, process: Process) -> None:
        name, again = process.program.name, " again" if process.started_at else ""
        try:
            seconds = await process.start()
        except (StartFailed, OSError) as failed:
            self._report(str(failed).splitlines()[0])
            process.kill()
            return
        try:
            await self._mend(name)
        except (StartFailed, OSError) as failed:
            self._report(str(failed))
        if process.is_alive:
            self._ready.add(name)
            self._report(f"{name:<16} ready{again} in {seconds:.1f} s")
