import hashlib
from uuid import uuid4

import pytest
from openapi_spec_validator import validate

from common.contracts.interview import InterviewStarted
from common.contracts.user import UserDeleted
from common.ids import uuid7
from resume.upload import checks

BASE = "/api/v1/resume"


def problem(response, status, code):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["code"] == code
    return body


# Upload


async def test_an_upload_is_taken_queued_and_announced(client, upload, events_of, service):
    response = await client.post(f"{BASE}/upload", files={"file": ("../My CV.txt", b"Robin Example")})
    assert response.status_code == 202
    body = response.json()
    assert response.headers["location"] == f"{BASE}/{body['id']}" == body["links"]["self"]
    assert (body["filename"], body["title"], body["status"]) == ("My CV.txt", "My CV", "queued")
    assert (body["media_type"], body["size"], body["interviews"]) == ("text/plain", 13, 0)
    assert await events_of(body["id"]) == ["resume.uploaded"]
    [event] = [event for event in await service.published() if str(event["subject"]) == body["id"]]
    assert event["payload"]["user_id"] == str(client.user_id)


async def test_the_task_of_an_upload_is_shown_to_its_owner_only(client, stranger, upload):
    body = await upload(client)
    task = await client.get(f"/api/v1/tasks/{body['task_id']}")
    assert (task.status_code, task.json()["kind"]) == (200, "resume.read")
    assert (await stranger.get(f"/api/v1/tasks/{body['task_id']}")).status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("cv.pdf", b"just text", "file_content_mismatch"),
        ("cv.exe", b"MZ", "unsupported_file_type"),
        ("cv.txt", b"", "empty_file"),
        ("cv.docx", b"PK\x03\x04 broken", "broken_document"),
    ],
)
async def test_a_bad_file_is_refused_and_nothing_is_kept(client, name, data, code):
    response = await client.post(f"{BASE}/upload", files={"file": (name, data)})
    problem(response, 400, code)
    assert (await client.get(BASE)).json()["items"] == []


async def test_an_encrypted_pdf_is_refused(client, encrypted_pdf):
    response = await client.post(f"{BASE}/upload", files={"file": ("cv.pdf", encrypted_pdf)})
    assert "without password" in problem(response, 400, "encrypted_file")["detail"]


@pytest.mark.parametrize("size", [checks.MAX_BYTES + 1, 6_000_000, 12_000_000])
async def test_a_file_past_the_limit_is_refused(client, size):
    response = await client.post(f"{BASE}/upload", files={"file": ("cv.txt", b"a" * size)})
    assert "5 MiB" in problem(response, 400, "file_too_large")["detail"]


async def test_an_endless_upload_is_cut_off(client):
    sent = 0

    async def endless():
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        while True:
            sent += 65_536
            yield b"a" * 65_536

    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = await client.post(f"{BASE}/upload", content=endless(), headers=headers)
    problem(response, 400, "file_too_large")
    assert sent < 3 * checks.MAX_BYTES


