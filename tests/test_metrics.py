"""Every process tells its metrics on a port of its own: the documented ones, no ids, and not through the gateway."""

import asyncio
import re
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest_asyncio

ROOT = Path(__file__).parents[1]
PROCESSES = ("gateway", "auth", "auth_worker", "resume", "resume_worker", "interview", "interview_worker")
OURS = re.compile(r"^# TYPE ((?:interviewace|http_server|gen_ai)_\w+) ", re.MULTILINE)
ONLY_WITH_A_MODEL = {"gen_ai_client_operation_duration_seconds", "interviewace_model_tokens_total"}


async def scrape(whole, process: str) -> str:
    port = getattr(whole.stack.ports, f"{process}_metrics")
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}/metrics")
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
    documented = set(re.findall(r"`((?:interviewace|http_server|gen_ai)_[a-z_]+)`", page)) - ONLY_WITH_A_MODEL
    names: set[str] = set()
    deadline = time.monotonic() + 30  # the worker looks every five seconds
    while documented - names and time.monotonic() < deadline:
        texts = [await scrape(used, process) for process in PROCESSES]
        names = {match for text in texts for match in OURS.findall(text)}
    assert documented - names == set()
    assert names - ONLY_WITH_A_MODEL - documented == set()
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
