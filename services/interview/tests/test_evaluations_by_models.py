import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from common.db.engine import SessionMaker
from common.tasks.queue import Retry
from common.worker.app import create_worker
from interview import evaluations, reactions, tasks
from interview.models import Evaluation
from llm import settings as llm
from llm.chain import Chain
from llm.settings import LLMSettings
from testkit.llm_server import FakeLLMServer, asked_text
from testkit.services import Client, ServiceUnderTest

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]
Eventually = Callable[..., Awaitable[Any]]


def generous(body: dict[str, Any]) -> dict[str, Any]:
    """Find everything that was asked for in the first sentence."""
    document = json.loads(asked_text(body).split("\n", 1)[1].rsplit("\n", 1)[0])
    return {
        "criteria": {
            criterion["id"]: {
                "reason": "Shown.",
                "sentences": [1],
                "verdict": "MET" if criterion["scale"] == "binary" else "3",
            }
            for criterion in document["criteria"]
        },
        "story": {},
        "summary": "You said what you did.",
        "advice": [],
        "rewrite": "",
    }


@pytest.fixture
def models() -> Iterator[FakeLLMServer]:
    with FakeLLMServer() as server:
        server.openai.answer(generous)
        server.gemini.answer(generous)
        yield server


@pytest.fixture
async def chain(models: FakeLLMServer) -> AsyncIterator[Chain]:
    """Both providers' real SDKs, aimed at the test's server."""
    settings = LLMSettings(
        openai_base_url=models.openai_base_url,
        gemini_base_url=models.gemini_base_url,
        gemini_api_key="test",
        llm_timeout=5,
        llm_deadline=10,
        llm_retries=0,
    )
    made = llm.chain(settings)
    yield made
    await made.close()


