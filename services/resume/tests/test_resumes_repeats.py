"""An upload that is repeated with its key is taken once, and an erased person leaves nothing behind."""

from uuid import UUID

from sqlalchemy import text

from resume import resumes

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
        await resumes.erase(session, client.user_id)
    async with service.sessions() as session:
        for table in ("task", "idempotency"):
            left = await session.scalar(
                text(f"SELECT count(*) FROM {table} WHERE owner_id = :owner"), {"owner": client.user_id}
            )
            assert left == 0


async def test_a_deleted_resume_is_not_told_to_whoever_repeats_its_upload(service, client):
    first = (await put(client)).json()
    assert (await client.delete(f"/api/v1/resume/{first['id']}")).status_code == 204
    again = await put(client)
    assert (again.status_code, again.json()["code"]) == (410, "response_erased")
    assert "resume.txt" not in again.text
    assert (await client.get("/api/v1/resume")).json()["items"] == []
    events = await service.published(UUID(first["id"]))
    assert [event["ce_type"] for event in events] == ["resume.uploaded", "resume.deleted"]


async def test_an_erased_person_uploads_nothing_more(service, client):
    async with service.sessions.begin() as session:
        await resumes.erase(session, client.user_id)
    late = await put(client, key="k-2")
    assert (late.status_code, late.json()["code"]) == (410, "account_erased")
    assert (await client.get("/api/v1/resume")).json()["items"] == []
