"""The running whole: infrastructure and services from one folder, started, kept up and stopped together."""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack import forking, services
from devstack.errors import StartFailed
from devstack.infrastructure import Addresses, Infrastructure
from devstack.paths import API
from devstack.ports import Ports
from devstack.process import Process, Program, at_once
from devstack.process_guard import ProcessGuard
from devstack.spans import SpanReceiver
from devstack.supervisor import Report, Supervisor
from devstack.traces import TraceLog

INFRASTRUCTURE_PORTS = ("devstack_postgres", "devstack_redis", "devstack_kafka")
MENDING_TRIES = 30
OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Stack:
    """InterviewAce on this machine. For `make run`, the demo, and tests of the whole system.

    ```python
    async with Stack(tmp_path, ports=Ports.free(), env={"OPENAI_API_KEY": ""}) as stack:
        httpx.get(stack.gateway_url + "/ready")
        stack.kill("interview worker")  # SIGKILL to the process and all its children, at once
        await stack.until_ready("interview worker")  # it is started again by itself
    ```

    - `folder` holds data, logs, mail, keys and passwords, and belongs to one running stack at a time. Postgres and
      Redis find their data again in the next stack with the same folder.
    - `ports`: those of the environment by default; `Ports.free()` picks free ones.
    - `env`: variables for every process. They win over the wiring and over this process's own environment, which
      is passed on otherwise: a test that must reach no paid API sets OPENAI_API_KEY and GEMINI_API_KEY to "".
    - Spans are kept in `folder/traces`, unless `env` or our own environment sends them elsewhere by OTLP.
    - `infrastructure`: servers that exist already, such as containers. Then only the services are started.
    - The names to kill and wait for: `postgres`, `redis`, `kafka` (where they are ours), `auth api`, `auth worker`,
      `resume api`, `resume worker`, `interview api`, `interview worker`, `gateway`. After `kill("kafka")`,
      `until_ready("kafka")` returns when the broker was fed again from the outboxes and the workers read it.
    - `report` gets each line of progress. `plan` says what runs: another one is for this package's own tests.

    All of it needs one event loop. When this process dies, even by `kill -9`, everything it started dies too.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        env: Mapping[str, str] | None = None,
        infrastructure: Addresses | None = None,
        report: Report = lambda _: None,
        plan: Callable[[services.Site], services.Plan] = services.plan,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or Ports.from_environment()
        self._env = dict(env or {})
        self._mailbox_token = secrets.token_urlsafe(24)
        self._given_addresses = infrastructure
        self._report = report
        self._make_plan = plan
        self._plan = services.Plan()
        self._supervisor = Supervisor(report, self._mend)
        self._process_guard: ProcessGuard | None = None
        self._infrastructure: Infrastructure | None = None
        self._importer: int | None = None
        self._spans: SpanReceiver | None = None

    @property
    def gateway_url(self) -> str:
        """Where clients send their requests."""
        return f"http://127.0.0.1:{self.ports.gateway}"

    @property
    def mailbox_url(self) -> str:
        """Where the mails written in this run are listed; whoever knows it reads them."""
        return f"{self.gateway_url}{API}/auth/mailbox?token={self._mailbox_token}"

    @property
    def addresses(self) -> Addresses:
        """Where the three servers are. Raises StartFailed while nothing runs."""
        if self._given_addresses is not None:
            return self._given_addresses
        if self._infrastructure is None:
            raise StartFailed("the stack is stopped")
        return self._infrastructure.addresses

    @property
    def processes(self) -> dict[str, int | None]:
        """The pid of each process's group, None while it is down."""
        return {name: process.pid for name, process in self._supervisor.processes.items()}

    async def start(self) -> None:
        """Start everything and wait until it is ready.

        Raises PortTaken or AlreadyRunning before anything starts, StartFailed with the end of a log; nothing
        is left running then.
        """
        self._process_guard = ProcessGuard(self.folder)
        try:
            (self.folder / "stack.json").unlink(missing_ok=True)
            self.ports = self._settled_ports()
            self._receive_spans()
            addresses = self._given_addresses or await self._start_infrastructure()
            self._plan = self._make_plan(self._site(addresses))
            await self._start_services()
        except BaseException:
            await self.stop()
            raise
        late = self._processes(self._plan.late)
        self._supervisor.adopt([late])
        self._supervisor.watch()
        self._write_state()

    async def stop(self) -> None:
        """Stop everything in reverse order and give the folder up. Stopping twice is harmless."""
        await self._supervisor.stop()
        if self._infrastructure:
            await self._infrastructure.stop()
        if self._spans:
            await asyncio.to_thread(self._spans.stop)
            self._spans = None
        if self._process_guard:
            (self.folder / "stack.json").unlink(missing_ok=True)
            self._process_guard.close()
        self._process_guard = self._infrastructure = None

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all its children. It is started again by itself."""
        self._supervisor.kill(name)

    async def restart(self, name: str) -> None:
        """Stop a process cleanly, start it again, and wait until it is ready."""
        await self._supervisor.restart(name)

    async def until_ready(self, name: str, timeout: float = 60.0) -> None:
        """Wait until a process that was killed is ready again. Raises StartFailed after `timeout` seconds."""
        await self._supervisor.until_ready(name, timeout)

    def _settled_ports(self) -> Ports:
        if self._given_addresses is None:
            return self.ports.settled()
        return replace(self.ports, **dict.fromkeys(INFRASTRUCTURE_PORTS, 0)).settled()

    def _site(self, addresses: Addresses) -> services.Site:
        env = dict(self._env)
        if self._spans:
            env[OTLP_ENDPOINT] = self._spans.endpoint
        return services.Site(self.folder, self.ports, addresses, env, self._mailbox_token)

    def _receive_spans(self) -> None:
        """Keep the spans of every process, unless they are sent to somebody who asked for them."""
        if not self._env.get(OTLP_ENDPOINT, os.environ.get(OTLP_ENDPOINT)):
            self._spans = SpanReceiver(TraceLog(self.folder / "traces").add)
            self._spans.start()

    async def _start_infrastructure(self) -> Addresses:
        self._infrastructure = Infrastructure(
            self.folder,
            postgres_port=self.ports.devstack_postgres,
            redis_port=self.ports.devstack_redis,
            kafka_port=self.ports.devstack_kafka,
            process_guard=self._process_guard,
        )
        addresses = await self._infrastructure.start(self._report)
        self._supervisor.adopt([[process] for process in self._infrastructure.processes.values()])
        return addresses

    async def _start_services(self) -> None:
        """Start what needs no step right away, and the rest after the shared imports and the steps."""
        tiers = [self._processes(tier) for tier in self._plan.tiers]
        self._supervisor.adopt(tiers)
        names = [process.program.name for tier in tiers for process in tier]
        early = [name for name in names if name in self._plan.early]
        await at_once(
            self._supervisor.start(early),
            self._start_late([name for name in names if name not in early]),
        )

    async def _start_late(self, names: Sequence[str]) -> None:
        if self._plan.imports:
            self._report("services         import what they share")
            forking.prepare(self._plan.imports, services.inherited())
            self._importer = await asyncio.to_thread(forking.wait_until_prepared)
        await self._run_steps(self._plan.steps)
        self._report(f"waiting for      {', '.join(names)}")
        await self._supervisor.start(names)

    async def _run_steps(self, steps: Sequence[Sequence[Program]]) -> None:
        for step in steps:
            done = await asyncio.gather(
                *(process.run() for process in self._processes(step)), return_exceptions=True
            )
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome
            for program in step:
                self._report(f"{program.name:<16} done")

    def _processes(self, programs: Sequence[Program]) -> list[Process]:
        if self._process_guard is None:
            raise StartFailed("the stack is stopped")
        return [Process(program, self._process_guard, self.folder / "logs") for program in programs]

    async def _mend(self, name: str) -> None:
        """Bring back what a process lost with its life: only the broker loses something, its topics and log."""
        if name == "kafka":
            self._report("kafka            lost its log with its memory; feeding it again from the outboxes")
            await self._feed_broker()
            await at_once(*(self._supervisor.restart(reader) for reader in self._plan.broker_readers))
        self._write_state()

    async def _feed_broker(self) -> None:
        for tries in range(MENDING_TRIES):
            try:
                return await self._run_steps(self._plan.broker_steps)
            except StartFailed:  # Postgres may be down at the same time, and comes back
                if tries == MENDING_TRIES - 1:
                    raise
                await asyncio.sleep(1)
        return None

    def _write_state(self) -> None:
        state = {"pid": os.getpid(), "gateway_url": self.gateway_url, "ports": asdict(self.ports)}
        state |= {"processes": self.processes, "importer": self._importer}
        path = self.folder / "stack.json"
        path.with_suffix(".new").write_text(json.dumps(state, indent=2))
        path.with_suffix(".new").replace(path)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
