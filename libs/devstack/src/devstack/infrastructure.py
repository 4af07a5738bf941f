"""Postgres, Redis and a Kafka-compatible broker from wheels: no container, no root, no system package."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack import kafka_broker, passwords, ports, postgres, redis_server
from devstack.process import Process, Program, at_once
from devstack.process_guard import ProcessGuard

Report = Callable[[str], None]
"""Takes one line for a person to read."""


@dataclass(frozen=True)
class Addresses:
    """Where the three servers are. `kafka_idempotence` says whether the broker takes idempotent producers."""

    postgres_admin_url: str
    redis_url: str
    kafka_bootstrap: str
    kafka_idempotence: bool


class Infrastructure:
    """The three servers, with their data in one folder, until `stop` or the end of this process.

    `async with Infrastructure(folder) as infrastructure: infrastructure.addresses ...`, or `start` and `stop`;
    each may be its own `asyncio.run`. A port of 0 picks a free one. Postgres and Redis keep their data from
    one start to the next, the broker starts empty. `durable=False` makes Postgres faster where a crash of the
    machine may cost the data: for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        postgres_port: int = 15432,
        redis_port: int = 16379,
        kafka_port: int = 19092,
        durable: bool = True,
        process_guard: ProcessGuard | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.processes: dict[str, Process] = {}
        self._ports = {"postgres": postgres_port, "redis": redis_port, "kafka": kafka_port}
        self._durable = durable
        self._given_guard = process_guard
        self._process_guard: ProcessGuard | None = None
        self._addresses: Addresses | None = None

    @property
    def addresses(self) -> Addresses:
        """Where the servers are, once started."""
        if self._addresses is None:
            raise RuntimeError("the infrastructure has not been started")
        return self._addresses

    async def start(self, report: Report = lambda _: None) -> Addresses:
        """Start all three and wait until they answer, with one line for each.

        Raises PortTaken, AlreadyRunning (another process uses the folder) or StartFailed; nothing runs then.
        """
        self._process_guard = self._given_guard or ProcessGuard(self.folder)
        try:
            programs = await asyncio.to_thread(self._prepare, report)
            self.processes = {
                program.name: Process(program, self._process_guard, self.folder / "logs")
                for program in programs
            }
            await at_once(*(_start(process, report) for process in self.processes.values()))
        except BaseException:
            await self.stop()
            raise
        return self.addresses

    async def stop(self) -> None:
        """End all three and give the folder up. Stopping twice is harmless."""
        for process in reversed(self.processes.values()):
            await process.stop()
        if self._process_guard and self._process_guard is not self._given_guard:
            self._process_guard.close()
        self._process_guard = None

    async def restart(self, name: str) -> None:
        """Kill `postgres`, `redis` or `kafka` as a crash would, and start it again on its port."""
        self.processes[name].kill()
        await self.processes[name].start()

    def _prepare(self, report: Report) -> list[Program]:
        ports.require_free({f"devstack_{name}": port for name, port in self._ports.items()})
        settled = ports.settle(self._ports)
        secret = passwords.load_or_make(self.folder / "passwords.json", ("postgres", "redis"))
        self._addresses = Addresses(
            postgres_admin_url=postgres.admin_url(settled["postgres"], secret["postgres"]),
            redis_url=redis_server.url(settled["redis"], secret["redis"]),
            kafka_bootstrap=f"127.0.0.1:{settled['kafka']}",
            kafka_idempotence=False,
        )
        data = self.folder / "postgres"
        return [
            postgres.program(
                data, settled["postgres"], secret["postgres"], durable=self._durable, report=report
            ),
            redis_server.program(self.folder / "redis", settled["redis"], secret["redis"]),
            kafka_broker.program(self.folder, settled["kafka"]),
        ]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def _start(process: Process, report: Report) -> None:
    seconds = await process.start()
    report(f"{process.program.name:<16} ready in {seconds:.1f} s")
