"""Every process tells its metrics on a port of its own: the documented ones, no ids, and not through the gateway."""

import asyncio
import re
import time
import tomllib
from pathlib import Path
from uuid import uuid4

import httpx
import pytest_asyncio
from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PROCESSES = ("gateway", "auth", "auth_worker", "resume", "resume_worker", "interview", "interview_worker")
OURS = re.compile(r"^# TYPE ((?:interviewace|http_server|gen_ai|db_client|messaging)_\w+) ", re.MULTILINE)
NOT_TOLD_HERE = {
    *("gen_ai_client_operation_duration_seconds", "interviewace_model_tokens_total"),
    *("interviewace_model_cost_usd_total", "interviewace_redis_errors_total"),
}
"""No model was asked and Redis was there: `llm/test_costs.py`, `common/test_redis_errors.py`."""
LABELS = {"db_client_connection_state", "messaging_destination_name"}
EXEMPLAR = re.compile(
    r'^http_server_request_duration_seconds_bucket\{.*\} \S+ # \{span_id="[0-9a-f]{16}",trace_id="([0-9a-f]{32})"\} ',
    re.MULTILINE,
)


async def scrape(whole, process: str, form: str = "text/plain") -> str:
    port = getattr(whole.stack.ports, f"{process}_metrics")
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}/metrics", headers={"Accept": form})
        assert response.status_code == 200
        return response.text


def series(text: str) -> set[str]:
    return {line.rpartition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}


@pytest_asyncio.fixture(scope="module")
async def used(whole, good_answer):
    """The whole system after somebody practised and somebody did not get in."""
    async with whole.person() as person:
        await person.read_resume()
        started = await person.start(questions=1)
        question = await person.next_question(started["id"])
        await person.answer(started["id"], question["id"], good_answer)
        await person.report(started["id"])
        await person.post("/auth/login", json={"email": person.email, "password": "Wrong-horse-7"})
        await person.get("/interview/nothing")
        del person.headers["Authorization"]
        await person.get("/interview")
    return whole


async def test_every_documented_metric_is_told_and_every_one_of_ours_is_documented(used):
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = (
        set(re.findall(r"`((?:interviewace|http_server|gen_ai|db_client|messaging)_[a-z_]+)`", page))
        - LABELS
        - NOT_TOLD_HERE
    )
    names: set[str] = set()
    deadline = time.monotonic() + 30  # the worker looks every five seconds
    while documented - names and time.monotonic() < deadline:
        texts = [await scrape(used, process) for process in PROCESSES]
        names = {match for text in texts for match in OURS.findall(text)}
    assert documented - names == set()
    assert names - NOT_TOLD_HERE - documented == set()
    assert all("process_resident_memory_bytes" in text for text in texts)


async def test_what_happened_is_counted_where_it_happened(used):
    gateway, auth = await scrape(used, "gateway"), await scrape(used, "auth")
    assert "interviewace_auth_sign_ins_total{" in auth
    assert 'outcome="signed_in"' in auth
    assert 'outcome="refused"' in auth
    assert re.search(
        r'http_server_request_duration_seconds_count\{[^}]*http_route="/api/v1/interview"', gateway
    )
    assert 'outcome="parsed"' in await scrape(used, "resume_worker")
    assert re.search(
        r'interviewace_evaluation_duration_seconds_count\{[^}]*engine="built-in"',
        await scrape(used, "interview_worker"),
    )


async def test_measurements_name_the_trace_they_belong_to_where_openmetrics_is_asked_for(used):
    async with httpx.AsyncClient(base_url=used.url, trust_env=False) as client:
        for process in ("gateway", "interview"):
            trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
            parent = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
            port = getattr(used.stack.ports, process)
            await client.get(f"http://127.0.0.1:{port}/api/v1/interview", headers=parent)
            text = await scrape(used, process, "application/openmetrics-text")
            assert trace_id in EXEMPLAR.findall(text)
            assert "process_cpu_seconds" in {family.name for family in text_string_to_metric_families(text)}
            assert "trace_id" not in await scrape(used, process)


async def test_every_process_tells_what_was_built(used):
    for process in PROCESSES:
        port = getattr(used.stack.ports, process)
        async with httpx.AsyncClient(trust_env=False) as client:
            built = (await client.get(f"http://127.0.0.1:{port}/version")).json()
        assert built["name"] == process.removesuffix("_worker")
        assert built["version"] == VERSION
        commit = built["commit"] or ""
        labels = rf'commit="{commit}",.*service_name="{built["name"]}",version="{VERSION}"'
        pattern = rf"^interviewace_build_info\{{{labels}\}} 1.0$"
        assert re.search(pattern, await scrape(used, process), re.MULTILINE)


async def test_a_thousand_ids_paths_and_methods_make_no_series(used):
    processes = ("gateway", "interview")
    async with httpx.AsyncClient(base_url=used.url, trust_env=False) as client:

        async def ask(number: int) -> None:
            await client.get(f"/api/v1/interview/{uuid4()}")
            await client.get(f"/nothing/{number}")
            await client.request(f"X{number}", "/api/v1/interview")

        await ask(0)
        await client.get("/api/v1/interview", headers={"Authorization": "Bearer nothing"})
        before = {process: series(await scrape(used, process)) for process in processes}
        for start in range(1, 340, 20):
            await asyncio.gather(*(ask(number) for number in range(start, start + 20)))
        after = {process: series(await scrape(used, process)) for process in processes}
    assert {process: len(after[process] - before[process]) <= 40 for process in processes} == dict.fromkeys(
        processes, True
    )


async def test_the_gateway_forwards_no_metrics(used):
    async with httpx.AsyncClient(base_url=used.url, trust_env=False) as client:
        for path in ("/metrics", "/api/v1/auth/metrics", "/api/v1/interview/metrics"):
            response = await client.get(path)
            assert response.status_code in (401, 404, 405, 422)
            assert "process_cpu" not in response.text
