from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from testkit.services import Client, ServiceUnderTest

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]


@pytest.fixture
async def finished(good: str, client: Client, started: Start, given: Give, judged: Judge) -> str:
    """The id of an interview with one good, one empty and one skipped answer, each evaluated."""
    interview = await started(client, job_title="Engineer <b>", questions=3, kind="behavioural")
    for text in (good, "", None):
        answer = await given(client, interview["id"], text)
        await judged(answer["answer_id"])
    return str(interview["id"])


async def test_the_report_tells_what_was_found(
    good: str, client: Client, service: ServiceUnderTest, finished: str
) -> None:
    response = await client.get(f"{ROOT}/{finished}/report")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    report = response.json()
    assert report["interview_id"] == finished
    assert (report["questions"], report["answered"], report["skipped"], report["scored"]) == (3, 2, 1, 2)
    assert report["evaluated_by"]["engine"] == "built-in"
    scores = [answered["evaluation"]["score"] for answered in report["answers"]]
    assert scores[1:] == [0, None]
    assert report["overall"] == round((scores[0] + 0) / 2, 1)
    assert sum(competency["answers"] for competency in report["competencies"]) == 2
    assert all(
        quote["text"] in good
        for criterion in report["answers"][0]["evaluation"]["criteria"]
        for quote in criterion["quotes"]
    )
    events = await service.published(UUID(finished))
    kinds = [event["ce_type"] for event in events]
    assert kinds.count("interview.answer_evaluated") == 3
    assert kinds[-2:] == ["interview.completed", "interview.report_ready"]
    assert events[-2]["payload"]["answered"] == 2
    assert events[-2]["payload"]["skipped"] == 1
    assert events[-1]["payload"]["overall"] == report["overall"]
    shown = (await client.get(f"{ROOT}/{finished}")).json()
    assert (shown["state"], shown["overall"]) == ("completed", report["overall"])


async def test_as_markdown_the_quotes_come_first_and_the_number_last(client: Client, finished: str) -> None:
    response = await client.get(f"{ROOT}/{finished}/report", headers={"Accept": "text/markdown"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/markdown")
    text = response.text
    assert "Evaluated by: built-in" in text
    assert "> As a result we launched on time and errors fell by 40%." in text
    assert "Skipped." in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "[today](x)" not in text
    assert text.index("> As a result") < text.index("Coverage: ") < text.index("**Overall: ")
    assert text.rstrip().splitlines()[-1].startswith("**Overall: ")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html, text/markdown;q=0.5", "text/markdown"),
        ("text/*", "text/markdown"),
        ("text/markdown;q=0.2, application/json;q=0.9", "application/json"),
        ("text/markdown;q=high, application/json", "application/json"),
    ],
)
async def test_the_form_is_the_one_the_caller_likes_best(
    client: Client, finished: str, accept: str, media_type: str
) -> None:
    response = await client.get(f"{ROOT}/{finished}/report", headers={"Accept": accept})
    assert response.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("accept", ["text/html", "application/pdf", "application/json;q=0", "nonsense"])
async def test_a_form_there_is_not_is_refused(client: Client, finished: str, accept: str) -> None:
    response = await client.get(f"{ROOT}/{finished}/report", headers={"Accept": accept})
    assert response.status_code == 406
    assert response.json()["code"] == "not_acceptable"


async def test_while_it_is_written_the_report_tells_its_progress(
    good: str, client: Client, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client, questions=2)
    url = f"{ROOT}/{interview['id']}"
    first = await given(client, interview["id"], good)
    going_on = await client.get(f"{url}/report")
    assert going_on.status_code == 409
    assert going_on.json()["progress"] == {"evaluated": 0, "total": 1}
    await given(client, interview["id"], good)
    await judged(first["answer_id"])
    completing = await client.get(f"{url}/report")
    assert completing.status_code == 409
    assert completing.headers["content-type"] == "application/problem+json"
    assert completing.headers["retry-after"] == "2"
    assert completing.json()["code"] == "report_not_ready"
    assert completing.json()["progress"] == {"evaluated": 1, "total": 2}


async def test_an_interview_ended_early_is_reported_without_what_was_not_answered(
    good: str, client: Client, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client, questions=3)
    url = f"{ROOT}/{interview['id']}"
    answer = await given(client, interview["id"], good)
    ended = await client.post(f"{url}/end")
    assert ended.status_code == 202
    assert ended.json()["state"] == "completing"
    await judged(answer["answer_id"])
    report = (await client.get(f"{url}/report")).json()
    assert (report["answered"], report["skipped"], report["questions"]) == (1, 0, 3)
    assert report["answers"][2]["answer_id"] is None
    assert "Not answered." in (await client.get(f"{url}/report", headers={"Accept": "text/markdown"})).text
    again = await client.post(f"{url}/end")
    assert (again.status_code, again.json()["state"]) == (202, "completed")


async def test_an_interview_ended_at_once_has_a_report_without_a_number(
    client: Client, service: ServiceUnderTest, started: Start
) -> None:
    interview = await started(client)
    ended = await client.post(f"{ROOT}/{interview['id']}/end")
    assert ended.json()["state"] == "completed"
    report = (await client.get(f"{ROOT}/{interview['id']}/report")).json()
    assert report["overall"] is None
    assert report["competencies"] == []
    kinds = [event["ce_type"] for event in await service.published(UUID(interview["id"]))]
    assert kinds == ["interview.started", "interview.completed", "interview.report_ready"]


async def test_as_markdown_a_quote_reads_as_it_was_typed(
    client: Client, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], "Last year I wrote __init__ of our team and 2*3*4 tests.")
    await judged(answer["answer_id"])
    report = await client.get(f"{ROOT}/{interview['id']}/report", headers={"Accept": "text/markdown"})
    assert r"> Last year I wrote \_\_init\_\_ of our team and 2\*3\*4 tests." in report.text
