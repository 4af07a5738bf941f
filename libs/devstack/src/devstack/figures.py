"""What the processes of a running stack tell of themselves: their `/ready` and their metrics."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

ASK_SECONDS = 3.0
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """One process's state in words, and its gauges and counters by name."""

    state: str = "does not answer"
    samples: Mapping[str, list[tuple[Labels, float]]] = field(default_factory=dict)

    def of(self, name: str, **labels: str) -> list[tuple[Labels, float]]:
        """Return what a metric was measured as, wherever it has these labels."""
        return [sample for sample in self.samples.get(name, []) if labels.items() <= sample[0].items()]

    def total(self, name: str, **labels: str) -> float:
        """Return a metric's sum over whatever has these labels; 0 where there is nothing."""
        return sum(value for _, value in self.of(name, **labels))


async def gather(ports: Mapping[str, int]) -> dict[str, Figures]:
    """Ask all processes at once that have a port for metrics, by the name of their port."""
    names = [name for name in ports if f"{name}_metrics" in ports]
    async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client:
        figures = await asyncio.gather(
            *(_ask(client, ports[name], ports[f"{name}_metrics"]) for name in names)
        )
    return dict(zip(names, figures, strict=True))


async def _ask(client: httpx.AsyncClient, port: int, metrics_port: int) -> Figures:
    state, samples = await asyncio.gather(_state(client, port), _samples(client, metrics_port))
    return Figures(state, samples)


async def _state(client: httpx.AsyncClient, port: int) -> str:
    try:
        document = (await client.get(f"http://127.0.0.1:{port}/ready")).json()
    except (httpx.HTTPError, ValueError):
        return Figures.state
    return str(document["status"]) + "".join(f", {problem}" for problem in _problems(document))


def _problems(document: Mapping[str, Mapping[str, object]]) -> list[str]:
    failed = [f"{name}: {outcome}" for name, outcome in document["checks"].items() if outcome != "ok"]
    for kind in ("services", "workers"):
        for name, part in document.get(kind, {}).items():
            if isinstance(part, dict) and not part["ready"]:
                failed.append(f"{name} {kind.rstrip('s')}")
    return failed


async def _samples(client: httpx.AsyncClient, port: int) -> dict[str, list[tuple[Labels, float]]]:
    try:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).raise_for_status().text
    except httpx.HTTPError:
        return {}
    samples: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(text):
        if family.type in ("gauge", "counter"):
            for sample in family.samples:
                samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return samples
