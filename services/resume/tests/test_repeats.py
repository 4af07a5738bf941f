"""An upload that is repeated with its key is taken once, and an erased person leaves nothing behind."""

from sqlalchemy import text

from resume import library

TEXT = b"Jordan Rivera\njordan@example.com\n\nSkills\nPython, Kafka"


async def put(client, content=TEXT, key="k-1"):
    files = {"file": ("resume.txt", content)}
    return await client.post("/api/v1/resume/upload", files=files, headers={"Idempotency-Key": key})


async def test_a_repeated_upload_is_taken_once(client):
    first, second = await put(client), await put(client)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]
    assert len((await client.get("/api/v1/resume")).json()["items"]) == 1


async def test_another_file_under_the_same_key_is_refused(client):
    await put(client)
    other = await put(client, TEXT + b", Redis")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_an_erased_person_leaves_neither_tasks_nor_kept_answers(service, client):
    await put(client)
    async with service.sessions.begin() as session:
        await library.erase(session, client.user_id)
    async with service.sessions() as session:
        for table in ("task", "idempotency"):
            left = await session.scalar(
                text(f"SELECT count(*) FROM {table} WHERE owner_id = :owner"), {"owner": client.user_id}
            )
            assert left == 0
