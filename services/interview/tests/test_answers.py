import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from common.ids import uuid7
from testkit.services import Client, ServiceUnderTest

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]


async def test_an_answer_is_taken_and_its_evaluation_follows(
    client: Client, service: ServiceUnderTest, started: Start, judged: Judge
) -> None:
    interview = await started(client)
    url = f"{ROOT}/{interview['id']}"
    text = "Last year my team was late. I cut the scope and we launched on time with 3 bugs."
    response = await client.post(
        f"{url}/answer", json={"question_id": interview["question"]["id"], "text": text}
    )
    assert response.status_code == 202
    assert response.json()["evaluation"]["status"] == "pending"
    assert response.json()["evaluation"]["score"] is None
    assert "Preference-Applied" not in response.headers
    assert (await client.get(f"{url}/next")).json()["number"] == 2

    await judged(response.json()["answer_id"])
    (answered,) = (await client.get(url)).json()["answers"]
    assert answered["text"] == text
    evaluation = answered["evaluation"]
    assert evaluation["status"] == "done"
    assert evaluation["evaluated_by"]["engine"] == "built-in"
    assert {"id", "name", "verdict", "points", "quotes", "reason"} <= evaluation["criteria"][0].keys()
    assert all(quote["text"] in text for criterion in evaluation["criteria"] for quote in criterion["quotes"])
    assert evaluation["star"]["action"]
    events = await service.published(UUID(interview["id"]))
    assert [event["ce_type"] for event in events] == ["interview.started", "interview.answer_evaluated"]
    assert events[1]["payload"]["answer_id"] == response.json()["answer_id"]
    assert events[1]["payload"]["engine"] == "built-in"


async def test_an_empty_answer_is_an_answer(
    client: Client, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], "")
    await judged(answer["answer_id"])
    (answered,) = (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"]
    assert answered["skipped"] is False
    assert answered["text"] == ""
    assert answered["evaluation"]["score"] == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"' + "a" * 20_001 + '"', "body.text: String should have at most 20000 characters"),
        (r'"half a pair: \ud83d"', "body.text: "),
        (r'"with\u0000null"', "null character"),
    ],
)
async def test_text_that_can_not_be_kept_is_refused_in_words(
    client: Client, started: Start, text: str, reason: str
) -> None:
    interview = await started(client)
    body = f'{{"question_id": "{interview["question"]["id"]}", "text": {text}}}'
    response = await client.post(
        f"{ROOT}/{interview['id']}/answer", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert reason in response.json()["detail"]


async def test_a_skipped_question_needs_no_evaluation(client: Client, started: Start) -> None:
    interview = await started(client)
    body = {"question_id": interview["question"]["id"], "skip": True}
    response = await client.post(f"{ROOT}/{interview['id']}/answer", json=body)
    assert response.status_code == 200
    evaluation = response.json()["evaluation"]
    assert (evaluation["status"], evaluation["score"], evaluation["skipped"]) == ("done", None, True)
    assert evaluation["evaluated_by"]["engine"] == "built-in"
    assert evaluation["note"] == "This question was skipped."


async def test_a_question_is_answered_once(client: Client, started: Start, given: Give) -> None:
    interview = await started(client)
    await given(client, interview["id"], "The first answer.")
    body = {"question_id": interview["question"]["id"], "text": "A better one."}
    again = await client.post(f"{ROOT}/{interview['id']}/answer", json=body)
    assert again.status_code == 409
    assert again.json()["code"] == "question_already_answered"
    (answered,) = (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"]
    assert answered["text"] == "The first answer."


async def test_of_answers_given_at_once_exactly_one_counts(client: Client, started: Start) -> None:
    interview = await started(client)
    body = {"question_id": interview["question"]["id"], "text": "Mine."}
    responses = await asyncio.gather(
        *(client.post(f"{ROOT}/{interview['id']}/answer", json=body) for _ in range(8))
    )
    assert Counter(response.status_code for response in responses) == {202: 1, 409: 7}


async def test_an_answer_after_the_end_is_refused(client: Client, started: Start) -> None:
    interview = await started(client)
    assert (await client.post(f"{ROOT}/{interview['id']}/end")).status_code == 202
    body = {"question_id": interview["question"]["id"], "text": "Too late."}
    response = await client.post(f"{ROOT}/{interview['id']}/answer", json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "interview_already_ended"
    following = await client.get(f"{ROOT}/{interview['id']}/next")
    assert following.status_code == 409
    assert following.json()["code"] == "interview_already_ended"


async def test_after_the_last_answer_there_is_no_next_question(
    client: Client, started: Start, given: Give
) -> None:
    interview = await started(client, questions=1)
    await given(client, interview["id"], "The only answer.")
    assert (await client.get(f"{ROOT}/{interview['id']}/next")).status_code == 409
    assert (await client.get(f"{ROOT}/{interview['id']}")).json()["state"] == "completing"


async def test_a_question_of_another_interview_is_not_found(client: Client, started: Start) -> None:
    interview, other = await started(client), await started(client)
    for question_id in (other["question"]["id"], str(uuid7())):
        response = await client.post(
            f"{ROOT}/{interview['id']}/answer", json={"question_id": question_id, "text": "Hm."}
        )
        assert response.status_code == 404
        assert response.json()["code"] == "question_not_found"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "x" * 20_001},
        {"text": "a\x00b"},
        {"text": None},
        {},
        {"text": "both", "skip": True},
        {"question_id": "1", "text": "x"},
        {"text": 5},
    ],
)
async def test_an_answer_that_makes_no_sense_is_refused(
    client: Client, started: Start, wrong: dict[str, Any]
) -> None:
    interview = await started(client)
    body = {"question_id": interview["question"]["id"]} | wrong
    response = await client.post(f"{ROOT}/{interview['id']}/answer", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "validation_failed"
    assert (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"] == []


async def test_the_longest_answer_is_taken(
    client: Client, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], "é" * 20_000)
    await judged(answer["answer_id"])
    assert (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"][0]["evaluation"][
        "status"
    ] == "done"


async def test_a_wait_that_runs_out_leaves_the_evaluation_pending(client: Client, started: Start) -> None:
    interview = await started(client)
    body = {"question_id": interview["question"]["id"], "text": "Nobody works on it."}
    response = await client.post(f"{ROOT}/{interview['id']}/answer", json=body, headers={"Prefer": "wait=1"})
    assert response.status_code == 202
    assert response.headers["Preference-Applied"] == "wait=1"
    assert response.json()["evaluation"]["status"] == "pending"
