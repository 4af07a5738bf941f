"""What metrics cost a request: CPU seconds of gateway and auth with a metrics port and without, in turn, in one run."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from devstack import services
from devstack.ports import Ports
from devstack.stack import Stack

ROUNDS = 12
REQUESTS = 250
RECORDINGS = 20_000
MEASURED = ("gateway", "auth api")
ACCOUNT = {"email": "bench@example.com", "password": "Correct-horse-7"}
NO_LIMIT = dict.fromkeys(("LIMIT_CREDENTIALS", "LIMIT_GENERAL_USER", "LIMIT_GENERAL_ADDRESS"), "1000000/60")


def without_metrics(site: services.Site) -> services.Plan:
    """Return the plan of a stack whose processes have no port for metrics."""
    plan = services.plan(site)
    tiers = [
        [
            replace(
                program, env={name: value for name, value in program.env.items() if name != "METRICS_PORT"}
            )
            for program in tier
        ]
        for tier in plan.tiers
    ]
    return replace(plan, tiers=tiers)


@dataclass
class Side:
    """A stack and somebody signed in at its gateway."""

    stack: Stack
    client: httpx.AsyncClient

    def seconds(self) -> list[float]:
        """Return the CPU seconds that each measured process has taken so far, its children included."""
        return [_seconds(self.stack.processes[name]) for name in MEASURED]

    async def cost(self) -> list[float]:
        """Return the CPU milliseconds that a request costs each measured process."""
        before = self.seconds()
        for _ in range(REQUESTS):
            (await self.client.get("/api/v1/auth/me")).raise_for_status()
        spent = zip(before, self.seconds(), strict=True)
        return [(after - earlier) * 1000 / REQUESTS for earlier, after in spent]


def _seconds(pid: int | None) -> float:
    leader = psutil.Process(pid)
    times = [process.cpu_times() for process in (leader, *leader.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


@asynccontextmanager
async def side(plan: Callable[[services.Site], services.Plan]) -> AsyncIterator[Side]:
    """Run a stack with that plan and sign somebody in."""
    async with AsyncExitStack() as resources:
        folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="interviewace-"))
        stack = await resources.enter_async_context(
            Stack(Path(folder), ports=Ports.free(), env=NO_LIMIT, plan=plan)
        )
        client = httpx.AsyncClient(base_url=stack.gateway_url, timeout=30, trust_env=False)
        await resources.enter_async_context(client)
        await client.post("/api/v1/auth/register", json=ACCOUNT | {"full_name": "Bench"})
        response = await client.post("/api/v1/auth/login", json=ACCOUNT)
        client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
        yield Side(stack, client)


def recording(meter: Meter) -> float:
    """Return the CPU microseconds of what the gateway measures of one request, inside a span as there."""
    active = meter.create_up_down_counter("http.server.active_requests")
    duration = meter.create_histogram("http.server.request.duration", unit="s")
    labels = {"http.request.method": "GET", "http.route": "/api/v1/auth", "http.response.status_code": 200}
    with TracerProvider().get_tracer("bench").start_as_current_span("GET"):
        began = time.process_time()
        for _ in range(RECORDINGS):
            active.add(1)
            active.add(-1)
            duration.record(0.003, labels)
        return (time.process_time() - began) * 1e6 / RECORDINGS


async def main() -> None:
    """Start both stacks, measure in turn, print the table."""
    async with AsyncExitStack() as stack:
        with_port = await stack.enter_async_context(side(services.plan))
        without = await stack.enter_async_context(side(without_metrics))
        for warmed in (with_port, without):  # the first requests open connections
            await warmed.cost()
        pairs = [(await with_port.cost(), await without.cost()) for _ in range(ROUNDS)]
    print("| process | CPU ms a request without metrics | with | ratio |\n| --- | --- | --- | --- |")
    for index, name in enumerate(MEASURED):
        on = [measured[index] for measured, _ in pairs]
        off = [plain[index] for _, plain in pairs]
        ratio = statistics.median(a / b for a, b in zip(on, off, strict=True))
        print(f"| {name} | {statistics.median(off):.2f} | {statistics.median(on):.2f} | {ratio:.2f} |")
    measured_us = recording(MeterProvider([InMemoryMetricReader()]).get_meter("bench"))
    print(
        f"| what the gateway measures of a request, alone | {recording(NoOpMeter('bench')) / 1000:.3f} |",
        end="",
    )
    print(f" {measured_us / 1000:.3f} | |")
    print(f"\nratios are medians of {ROUNDS} pairs of {REQUESTS} requests")


if __name__ == "__main__":
    asyncio.run(main())
