"""A service as the gateway reaches it: its address, connections of its own, and the circuit that guards them."""

import asyncio
from dataclasses import dataclass

import httpx
import structlog

from common.circuit import Circuit, State

IDLE_SECONDS = 15.0
CONNECTIONS = 512
PROBE_SECONDS = 2.0
PROBE_EVERY_SECONDS = 0.25
TRIAL_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Patience:
    """When a service counts as gone: after so many failures in a row, or when it is silent.

    A call without a response after `suspicion` seconds makes the gateway ask whether the service lives at all.
    """

    failures: int
    suspicion: float


def _transport(connections: int, idle_seconds: float) -> httpx.AsyncBaseTransport:
    """Return a connection pool without retries, redirects, cookies or proxies from the environment."""
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=idle_seconds
    )
    return httpx.AsyncHTTPTransport(limits=limits, retries=0, trust_env=False)


class Target:
    """One service.

    Args:
        name: the service's name, for logs and messages.
        base: its address, without a slash at its end.
        patience: when it counts as gone.
    """

    def __init__(self, name: str, base: str, patience: Patience) -> None:
        self.name = name
        self.base = base
        self.url = httpx.URL(base)
        self.transport = _transport(CONNECTIONS, IDLE_SECONDS)
        self.circuit = Circuit(patience.failures, trial=TRIAL_SECONDS, on_open=self._when_open)
        self.patience = patience
        # apart from the rest, so that a full pool does not look like a service that is gone
        self._probes = _transport(1, 0.0)
        self._probing: asyncio.Task[None] | None = None

    def suspect(self) -> None:
        """Ask whether the service lives, and open the circuit where it does not say so."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._examine())

    async def _examine(self) -> None:
        if not await self._lives():
            self.circuit.open()
        if self.circuit.state is State.OPEN:
            await self._wait_for_life()

    def _when_open(self) -> None:
        log.warning("circuit_open", service=self.name)
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._wait_for_life())

    async def _wait_for_life(self) -> None:
        alive = await self._lives()
        while not alive:
            await asyncio.sleep(PROBE_EVERY_SECONDS)
            alive = await self._lives()
        self.circuit.half_open()
        log.info("circuit_half_open", service=self.name)

    async def _lives(self) -> bool:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), PROBE_SECONDS)
        request = httpx.Request("GET", f"{self.base}/health", extensions={"timeout": timeouts})
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                response = await self._probes.handle_async_request(request)
                await response.aclose()
        except (httpx.HTTPError, TimeoutError):
            return False
        return response.is_success

    async def close(self) -> None:
        """Close the connections."""
        if self._probing:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        await self.transport.aclose()
        await self._probes.aclose()
