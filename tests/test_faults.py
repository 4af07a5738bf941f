"""Every process and every server is killed in the middle of an interview, and the interview comes to its report."""

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from common.contracts import revocation

PROCESSES = [
    "gateway",
    "auth api",
    "auth worker",
    "resume api",
    "resume worker",
    "interview api",
    "interview worker",
    "kafka",
    "redis",
    "postgres",
]


async def insist(person, interview_id, question_id, text):
    """Answer as a person would whose connection broke: try again until the answer counts."""
    async with asyncio.timeout(90):
        while True:
            try:
                response = await person.answer(interview_id, question_id, text, wait=0)
                if response.status_code in (200, 202):
                    return
                if response.status_code == 409:  # it had arrived, only the response was lost
                    assert "answered" in response.json()["code"], response.text
                    return
                assert response.status_code in (502, 503, 504), response.text
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("victim", PROCESSES)
async def test_an_interview_survives_a_kill(whole, person, good_answer, victim):
    resume_id = await person.read_resume()
    started = await person.start(resume_id=resume_id, questions=3)
    question = await person.next_question(started["id"])
    await insist(person, started["id"], question["id"], good_answer)
    await whole.kill(victim)
    for text in ("It went fine.", good_answer):
        question = await person.next_question(started["id"])
        await insist(person, started["id"], question["id"], text)
    await whole.until_ready(victim)
    report = await person.report(started["id"])
    assert [answer["text"] for answer in report["answers"]] == [good_answer, "It went fine.", good_answer]
    assert {answer["evaluation"]["status"] for answer in report["answers"]} == {"done"}
    events = await whole.query(
        "SELECT ce_type, count(*) AS times FROM interview.outbox WHERE payload::jsonb ->> 'interview_id' = $1"
        " GROUP BY ce_type",
        started["id"],
    )
    times = {row["ce_type"]: row["times"] for row in events}
    assert times["interview.answer_evaluated"] == 3
    assert times["interview.completed"] == times["interview.report_ready"] == 1
    counted = await person.until(f"/resume/{resume_id}", lambda body: body["interviews"] >= 1)
    assert counted["interviews"] == 1


async def test_an_upload_that_is_being_read_when_everything_dies_is_read_all_the_same(whole, person):
    accepted = (await person.upload("jordan-rivera.docx")).json()
    for victim in ("resume worker", "resume api", "gateway"):
        await whole.kill(victim)
    read = await person.until(f"/resume/{accepted['id']}", lambda body: body["status"] == "parsed")
    assert read["profile"]["basics"]["name"] == "Jordan Rivera"
    rows = await whole.query(
        "SELECT count(*) AS times FROM resume.outbox WHERE ce_type = 'resume.parsed' AND subject = $1",
        accepted["id"],
    )
    assert rows[0]["times"] == 1


async def test_revoked_tokens_stay_refused_after_redis_died(whole, person):
    assert (await person.post("/auth/logout")).status_code == 204
    await whole.kill("redis")
    async with asyncio.timeout(60):
        while True:
            response = await person.get("/auth/me")
            assert response.status_code in (401, 503), response.text
            if response.status_code == 401:
                break
    await whole.until_ready("redis")
    assert (await person.get("/auth/me")).status_code == 401


@pytest.mark.parametrize("loss", ["flushed", "deleted"])
async def test_revoked_tokens_stay_refused_after_redis_was_emptied(whole, person, loss):
    assert (await person.post("/auth/logout")).status_code == 204
    async with Redis.from_url(whole.stack.addresses.redis_url) as redis:
        await (redis.flushall() if loss == "flushed" else redis.delete(revocation.KEY))
        async with asyncio.timeout(10):  # what auth said of the session is remembered for a second
            while (await person.get("/auth/me")).status_code == 200:
                pass
        for _ in range(20):  # 503 where neither Redis nor auth answered in time
            assert (await person.get("/auth/me")).status_code in (401, 503)
        async with asyncio.timeout(20):
            while await redis.zcard(revocation.KEY) < 2:
                await asyncio.sleep(0.05)
        assert (await person.get("/auth/me")).status_code == 401


@pytest.mark.parametrize("service", ["auth", "resume", "interview"])
async def test_a_service_reached_directly_refuses_a_revoked_token_too(whole, person, service):
    port = getattr(whole.stack.ports, service)
    path = {"auth": "/auth/me", "resume": "/resume", "interview": "/interview"}[service]
    url = f"http://127.0.0.1:{port}/api/v1{path}"
    assert (await person.get(url)).status_code == 200
    assert (await person.post("/auth/logout")).status_code == 204
    response = await person.get(url)
    assert response.status_code == 401, response.text + whole.logs()[-3000:]