async def test_null_characters_a_model_writes_are_left_out(
    good: str, client: Client, started: Start, given: Give, judged: Judge, chain: Chain, models: FakeLLMServer
) -> None:
    def stray(body: dict[str, Any]) -> dict[str, Any]:
        judgement = generous(body)
        for judged in judgement["criteria"].values():
            judged["reason"] = "Shown at caf\x00."
        judgement["criteria"]["tone"] |= {"sentences": [], "verdict": "UNMET"}
        return judgement | {"advice": [{"criterion": "tone", "text": "Name\x00 it in your own words."}]}

    models.openai.answer(stray)
    interview = await started(client, questions=1)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"], chain)
    (shown,) = (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"]
    assert shown["evaluation"]["evaluated_by"]["engine"] == "openai"
    assert shown["evaluation"]["improvements"][0] == "Name it in your own words."
    assert {criterion["reason"] for criterion in shown["evaluation"]["criteria"]} >= {"Shown at caf ."}


async def test_the_report_names_the_model_that_evaluated(
    good: str, client: Client, started: Start, given: Give, judged: Judge, chain: Chain, models: FakeLLMServer
) -> None:
    interview = await started(client, questions=3, kind="behavioural")
    for text in (good, "I help where I am needed.", ""):
        answer = await given(client, interview["id"], text)
        await judged(answer["answer_id"], chain)
    url = f"{ROOT}/{interview['id']}/report"
    report = (await client.get(url)).json()
    assert report["evaluated_by"]["engine"] == "openai"
    assert report["evaluated_by"]["input_tokens"] > 0
    strong, weak, empty = (answered["evaluation"] for answered in report["answers"])
    assert strong["evaluated_by"]["engine"] == "openai"
    assert strong["score"] > (weak["score"] or 0) >= (empty["score"] or 0)
    tone = next(criterion for criterion in strong["criteria"] if criterion["id"] == "tone")
    assert tone["verdict"] == "MET"
    assert "Evaluated by: openai (" in (await client.get(url, headers={"Accept": "text/markdown"})).text
    assert len(models.calls_of("openai")) == 2


async def test_when_the_first_model_fails_the_second_serves_and_both_are_named(
    good: str, client: Client, started: Start, given: Give, judged: Judge, chain: Chain, models: FakeLLMServer
) -> None:
    interview = await started(client, questions=2)
    first = await given(client, interview["id"], good)
    await judged(first["answer_id"], chain)
    models.openai.fail(500)
    second = await given(client, interview["id"], good)
    await judged(second["answer_id"], chain)
    report = (await client.get(f"{ROOT}/{interview['id']}/report")).json()
    assert [answer["evaluation"]["evaluated_by"]["engine"] for answer in report["answers"]] == [
        "openai",
        "gemini",
    ]
    assert report["evaluated_by"]["engine"] == "mixed"
    assert {engine["engine"] for engine in report["engines"]} == {"openai", "gemini"}


@pytest.mark.parametrize("failure", ["garbage", "refusal", "cut off", "wrong shape"])
async def test_a_model_that_answers_uselessly_is_passed_over(
    good: str,
    client: Client,
    started: Start,
    given: Give,
    judged: Judge,
    chain: Chain,
    models: FakeLLMServer,
    failure: str,
) -> None:
    match failure:
        case "garbage":
            models.openai.garbage("<html>")
        case "refusal":
            models.openai.raw(None, refusal="I can't help with that.")
        case "cut off":
            models.openai.raw('{"criteria": {', finish_reason="length")
        case _:
            models.openai.answer({"criteria": "all of them"})
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"], chain)
    (shown,) = (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"]
    assert shown["evaluation"]["evaluated_by"]["engine"] == "gemini"


async def test_while_all_models_fail_the_evaluation_is_deferred_and_the_interview_goes_on(
    good: str,
    client: Client,
    service: ServiceUnderTest,
    sessions: SessionMaker,
    started: Start,
    given: Give,
    chain: Chain,
    models: FakeLLMServer,
    eventually: Eventually,
) -> None:
    models.openai.fail(500)
    models.gemini.fail(503)
    worker = create_worker(service.main.settings, reactions.router, tasks.router, resources=[chain])
    interview = await started(client, questions=2)
    url = f"{ROOT}/{interview['id']}"

    async def reported() -> dict[str, Any] | None:
        response = await client.get(f"{url}/report")
        return dict(response.json()) if response.status_code == 200 else None

    async with worker.router.lifespan_context(worker):
        first = await given(client, interview["id"], good, Prefer="wait=20")
        assert first["evaluation"]["status"] == "deferred"
        assert first["evaluation"]["score"] is None
        second = await given(client, interview["id"], good, Prefer="wait=20")
        assert second["evaluation"]["status"] == "deferred"
        assert (await client.get(f"{url}/report")).json()["progress"] == {"evaluated": 0, "total": 2}
        models.openai.answer(generous)
        report = await eventually(reported)
    assert report["evaluated_by"]["engine"] == "openai"
    kinds = [event["ce_type"] for event in await service.published(UUID(interview["id"]))]
    assert kinds.count("interview.answer_evaluated") == 2
    assert kinds[-1] == "interview.report_ready"
    async with sessions() as session:
        ids = [UUID(first["answer_id"]), UUID(second["answer_id"])]
        query = select(func.sum(Evaluation.deferrals)).where(Evaluation.answer_id.in_(ids))
        assert (await session.scalar(query) or 0) >= 2


async def test_a_deferred_evaluation_is_tried_again_with_growing_delays(
    good: str,
    client: Client,
    sessions: SessionMaker,
    started: Start,
    given: Give,
    judged: Judge,
    chain: Chain,
    models: FakeLLMServer,
) -> None:
    models.openai.fail(500)
    models.gemini.fail(500)
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    delays = []
    for _ in range(7):
        with pytest.raises(Retry) as raised:
            await judged(answer["answer_id"], chain)
        delays.append(raised.value.delay.total_seconds())
    assert delays == [2, 4, 8, 16, 32, 60, 60]
    assert (await client.get(f"{ROOT}/{interview['id']}")).json()["answers"][0]["evaluation"][
        "status"
    ] == "deferred"


async def test_an_answer_erased_while_the_models_are_away_is_let_go(
    good: str,
    client: Client,
    sessions: SessionMaker,
    started: Start,
    given: Give,
    chain: Chain,
    models: FakeLLMServer,
) -> None:
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    answer_id = UUID(answer["answer_id"])

    class Erasing(Chain):
        async def ask_several(self, *arguments: Any) -> Any:
            await client.delete(f"{ROOT}/{interview['id']}")
            return await chain.ask_several(*arguments)

    await evaluations.evaluate(sessions, Erasing(chain._providers), answer_id)
    models.openai.fail(500)
    models.gemini.fail(500)
    interview = await started(client)
    answer = await given(client, interview["id"], good)
    with pytest.raises(Retry):
        await evaluations.evaluate(sessions, Erasing(chain._providers), UUID(answer["answer_id"]))
    await evaluations.evaluate(sessions, chain, UUID(answer["answer_id"]))
