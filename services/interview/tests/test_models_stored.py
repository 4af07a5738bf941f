"""What versions before have stored is read as before: evaluations without a kind, copies that hold more."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from common.db.engine import SessionMaker
from testkit.services import Client

ROOT = "/api/v1/interview"
Call = Callable[..., Awaitable[Any]]
BY = {"engine": "built-in", "model": None, "prompt_hash": None, "rubric_hash": None, "runs": 0}
SKIPPED = {"skipped": True, "note": "This question was skipped.", "evaluated_by": BY}
FAILED = {"note": "This answer could not be evaluated.", "settled_by_code": True, "evaluated_by": BY}


async def _stored(sessions: SessionMaker, answer_id: str) -> dict[str, Any]:
    async with sessions() as session:
        query = text("SELECT content FROM evaluation WHERE answer_id = :id")
        content: dict[str, Any] = await session.scalar(query, {"id": UUID(answer_id)})
        return content


async def _store(sessions: SessionMaker, answer_id: str, content: dict[str, Any]) -> None:
    async with sessions.begin() as session:
        change = text("UPDATE evaluation SET content = CAST(:content AS jsonb) WHERE answer_id = :id")
        await session.execute(change, {"id": UUID(answer_id), "content": json.dumps(content)})


async def test_a_judged_answer_without_a_kind_is_shown_and_reported_as_before(
    good: str,
    client: Client,
    sessions: SessionMaker,
    started: Call,
    given: Call,
    judged: Call,
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"])
    report = (await client.get(f"{ROOT}/{interview['id']}/report")).json()
    content = await _stored(sessions, answer["answer_id"])
    assert content.pop("kind") == "scored"
    await _store(sessions, answer["answer_id"], content)
    assert (await client.get(f"{ROOT}/{interview['id']}/report")).json() == report
    assert report["evaluated_by"]["runs"] == 1


@pytest.mark.parametrize(("content", "skipped"), [(SKIPPED, True), (FAILED, False)])
async def test_what_nobody_judged_is_told_from_what_was_skipped(
    good: str,
    client: Client,
    sessions: SessionMaker,
    started: Call,
    given: Call,
    judged: Call,
    content: dict[str, Any],
    skipped: bool,
) -> None:
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"])
    await _store(sessions, answer["answer_id"], content)
    report = (await client.get(f"{ROOT}/{interview['id']}/report")).json()
    evaluation = report["answers"][0]["evaluation"]
    assert (evaluation["skipped"], evaluation["note"]) == (skipped, content["note"])
    assert report["engines"] == []
