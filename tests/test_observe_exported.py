"""Every metric, label and value that a dashboard or an alert asks for is one that the running processes tell."""

import asyncio
import contextlib
import importlib
import json
import os
import re
import signal
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import promql_parser as promql
import pytest
import pytest_asyncio
import yaml
from prometheus_client.parser import text_string_to_metric_families

from common.errors import DomainError
from interview.coaching import evaluation
from testkit.llm_server import FakeLLMServer

ROOT = Path(__file__).parents[1]
OBSERVE = ROOT / "deploy" / "observe"
PROMETHEUS = ROOT / ".tools" / "prometheus" / "usr" / "bin" / "prometheus"
PROCESSES = ("gateway", "auth", "auth-worker", "resume", "resume-worker", "interview", "interview-worker")
ADDED = {"job", "instance", "process"}
"""Labels that the scrape adds."""
QUIET = {"edge: Limits", "edge: Services that fail"}
"""Panels that are empty while nothing is wrong."""


@dataclass
class Exported:
    """What processes tell: each metric's labels, and each label's values."""

    labels: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def read(self, text: str) -> None:
        """Take in one process's page."""
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.labels[sample.name] |= sample.labels.keys() | ADDED
                for label, value in sample.labels.items():
                    self.values[label].add(value)

    def lacks(self, expression: str, legend: str = "") -> Iterator[str]:
        """Yield whatever the expression asks for that nobody tells."""
        selectors, grouped = parts_of(expression)
        labels: set[str] = set()
        for selector in selectors:
            if selector.name not in self.labels:
                yield f"metric {selector.name}"
            labels |= self.labels.get(selector.name, set())
            for matcher in selector.matchers.matchers:
                yield from self._lacks_label(selector.name, matcher)
        wanted = grouped | set(re.findall(r"{{(\w+)}}", legend))
        yield from (f"label {name} of {expression}" for name in sorted(wanted - labels))

    def _lacks_label(self, metric: str, matcher: promql.Matcher) -> Iterator[str]:
        if matcher.name not in self.labels.get(metric, set()):
            yield f"label {matcher.name} of {metric}"
        if matcher.name == "http_response_status_code":
            return
        # `a|b` has to be known part by part, a pattern as a whole
        wanted = [matcher.value] if "(" in matcher.value else matcher.value.split("|")
        for value in wanted:
            known = self.values[matcher.name] | {""}
            if not any(re.fullmatch(value, other) or value == other for other in known):
                yield f"value {matcher.name}={value} of {metric}"


