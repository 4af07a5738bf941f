"""A person practises: the whole way through the gateway, and everything that must be refused on it."""

import asyncio
import io
import time
from uuid import uuid4

import httpx
import jwt
import pytest
from openapi_spec_validator import validate
from pypdf import PdfWriter

from devstack import traces
from devstack.demo.play import interview

API = "/api/v1"


async def test_the_demo_goes_through(whole, tmp_path, capsys):
    await interview(whole.url, tmp_path)
    output = capsys.readouterr().out
    assert "evaluated by built-in" in output
    report = next(tmp_path.glob("*.md")).read_text()
    assert "built-in" in report
    assert "“" in report or ">" in report


async def test_a_resume_leads_to_questions_about_it(person):
    resume_id = await person.read_resume()
    profile = (await person.get(f"/resume/{resume_id}")).json()["profile"]
    assert profile["basics"]["name"] == "Jordan Rivera"
    assert len(profile["work"]) == 3
    started = await person.start(resume_id=resume_id, questions=3)
    assert "résumé" in started["question"]["why_this_question"]
    counted = await person.until(f"/resume/{resume_id}", lambda body: body.get("interviews") == 1)
    assert counted["status"] == "parsed"


async def test_a_task_shows_how_reading_went(person):
    accepted = await person.upload("jordan-rivera.docx")
    assert accepted.status_code == 202
    task = await person.until(
        f"/tasks/{accepted.json()['task_id']}", lambda body: body["status"] == "succeeded"
    )
    assert task["progress"] == 1
    assert task["links"]["result"] == f"{API}/resume/{accepted.json()['id']}"


async def test_a_requests_way_can_be_printed_through_every_process_it_led_to(whole, person):
    accepted = await person.upload()
    await person.until(f"/resume/{accepted.json()['id']}", lambda body: body["status"] == "parsed")
    request_id = accepted.headers["x-request-id"]
    steps: set[tuple[str, str]] = set()
    wanted = {("gateway", "POST"), ("resume", "task"), ("resume", "outbox"), ("interview", "react")}
    async with asyncio.timeout(30):
        while not wanted <= steps:
            lines = await asyncio.to_thread(
                traces.tree, whole.stack.folder / "traces", request_id, patience=30
            )
            steps = {(words[2], words[3]) for line in lines[2:] if len(words := line.split()) > 3}
    assert lines[0].startswith("trace ")


async def test_better_answers_score_higher_and_are_quoted_word_for_word(person, good_answer):
    started = await person.start(questions=2)
    scores = []
    for text in (good_answer, "It went fine."):
        question = await person.next_question(started["id"])
        response = await person.answer(started["id"], question["id"], text)
        assert response.status_code == 200
        assert response.headers["preference-applied"].startswith("wait")
        evaluation = response.json()["evaluation"]
        assert evaluation["evaluated_by"]["engine"] == "built-in"
        assert all(
            quote["text"] in text for criterion in evaluation["criteria"] for quote in criterion["quotes"]
        )
        scores.append(evaluation["score"] or 0)
    assert scores[0] > scores[1] + 30
    report = await person.report(started["id"])
    assert report["evaluated_by"]["engine"] == "built-in"
    assert len(report["answers"]) == 2
    markdown = await person.get(f"/interview/{started['id']}/report", headers={"Accept": "text/markdown"})
    assert markdown.headers["content-type"].startswith("text/markdown")


async def test_an_erased_account_is_erased_everywhere(whole, person):
    resume_id = await person.read_resume()
    started = await person.start(resume_id=resume_id)
    me = (await person.get("/auth/me")).json()["id"]
    gone = await person.request("DELETE", "/auth/me", json={"password": "Correct-horse-7"})
    assert gone.status_code == 204
    assert (await person.get("/auth/me")).status_code == 401
    async with asyncio.timeout(30):
        while await whole.query("SELECT 1 FROM resume.resume WHERE id = $1", resume_id) or await whole.query(
            "SELECT 1 FROM interview.interview WHERE id = $1", started["id"]
        ):
            pass
    rows = await whole.query("SELECT 1 FROM interview.resume_copy WHERE user_id = $1", me)
    assert rows == []