@pytest.mark.parametrize(
    "request_of",
    [
        {"json": {"file": "x"}},
        {"data": {"file": "a string"}},
        {"files": {"other": ("cv.txt", b"x")}},
        {"content": b"garbage", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"garbage", "headers": {"content-type": "multipart/form-data"}},
        {"files": [("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))]},
    ],
)
async def test_a_request_without_one_file_is_refused_with_what_to_send(client, request_of):
    response = await client.post(f"{BASE}/upload", **request_of)
    assert "`file`" in problem(response, 422, "missing_file")["detail"]


@pytest.mark.parametrize("kind", ["application/pdf", "multipart/form-data; boundary=x"])
async def test_a_file_sent_without_its_form_is_taken_to_its_end_before_it_is_refused(client, kind):
    sent = 0

    async def parts():
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b"a" * 65_536

    response = await client.post(f"{BASE}/upload", content=parts(), headers={"content-type": kind})
    problem(response, 422, "missing_file")
    assert sent == 64


# Who may do what


ROUTES = [
    ("POST", "/upload"),
    ("GET", ""),
    ("GET", "/{id}"),
    ("PATCH", "/{id}"),
    ("DELETE", "/{id}"),
    ("GET", "/{id}/file"),
    ("POST", "/{id}/reparse"),
    ("GET", "/{id}/events"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_wants_a_signed_in_caller(anonymous, method, path):
    response = await anonymous.request(method, BASE + path.format(id=uuid4()), json={"title": "x"})
    problem(response, 401, "not_authenticated")


async def test_no_route_is_missing_from_that_list(service):
    paths = service.api.openapi()["paths"]
    known = {(verb.upper(), path) for path in paths for verb in paths[path] if path.startswith(BASE)}
    assert known == {(method, BASE + path.replace("{id}", "{resume_id}")) for method, path in ROUTES}


async def test_the_specification_is_valid(service):
    validate(service.api.openapi())


async def test_the_specification_tells_a_file_as_bytes(service):
    responses = service.api.openapi()["paths"][BASE + "/{resume_id}/file"]["get"]["responses"]
    assert responses["200"]["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }


BY_ID = [(method, path, body) for method, path in ROUTES if "{id}" in path for body in [{"title": "x"}]]


@pytest.mark.parametrize(("method", "path", "body"), BY_ID)
async def test_somebody_elses_resume_is_not_found(client, stranger, upload, method, path, body):
    resume = await upload(client)
    sent = {"json": body} if method == "PATCH" else {}
    problem(
        await stranger.request(method, BASE + path.format(id=resume["id"]), **sent), 404, "resume_not_found"
    )
    problem(await stranger.request(method, BASE + path.format(id=uuid7()), **sent), 404, "resume_not_found")
    unchanged = (await client.get(f"{BASE}/{resume['id']}")).json()
    assert (unchanged["title"], unchanged["task_id"]) == (resume["title"], resume["task_id"])


@pytest.mark.parametrize(("method", "path", "body"), BY_ID)
async def test_a_malformed_id_is_refused(client, method, path, body):
    sent = {"json": body} if method == "PATCH" else {}
    problem(await client.request(method, BASE + path.format(id="seven"), **sent), 422, "validation_failed")


# List, show, change, download, delete


async def test_the_list_has_the_callers_own_newest_first_in_pages(client, stranger, upload):
    await upload(stranger)
    ids = [(await upload(client))["id"] for _ in range(3)]
    first = (await client.get(BASE, params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    rest = (await client.get(BASE, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([ids[0]], None)
    assert (await client.get(f"{BASE}/")).json()["items"][0]["id"] == ids[2]
    assert "profile" not in first["items"][0]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "many"}, {"cursor": "?"}])
async def test_a_malformed_page_is_refused(client, query):
    assert (await client.get(BASE, params=query)).status_code == 422


async def test_a_resume_that_waits_shows_no_profile_yet(client, upload):
    body = (await client.get(f"{BASE}/{(await upload(client))['id']}")).json()
    assert (body["status"], body["profile"], body["provenance"], body["quality"]) == (
        "queued",
        None,
        None,
        None,
    )


async def test_the_title_can_be_changed(client, upload):
    resume = await upload(client)
    response = await client.patch(f"{BASE}/{resume['id']}", json={"title": "  For Acme  "})
    assert (response.status_code, response.json()["title"], response.json()["filename"]) == (
        200,
        "For Acme",
        "robin.txt",
    )


@pytest.mark.parametrize(
    "body", [{}, {"title": " "}, {"title": "a" * 256}, {"title": "a\x00b"}, {"status": "parsed"}]
)
async def test_a_malformed_change_is_refused(client, upload, body):
    resume = await upload(client)
    problem(await client.patch(f"{BASE}/{resume['id']}", json=body), 422, "validation_failed")


async def test_the_file_comes_back_as_it_was_and_only_as_an_attachment(client, upload, sample):
    resume = await upload(client, "Zoë.pdf", sample("pdf"))
    response = await client.get(f"{BASE}/{resume['id']}/file")
    assert hashlib.sha256(response.content).digest() == hashlib.sha256(sample("pdf")).digest()
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"].startswith("attachment;")
    assert "Zo%C3%AB.pdf" in response.headers["content-disposition"]
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_deleted_resume_is_gone_with_its_file_and_announced(client, upload, events_of):
    resume = await upload(client)
    assert (await client.delete(f"{BASE}/{resume['id']}")).status_code == 204
    for path in ("", "/file"):
        problem(await client.get(f"{BASE}/{resume['id']}{path}"), 404, "resume_not_found")
    problem(await client.delete(f"{BASE}/{resume['id']}"), 404, "resume_not_found")
    assert await events_of(resume["id"]) == ["resume.uploaded", "resume.deleted"]


async def test_asking_again_for_one_that_waits_changes_nothing(client, upload):
    resume = await upload(client)
    response = await client.post(f"{BASE}/{resume['id']}/reparse")
    assert (response.status_code, response.json()["task_id"]) == (202, resume["task_id"])


# Other services' events


async def test_a_deleted_users_resumes_are_erased_and_nobody_elses(
    client, stranger, upload, services, service, events_of, eventually
):
    mine, theirs = await upload(client), await upload(stranger)

    async def erased():
        return (await client.get(BASE)).json()["items"] == []

    async with service.working():
        await services.deliver(UserDeleted(user_id=client.user_id))
        await eventually(erased)
    assert (await events_of(mine["id"]))[-1] == "resume.deleted"
    assert (await stranger.get(f"{BASE}/{theirs['id']}")).status_code == 200


async def test_interviews_are_counted_once_and_only_on_the_owners_resume(
    client, stranger, upload, services, service, eventually
):
    resume = await upload(client)
    facts = {"resume_id": resume["id"], "kind": "mixed", "level": "mid", "questions": 3}
    started = InterviewStarted(interview_id=uuid7(), user_id=client.user_id, **facts)
    foreign = InterviewStarted(interview_id=uuid7(), user_id=stranger.user_id, **facts)
    without = InterviewStarted(
        interview_id=uuid7(), user_id=client.user_id, kind="mixed", level="mid", questions=3
    )
    last = InterviewStarted(interview_id=uuid7(), user_id=client.user_id, **facts)

    async def counted():
        return (await client.get(f"{BASE}/{resume['id']}")).json()["interviews"] >= 2

    async with service.working():
        for event in (started, started, foreign, without, last):
            await services.deliver(event)
        await eventually(counted)
    assert (await client.get(f"{BASE}/{resume['id']}")).json()["interviews"] == 2
