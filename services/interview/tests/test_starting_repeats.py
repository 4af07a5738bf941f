"""A start or an answer that is repeated with its key counts once."""

import asyncio

from testkit.services import Client

ROOT = "/api/v1/interview"
WISHES = {"job_title": "Backend Engineer", "questions": 1}


async def test_a_repeated_start_gives_the_same_interview(client: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first, second = [await client.post(f"{ROOT}/start", json=WISHES, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len((await client.get(ROOT)).json()["items"]) == 1


async def test_of_two_starts_at_once_with_one_key_there_is_one_interview(client: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    responses = await asyncio.gather(
        *(client.post(f"{ROOT}/start", json=WISHES, headers=headers) for _ in range(4))
    )
    assert [response.status_code for response in responses] == [201] * 4
    assert len({response.json()["id"] for response in responses}) == 1
    assert len((await client.get(ROOT)).json()["items"]) == 1


async def test_other_wishes_under_the_same_key_are_refused(client: Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await client.post(f"{ROOT}/start", json=WISHES, headers=headers)
    other = await client.post(f"{ROOT}/start", json=WISHES | {"questions": 2}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_repeated_answer_is_the_same_answer(client: Client) -> None:
    interview = (await client.post(f"{ROOT}/start", json=WISHES)).json()
    url, headers = f"{ROOT}/{interview['id']}/answer", {"Idempotency-Key": "k-1"}
    body = {"question_id": interview["question"]["id"], "text": "I cut the scope."}
    first, second = await asyncio.gather(*(client.post(url, json=body, headers=headers) for _ in range(2)))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    other = await client.post(url, json=body | {"text": "I wrote it."}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    await client.delete(f"{ROOT}/{interview['id']}")
    assert (await client.post(url, json=body, headers=headers)).status_code == 404


async def test_a_deleted_interview_is_not_told_to_whoever_repeats_its_start(client: Client) -> None:
    headers, wishes = {"Idempotency-Key": "k-1"}, WISHES | {"job_description": "Zanzibarian payroll"}
    first = await client.post(f"{ROOT}/start", json=wishes, headers=headers)
    assert "Zanzibarian" in first.text
    assert (await client.delete(f"{ROOT}/{first.json()['id']}")).status_code == 204
    again = await client.post(f"{ROOT}/start", json=wishes, headers=headers)
    assert (again.status_code, again.json()["code"]) == (410, "response_erased")
    assert "Zanzibarian" not in again.text