def parts_of(expression: str) -> tuple[list[promql.VectorSelector], set[str]]:
    """Return the selectors of an expression, and the labels that it groups by."""
    selectors: list[promql.VectorSelector] = []
    grouped: set[str] = set()

    def note(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            selectors.append(node)
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            grouped.update(node.modifier.labels)

    promql.walk(promql.parse(expression), note)
    return selectors, grouped


def queries() -> Iterator[tuple[str, str, str]]:
    """Yield where each query stands, its expression and its legend."""
    for path in sorted((OBSERVE / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "1m")
                yield f"{path.stem}: {panel['title']}", expression, target["legendFormat"]
    for path in sorted((OBSERVE / "prometheus" / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield rule["alert"], rule["expr"], rule["annotations"]["summary"].replace("$labels.", "")


def codes(kind: type[DomainError] = DomainError) -> set[str]:
    """Return the codes of all problems there are."""
    return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))


@pytest_asyncio.fixture(scope="module")
async def used(run_whole, good_answer) -> AsyncIterator:
    """The whole system with a language model, after everything that can be counted has happened once."""
    with FakeLLMServer() as models:
        variables = {
            "OPENAI_BASE_URL": models.openai_base_url,
            "OPENAI_MODEL": "gpt-4o-mini",
            "LLM_RETRIES": "0",
        }
        async with run_whole(**variables) as whole, whole.person() as person:
            await person.read_resume()
            broken = (ROOT / "samples" / "jordan-rivera.pdf").read_bytes()[:2000]
            resume = (await person.upload(content=broken)).json()["id"]
            await person.until(f"/resume/{resume}", lambda body: body["status"] == "failed")
            started = await person.start(questions=2)
            await person.answer(started["id"], started["question"]["id"], good_answer)
            models.openai.fail(500)
            question = await person.next_question(started["id"])
            await person.answer(started["id"], question["id"], good_answer, wait=2)
            models.openai.restore()
            for _ in range(6):
                await person.post("/auth/login", json={"email": person.email, "password": "Wrong-horse-7"})
            await whole.kill("redis")
            await person.get("/interview")
            await whole.until_ready("redis")
            del person.headers["Authorization"]
            await person.get("/interview")
            yield whole


def port_of(whole, process: str) -> int:
    return getattr(whole.stack.ports, f"{process.replace('-', '_')}_metrics")


async def look(whole) -> Exported:
    """Read every process's metrics."""
    exported = Exported()
    exported.labels["up"] |= ADDED
    importlib.import_module("gateway.edge")  # brings in every problem that the gateway can answer with
    exported.values |= {"job": {"interviewace"}, "process": set(PROCESSES), "code": codes()}
    exported.values["engine"].add(evaluation.BUILT_IN)
    async with httpx.AsyncClient(trust_env=False) as client:
        for process in PROCESSES:
            response = await client.get(f"http://127.0.0.1:{port_of(whole, process)}/metrics")
            exported.read(response.text)
    return exported


async def test_every_metric_label_and_value_in_a_query_is_one_that_a_process_tells(used):
    lacking = {"nothing was looked at yet"}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(40):
            while lacking:  # the workers look every five seconds
                exported = await look(used)
                lacking = {
                    f"{place}: {lack}" for place, *query in queries() for lack in exported.lacks(*query)
                }
                await asyncio.sleep(0.5 if lacking else 0)
    assert lacking == set()


@pytest.mark.parametrize(
    ("expression", "lack"),
    [
        ("sum(interviewace_nothing_total)", "metric interviewace_nothing_total"),
        ("sum by (kind) (up)", "label kind of sum by (kind) (up)"),
        ('up{topic="x"}', "label topic of up"),
        ('up{process="payments"}', "value process=payments of up"),
        ('up{process=~"auth|payments"}', "value process=payments of up"),
    ],
)
async def test_what_nobody_tells_is_noticed(used, expression, lack):
    assert lack in set((await look(used)).lacks(expression))


@pytest_asyncio.fixture(scope="module")
async def prometheus(used, tmp_path_factory) -> AsyncIterator[httpx.AsyncClient]:
    """Run Prometheus with the configuration that compose gives it, on this stack's ports."""
    if not PROMETHEUS.exists():
        pytest.skip("no Prometheus was asked: there is none here (`make prometheus` fetches it)")
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((OBSERVE / "prometheus" / "prometheus.yml").read_text())
    (scrape,) = config["scrape_configs"]
    names = [target.partition(":")[0] for target in scrape["static_configs"][0]["targets"]]
    scrape["static_configs"] = [
        {"targets": [f"127.0.0.1:{port_of(used, name)}"], "labels": {"process": name}} for name in names
    ]
    del scrape["relabel_configs"]
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(OBSERVE / "prometheus" / "rules" / "*.yaml")]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder}"]
    arguments += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    server = await asyncio.create_subprocess_exec(PROMETHEUS, *arguments)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            async with asyncio.timeout(30):
                while not await is_ready(client):
                    await asyncio.sleep(0.1)
            yield client
    finally:
        server.terminate()
        await server.wait()


async def is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/-/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def answered(client: httpx.AsyncClient, expression: str) -> list[dict]:
    """Return the series that an expression gives."""
    body = (await client.get("/api/v1/query", params={"query": expression})).json()
    assert body["status"] == "success", body
    return body["data"]["result"]


async def test_a_prometheus_of_the_composes_configuration_answers_every_panel(prometheus):
    silent = {place: expression for place, expression, _ in queries() if ":" in place and place not in QUIET}
    assert len(silent) > 40
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60):
            while silent:
                silent = {
                    place: expression
                    for place, expression in silent.items()
                    if not await answered(prometheus, expression)
                }
                await asyncio.sleep(0.5 if silent else 0)
    assert silent == {}
    up = await answered(prometheus, 'up{job="interviewace"} == 1')
    assert {series["metric"]["process"] for series in up} == set(PROCESSES)


async def sounding(client: httpx.AsyncClient) -> set[tuple[str, str]]:
    """Return each alert whose expression holds, with its process."""
    groups = (await client.get("/api/v1/rules")).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 20
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
    return {(rule["name"], alert["labels"].get("process", "")) for rule in rules for alert in rule["alerts"]}


async def test_an_alert_begins_when_a_worker_is_stopped_and_ends_when_it_goes_on(used, prometheus):
    down = ("ProcessDown", "resume-worker")
    group = used.stack.processes["resume worker"]
    async with asyncio.timeout(60):
        while down in await sounding(prometheus):
            await asyncio.sleep(0.2)
        os.killpg(group, signal.SIGSTOP)
        try:
            while down not in await sounding(prometheus):
                await asyncio.sleep(0.2)
        finally:
            os.killpg(group, signal.SIGCONT)
        while down in await sounding(prometheus):
            await asyncio.sleep(0.2)
