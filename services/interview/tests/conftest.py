"""What the interview service's tests share: answers to try the judging on, and ways through an interview."""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from common.contracts.resume import Project, ResumeContent, ResumeParsed, Skill, Work
from common.db.engine import SessionMaker
from common.ids import uuid7
from interview import evaluations, resumes
from interview.questions import bank
from interview.questions.question import Level, Question
from llm.chain import Chain
from testkit.services import Client

ROOT = "/api/v1/interview"
CONTENT = ResumeContent(
    work=(
        Work(
            name="Acme",
            position="Engineer",
            highlights=("Cut p95 latency by 40% by moving search to Postgres",),
        ),
    ),
    skills=(Skill(name="Languages", keywords=("Python", "Go")),),
    projects=(Project(name="Birdsong", description="An app that names birds"),),
)
ENGINEER = {"job_title": "Backend engineer", "kind": "behavioural", "questions": 3}
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def samples() -> dict[str, Any]:
    """The answers of answers.toml."""
    return tomllib.loads(Path(__file__).with_name("answers.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def good(samples: dict[str, Any]) -> str:
    """A good answer to any behavioural question."""
    return str(samples["good"])


@pytest.fixture(scope="session")
def questions() -> dict[str, Question]:
    """The bank as it is judged, by id."""
    return {question.id: question.at(Level.MID) for question in bank.questions()}


@pytest.fixture(scope="session")
def content() -> ResumeContent:
    """A résumé as this service knows it."""
    return CONTENT


@pytest.fixture
def started() -> Start:
    """Start an interview as somebody, and return it."""

    async def start(client: Client, **wishes: Any) -> dict[str, Any]:
        response = await client.post(f"{ROOT}/start", json=ENGINEER | wishes)
        assert response.status_code == 201, response.text
        return dict(response.json())

    return start


@pytest.fixture
def given() -> Give:
    """Answer the current question of an interview as somebody, and return what is said to it."""

    async def give(client: Client, interview_id: str, text: str | None, **headers: str) -> dict[str, Any]:
        question = (await client.get(f"{ROOT}/{interview_id}/next")).json()
        body = {"question_id": question["id"]} | ({"skip": True} if text is None else {"text": text})
        response = await client.post(f"{ROOT}/{interview_id}/answer", json=body, headers=headers)
        assert response.status_code in (200, 202), response.text
        return dict(response.json())

    return give


@pytest.fixture
def judged(sessions: SessionMaker) -> Callable[..., Awaitable[None]]:
    """Do the task of evaluating an answer, by the rules unless a chain is given."""

    async def judge(answer_id: str, chain: Chain | None = None) -> None:
        await evaluations.evaluate(sessions, chain or Chain([]), UUID(answer_id))

    return judge


@pytest.fixture
def parsed(sessions: SessionMaker) -> Callable[..., Awaitable[UUID]]:
    """Have a résumé of somebody known, and return its id."""

    async def parse(user_id: UUID) -> UUID:
        event = ResumeParsed(resume_id=uuid7(), user_id=user_id, title="cv", background=CONTENT)
        async with sessions.begin() as session:
            await resumes.keep(session, event)
        return event.resume_id

    return parse


@dataclass
class Holding:
    """How long the event loop was held at the most by one step, in seconds of its thread's CPU time."""

    seconds: float = 0.0


@pytest.fixture
def holding() -> Callable[[], AbstractAsyncContextManager[Holding]]:
    """Measure how long others would have waited for the event loop, as `async with holding() as held`."""

    @asynccontextmanager
    async def measure() -> AsyncIterator[Holding]:
        held = Holding()

        async def step() -> None:
            while True:
                before = time.thread_time()
                await asyncio.sleep(0)
                held.seconds = max(held.seconds, time.thread_time() - before)

        stepping = asyncio.create_task(step())
        try:
            yield held
        finally:
            stepping.cancel()

    return measure
