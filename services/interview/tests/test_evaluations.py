import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

import interview as package
from common.clock import utcnow
from common.db import migrations
from common.db.engine import SessionMaker
from common.ids import uuid7
from interview import evaluations, interviews
from interview.evaluations import EvaluateAnswer
from interview.models import Evaluation, Interview
from testkit.services import Client, ServiceUnderTest

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]


async def test_the_models_and_the_migrations_say_the_same(service: ServiceUnderTest) -> None:
    await asyncio.to_thread(migrations.check, service.url, migrations.folder_of(package))


async def test_evaluating_twice_or_at_once_changes_nothing(
    good: str, client: Client, service: ServiceUnderTest, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], good)
    await asyncio.gather(*(judged(answer["answer_id"]) for _ in range(4)))
    before = (await client.get(f"{ROOT}/{interview['id']}")).json()
    await judged(answer["answer_id"])
    assert (await client.get(f"{ROOT}/{interview['id']}")).json() == before
    kinds = [event["ce_type"] for event in await service.published(UUID(interview["id"]))]
    assert sorted(kinds) == sorted(set(kinds))
    assert kinds[-1] == "interview.report_ready"


async def test_answers_evaluated_at_once_complete_the_interview_once(
    good: str, client: Client, service: ServiceUnderTest, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client, questions=4)
    answers = [await given(client, interview["id"], good) for _ in range(4)]
    await asyncio.gather(*(judged(answer["answer_id"]) for answer in answers))
    kinds = [event["ce_type"] for event in await service.published(UUID(interview["id"]))]
    assert kinds.count("interview.answer_evaluated") == 4
    assert kinds.count("interview.report_ready") == 1


async def test_an_answer_erased_meanwhile_is_not_evaluated(
    good: str, client: Client, service: ServiceUnderTest, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    await client.delete(f"{ROOT}/{interview['id']}")
    await judged(answer["answer_id"])
    await judged(str(uuid7()))
    kinds = [event["ce_type"] for event in await service.published(UUID(interview["id"]))]
    assert kinds == ["interview.started"]


async def test_whoever_waits_for_an_evaluation_learns_at_once_that_the_interview_is_erased(
    good: str, client: Client, started: Start, given: Give
) -> None:
    interview = await started(client)
    waiting = asyncio.create_task(given(client, interview["id"], good, Prefer="wait=30"))
    async with asyncio.timeout(15):
        while not (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"]:
            pass
        await client.delete(f"{ROOT}/{interview['id']}")
        answer = await waiting
    assert answer["evaluation"]["status"] == "pending"


async def test_the_score_can_be_derived_again_from_what_is_stored(
    good: str, client: Client, sessions: SessionMaker, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"])
    async with sessions() as session:
        stored = await session.get(Evaluation, UUID(answer["answer_id"]))
    assert stored is not None
    assert stored.score is not None
    assert stored.content.replay() == stored.score


async def test_an_evaluation_that_fails_for_good_lets_the_interview_end(
    good: str, client: Client, sessions: SessionMaker, started: Start, given: Give
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], good)
    for answer_id in (answer["answer_id"], answer["answer_id"], uuid7()):
        async with sessions.begin() as session:
            await evaluations.give_up(session, EvaluateAnswer(answer_id=answer_id), "ValueError")
    report = (await client.get(f"{ROOT}/{interview['id']}/report")).json()
    (shown,) = report["answers"]
    assert report["overall"] is None
    assert shown["evaluation"]["status"] == "done"
    assert shown["evaluation"]["score"] is None
    assert "could not be evaluated" in shown["evaluation"]["note"]


async def test_the_worker_evaluates_and_whoever_waits_is_told(
    good: str, client: Client, service: ServiceUnderTest, started: Start, given: Give
) -> None:
    async with service.working():
        interview = await started(client, questions=2)
        first = await given(client, interview["id"], good, Prefer="respond-async, wait=25")
        assert first["evaluation"]["status"] == "done"
        assert first["evaluation"]["evaluated_by"]["engine"] == "built-in"
        second = await given(client, interview["id"], "", Prefer="wait=999")
        assert second["evaluation"]["score"] == 0
        report = await client.get(f"{ROOT}/{interview['id']}/report")
    assert report.status_code == 200


async def _was_active(sessions: SessionMaker, interview_id: str, ago: timedelta) -> None:
    async with sessions.begin() as session:
        at = utcnow() - ago
        await session.execute(
            update(Interview).where(Interview.id == UUID(interview_id)).values(active_at=at)
        )
    await interviews.abandon(sessions, UUID(interview_id))


@pytest.mark.parametrize(("hours", "state"), [(25, "abandoned"), (23, "in_progress")])
async def test_an_interview_is_given_up_after_a_day_without_an_answer(
    client: Client, sessions: SessionMaker, started: Start, hours: int, state: str
) -> None:
    interview = await started(client)
    await _was_active(sessions, interview["id"], timedelta(hours=hours))
    assert (await client.get(f"{ROOT}/{interview['id']}")).json()["state"] == state


async def test_an_abandoned_interview_takes_no_answer_but_can_be_ended_for_its_report(
    good: str, client: Client, sessions: SessionMaker, started: Start, given: Give, judged: Judge
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"])
    second = (await client.get(f"{ROOT}/{interview['id']}/next")).json()
    await _was_active(sessions, interview["id"], timedelta(hours=25))
    shown = (await client.get(f"{ROOT}/{interview['id']}")).json()
    assert (shown["state"], shown["question"]) == ("abandoned", None)
    body = {"question_id": second["id"], "text": "Late."}
    for refused in (
        await client.get(f"{ROOT}/{interview['id']}/next"),
        await client.get(f"{ROOT}/{interview['id']}/report"),
        await client.post(f"{ROOT}/{interview['id']}/answer", json=body),
    ):
        assert refused.status_code == 409
        assert "given up after a day without an answer: end it" in refused.json()["detail"]
    ended = await client.post(f"{ROOT}/{interview['id']}/end")
    assert ended.json()["state"] == "completed"
    await interviews.abandon(sessions, UUID(interview["id"]))
    await interviews.abandon(sessions, uuid7())
    assert (await client.get(f"{ROOT}/{interview['id']}/report")).status_code == 200
