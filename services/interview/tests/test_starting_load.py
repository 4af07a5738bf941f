"""Whatever one person sends, others do not wait for it: long work is done beside the event loop."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from common.clock import utcnow
from common.contracts.resume import ResumeContent, ResumeParsed, Work
from common.db.engine import SessionMaker
from common.ids import uuid7
from interview import resumes
from interview.models import ResumeCopy
from testkit.services import Client

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]
Holding = Callable[[], AbstractAsyncContextManager[Any]]
HIGHLIGHT = "Cut the p95 latency of our search by 40% by moving it to Postgres, Kafka and Python. "
ENDLESS = ResumeContent(
    work=tuple(Work(name=f"Company {number}", highlights=(HIGHLIGHT,) * 20) for number in range(200))
)


async def test_nobody_waits_while_an_interview_is_planned_from_an_endless_resume(
    client: Client, sessions: SessionMaker, started: Start, holding: Holding
) -> None:
    event = ResumeParsed(resume_id=uuid7(), user_id=client.user_id, title="cv" * 500, background=ENDLESS)
    async with sessions.begin() as session:
        await resumes.keep(session, event)
    await started(client, questions=15)
    async with holding() as plain:
        await started(client, questions=15)
    async with holding() as held:
        interview = await started(
            client, resume_id=str(event.resume_id), questions=15, job_description="Go " * 6_000
        )
    assert "Company 0" in interview["question"]["text"]
    assert held.seconds < 2 * plain.seconds + 0.3
    async with sessions() as session:
        copy = await session.get(ResumeCopy, event.resume_id)
    assert copy is not None
    assert len(str(copy.background)) < 150_000
    assert len(copy.title) == resumes.LONGEST_TITLE


async def test_a_copy_that_an_earlier_version_kept_whole_is_asked_from_within_bounds(
    client: Client, sessions: SessionMaker, started: Start, holding: Holding
) -> None:
    copy = ResumeCopy(
        resume_id=uuid7(),
        owner_id=client.user_id,
        background=ENDLESS,
        as_of=utcnow(),
    )
    async with sessions.begin() as session:
        session.add(copy)
    await started(client)
    async with holding() as held:
        interview = await started(client, resume_id=str(copy.resume_id))
    assert "Company 0" in interview["question"]["text"]
    assert held.seconds < 0.5


@pytest.mark.parametrize(
    "text", ["㌖ ", "* ", f"a{' ' * 19_998}b", "In March I built it because of 1,000 users. "]
)
async def test_nobody_waits_while_the_longest_answer_is_judged_and_reported(
    client: Client, started: Start, given: Give, judged: Judge, holding: Holding, text: str
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], (text * 20_000)[:20_000])
    async with holding() as judging:
        await judged(answer["answer_id"])
    assert judging.seconds < 0.3
    async with holding() as reporting:
        report = await client.get(f"{ROOT}/{interview['id']}/report", headers={"Accept": "text/markdown"})
    assert report.status_code == 200
    assert len(report.text) < 200_000
    assert reporting.seconds < 0.3
