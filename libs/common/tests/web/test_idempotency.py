"""A creating request that is repeated with its key creates once."""

import asyncio

from sqlalchemy import text


def key(word):
    return {"Idempotency-Key": word}


async def test_the_same_key_and_body_give_the_first_answer_again(sample, client):
    first = await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    second = await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert await sample.notes(client.user_id) == ["one"]


async def test_another_body_under_the_same_key_is_refused(sample, client):
    await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    other = await client.post("/notes-once", json={"text": "two"}, headers=key("a"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await sample.notes(client.user_id) == ["one"]


async def test_without_a_key_and_with_another_each_request_creates(sample, client):
    for headers in ({}, {}, key("a"), key("b")):
        assert (await client.post("/notes-once", json={"text": "x"}, headers=headers)).status_code == 201
    assert await sample.notes(client.user_id) == ["x"] * 4


async def test_keys_of_different_people_do_not_meet(sample, client):
    mine = await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    async with sample.client() as stranger:
        theirs = await stranger.post("/notes-once", json={"text": "two"}, headers=key("a"))
    assert theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]


async def test_many_at_once_create_one(sample, client):
    responses = await asyncio.gather(
        *(client.post("/notes-once", json={"text": "one"}, headers=key("a")) for _ in range(20))
    )
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["id"] for response in responses}) == 1
    assert await sample.notes(client.user_id) == ["one"]


async def test_a_failure_keeps_nothing(sample, client):
    for _ in range(2):
        assert (
            await client.post("/notes-once", json={"text": "refused"}, headers=key("a"))
        ).status_code == 409
    assert await sample.notes(client.user_id) == []


async def test_after_a_day_the_key_is_free_again(sample, client):
    first = await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    async with sample.sessions.begin() as session:
        await session.execute(
            text("UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE owner_id = :owner"),
            {"owner": client.user_id},
        )
    again = await client.post("/notes-once", json={"text": "one"}, headers=key("a"))
    assert again.json()["id"] != first.json()["id"]


async def test_an_empty_or_endless_key_is_refused(client):
    for word in ("", "x" * 256):
        response = await client.post("/notes-once", json={"text": "one"}, headers=key(word))
        assert response.status_code == 422
