from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from common.ids import uuid7
from interview.questions import bank
from testkit.services import Client, ServiceUnderTest

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]


async def test_an_interview_begins_with_its_first_question_and_says_why(
    client: Client, service: ServiceUnderTest, started: Start
) -> None:
    interview = await started(client, kind="behavioural", level="senior", questions=4, time_limit=1800)
    assert interview["state"] == "in_progress"
    assert interview["questions"] == 4
    assert interview["answers"] == []
    assert interview["due_at"] > interview["created_at"]
    question = interview["question"]
    assert question["number"] == 1
    assert question["kind"] == "behavioural"
    assert question["text"]
    assert question["why_this_question"]
    (event,) = await service.published(UUID(interview["id"]))
    assert event["ce_type"] == "interview.started"
    assert event["payload"]["questions"] == 4
    assert event["payload"]["user_id"] == str(client.user_id)


async def test_an_interview_from_a_resume_asks_about_it(
    client: Client, started: Start, parsed: Callable[..., Awaitable[UUID]]
) -> None:
    resume_id = await parsed(client.user_id)
    interview = await started(client, resume_id=str(resume_id), questions=1, kind="technical")
    assert interview["resume_id"] == str(resume_id)
    assert "At Acme you wrote: “Cut p95 latency by 40%" in interview["question"]["text"]


async def test_a_start_says_where_the_interview_is(client: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    for _ in range(2):
        response = await client.post(f"{ROOT}/start", json={"job_title": "Engineer"}, headers=headers)
        assert response.headers["location"] == f"{ROOT}/{response.json()['id']}"


async def test_two_interviews_of_one_person_do_not_begin_alike(client: Client, started: Start) -> None:
    texts = [(await started(client, kind="system_design", questions=1))["question"]["text"] for _ in range(4)]
    assert len(set(texts)) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"job_title": ""},
        {"job_title": "   "},
        {"job_title": "x" * 201},
        {"job_title": "with\x00null"},
        {"job_description": "x" * 20_001},
        {"kind": "astrology"},
        {"level": "guru"},
        {"questions": 0},
        {"questions": 16},
        {"language": "xx"},
        {"time_limit": 0},
        {"resume_id": "not-an-id"},
    ],
)
async def test_wishes_that_make_no_sense_are_refused(client: Client, wrong: dict[str, Any]) -> None:
    response = await client.post(f"{ROOT}/start", json={"job_title": "Engineer"} | wrong)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert next(iter(wrong)) in response.json()["detail"]
    assert (await client.get(ROOT)).json()["items"] == []


async def test_malformed_json_is_refused(client: Client) -> None:
    response = await client.post(f"{ROOT}/start", content=b"{", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["code"] == "validation_failed"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/start"),
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/evaluators"),
        ("GET", "/questions"),
        ("POST", "/questions"),
        ("GET", "/questions/arch-cache"),
        ("PATCH", "/questions/arch-cache"),
        ("DELETE", "/questions/arch-cache"),
        ("GET", f"/{uuid7()}"),
        ("DELETE", f"/{uuid7()}"),
        ("GET", f"/{uuid7()}/next"),
        ("POST", f"/{uuid7()}/answer"),
        ("POST", f"/{uuid7()}/end"),
        ("GET", f"/{uuid7()}/report"),
    ],
)
async def test_nobody_gets_in_without_signing_in(anonymous: Client, method: str, path: str) -> None:
    response = await anonymous.request(method, ROOT + path, json={} if method == "POST" else None)
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("GET", "/next", None),
        ("POST", "/answer", {"question_id": str(uuid7()), "text": "Mine now."}),
        ("POST", "/end", None),
        ("GET", "/report", None),
    ],
)
async def test_somebody_elses_interview_and_an_unknown_one_are_not_found(
    client: Client, stranger: Client, started: Start, method: str, path: str, body: dict[str, Any] | None
) -> None:
    interview = await started(stranger)
    for interview_id in (interview["id"], str(uuid7())):
        response = await client.request(method, f"{ROOT}/{interview_id}{path}", json=body)
        assert response.status_code == 404
        assert response.json()["code"] == "interview_not_found"
    assert (await stranger.get(f"{ROOT}/{interview['id']}")).json()["state"] == "in_progress"
    assert (await client.get(f"{ROOT}/not-an-id{path}" if method == "GET" else ROOT)).status_code in (
        200,
        422,
    )


async def test_history_lists_ones_own_interviews_newest_first_in_pages(
    client: Client, stranger: Client, started: Start
) -> None:
    await started(stranger)
    ids = [(await started(client))["id"] for _ in range(3)]
    first = (await client.get(ROOT, params={"limit": 2})).json()
    second = (await client.get(f"{ROOT}/", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None
    assert first["items"][0]["answered"] == 0
    assert "answers" not in first["items"][0]


async def test_an_erased_interview_is_gone(client: Client, started: Start) -> None:
    interview = await started(client)
    assert (await client.delete(f"{ROOT}/{interview['id']}")).status_code == 204
    assert (await client.get(f"{ROOT}/{interview['id']}")).status_code == 404
    assert (await client.delete(f"{ROOT}/{interview['id']}")).status_code == 404


async def test_the_bank_can_be_read(client: Client) -> None:
    items = (await client.get(f"{ROOT}/questions")).json()["items"]
    assert len(items) >= 60
    assert {"id", "version", "text", "kind", "levels", "competency", "trades"} <= items[0].keys()
    assert "main" not in items[0]


async def test_the_bank_comes_in_pages(client: Client) -> None:
    seen: list[str] = []
    asked: dict[str, str | int] = {"limit": 40}
    while asked.get("cursor", "") is not None:
        page = (await client.get(f"{ROOT}/questions", params=asked)).json()
        seen += [item["id"] for item in page["items"]]
        asked["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == len(bank.questions())
    response = await client.get(f"{ROOT}/questions", params={"cursor": "nonsense"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")