async def test_refreshing_and_signing_out_hold_at_the_gateway_at_once(person):
    renewed = await person.post("/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]})
    assert renewed.status_code == 200
    assert (await person.post("/auth/logout")).status_code == 204
    for token in (person.tokens["access_token"], renewed.json()["access_token"]):
        response = await person.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 401
    again = await person.post("/auth/refresh", json={"refresh_token": renewed.json()["refresh_token"]})
    assert again.status_code == 401


def is_problem(response: httpx.Response, status: int, code: str | None = None) -> bool:
    """Check that an answer is a problem document that says what to do."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body = response.json()
    assert body["status"] == status
    assert len(body["detail"]) > 10
    assert body["request_id"] == response.headers["x-request-id"]
    return code is None or body["code"] == code


ROUTES = [
    ("GET", "/auth/me"),
    ("POST", "/auth/logout"),
    ("POST", "/resume/upload"),
    ("GET", "/resume"),
    ("GET", f"/resume/{uuid4()}"),
    ("DELETE", f"/resume/{uuid4()}"),
    ("GET", f"/tasks/{uuid4()}"),
    ("POST", "/interview/start"),
    ("GET", "/interview/evaluators"),
    ("POST", "/interview/questions"),
    ("PATCH", "/interview/questions/arch-cache"),
    ("DELETE", "/interview/questions/arch-cache"),
    ("GET", "/interview"),
    ("GET", f"/interview/{uuid4()}"),
    ("GET", f"/interview/{uuid4()}/next"),
    ("POST", f"/interview/{uuid4()}/answer"),
    ("POST", f"/interview/{uuid4()}/end"),
    ("GET", f"/interview/{uuid4()}/report"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_token_nothing_is_shown(whole, method, path):
    async with httpx.AsyncClient(base_url=whole.url + API) as nobody:
        assert is_problem(await nobody.request(method, path), 401)


async def test_expired_and_forged_tokens_are_refused(person):
    claims = jwt.decode(person.tokens["access_token"], options={"verify_signature": False})
    expired = jwt.encode(
        claims | {"exp": int(time.time()) - 60}, "x" * 64, "HS256", headers={"typ": "at+jwt"}
    )
    for token in (
        expired,
        person.tokens["access_token"][:-4] + "AAAA",
        "nonsense",
        person.tokens["refresh_token"],
    ):
        response = await person.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert is_problem(response, 401, "invalid_token")


async def test_other_peoples_things_are_not_there(whole, person):
    resume_id = await person.read_resume()
    started = await person.start(resume_id=resume_id)
    async with whole.person() as stranger:
        for path in (f"/resume/{resume_id}", f"/resume/{resume_id}/file", f"/interview/{started['id']}"):
            assert is_problem(await stranger.get(path), 404)
        for path in ("next", "report"):
            assert is_problem(await stranger.get(f"/interview/{started['id']}/{path}"), 404)
        assert is_problem(await stranger.answer(started["id"], started["question"]["id"], "x"), 404)
        assert is_problem(await stranger.delete(f"/resume/{resume_id}"), 404)
        assert is_problem(await stranger.post(f"/interview/{started['id']}/end"), 404)
        taken = {"job_title": "x", "resume_id": resume_id}
        assert is_problem(await stranger.post("/interview/start", json=taken), 404)
    assert (await person.get(f"/resume/{resume_id}")).status_code == 200


async def test_malformed_json_unknown_ids_and_strange_values_are_named(person):
    header = {"Content-Type": "application/json"}
    for path in ("/auth/register", "/auth/login", "/interview/start"):
        response = await person.post(path, content='{"a": ', headers=header)
        assert is_problem(response, 422, "validation_failed")
    assert is_problem(await person.get(f"/interview/{uuid4()}"), 404)
    assert is_problem(await person.get(f"/resume/{uuid4()}"), 404)
    assert is_problem(await person.get("/resume/not-an-id"), 422)
    assert is_problem(await person.post("/interview/start", json={"job_title": "x", "questions": 99}), 422)


def encrypted_pdf() -> bytes:
    writer, file = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("resume.pdf", b"%PDF-1.7 " + b"x" * 6_400_000, 413),
        ("resume.pdf", b"%PDF-1.7 " + b"x" * 6_000_000, 400),
        ("resume.pdf", b"I am only text", 400),
        ("resume.pdf", b"", 400),
        ("resume.pdf", encrypted_pdf(), 400),
        ("resume.docx", b"PK\x03\x04 broken", 400),
        ("resume.exe", b"MZ", 400),
        ("resume", b"text", 400),
    ],
    ids=[
        "over 6 MiB",
        "6 MB",
        "text called pdf",
        "empty",
        "encrypted",
        "broken docx",
        "program",
        "no extension",
    ],
)
async def test_a_file_that_can_not_be_a_resume_is_refused_with_the_reason(person, name, content, status):
    assert is_problem(await person.upload(name, content), status)
    assert (await person.get("/resume")).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "kilobytes", "status"), [("/resume/no/such/place", 1_000, 404), ("/resume/upload", 4_000, 422)]
)
async def test_who_still_sends_hears_why_it_is_refused(person, path, kilobytes, status):
    content, headers = b"x" * 1_000 * kilobytes, {"Content-Type": "application/pdf"}
    for _ in range(5):
        assert is_problem(await person.post(path, content=content, headers=headers), status)


async def test_a_question_is_answered_once_and_nothing_after_the_end(person, good_answer):
    started = await person.start(questions=2)
    question_id = started["question"]["id"]
    first = await person.answer(started["id"], question_id, good_answer)
    assert first.status_code == 200
    assert is_problem(await person.answer(started["id"], question_id, "again"), 409)
    assert is_problem(await person.answer(started["id"], str(uuid4()), "x"), 404)
    second = await person.next_question(started["id"])
    assert (await person.post(f"/interview/{started['id']}/end")).status_code == 202
    assert is_problem(await person.answer(started["id"], second["id"], "late"), 409)
    assert is_problem(await person.get(f"/interview/{started['id']}/next"), 409)
    report = await person.report(started["id"])
    assert [answer["text"] for answer in report["answers"] if answer["text"]] == [good_answer]


async def test_the_specification_is_whole_and_valid(whole):
    async with httpx.AsyncClient(base_url=whole.url) as client:
        specification = (await client.get("/openapi.json")).json()
        page = await client.get("/docs")
    validate(specification)
    paths = set(specification["paths"])
    assert {
        f"{API}/auth/register",
        f"{API}/auth/login",
        f"{API}/resume/upload",
        f"{API}/tasks/{{task_id}}",
        f"{API}/interview/start",
    } <= paths
    assert not any(path.startswith("/internal") for path in paths)
    operations = [
        operation["operationId"]
        for path in specification["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "patch", "delete", "put")
    ]
    assert len(operations) == len(set(operations))
    assert page.status_code == 200


async def test_what_is_inside_can_not_be_reached(whole, person):
    for path in (f"/internal/sessions/{uuid4()}", f"/api/v1/auth/../../internal/sessions/{uuid4()}"):
        async with httpx.AsyncClient(base_url=whole.url) as client:
            assert (await client.get(path)).status_code in (400, 404)


async def test_no_log_holds_a_secret_or_a_persons_words(whole, person, good_answer):
    resume_id = await person.read_resume()
    started = await person.start(resume_id=resume_id, questions=1)
    await person.answer(started["id"], started["question"]["id"], good_answer)
    await person.report(started["id"])
    logs = whole.logs()
    assert "request_id" in logs
    for secret in (
        "Correct-horse-7",
        person.tokens["access_token"],
        person.tokens["refresh_token"],
        "Northwind",
        "I measured where requests waited",
        person.email,
    ):
        assert secret not in logs, secret
