"""Both providers through their real SDKs over HTTP: a good answer, and every way to fail, by name."""

import json
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from llm import errors
from llm.gemini import Gemini
from llm.openai import OpenAI
from llm.protocol import Prompt
from llm.settings import LLMSettings, chain
from testkit.llm_server import FakeLLMServer, asked_schema, asked_text


class Finding(BaseModel):
    name: str = Field(max_length=40)
    verdict: Literal["MET", "UNMET"]
    sentences: list[int]
    note: str | None = None


class Findings(BaseModel):
    findings: list[Finding] = Field(max_length=10)
    score: int = Field(ge=0, le=100)


GOOD = {"findings": [{"name": "a", "verdict": "MET", "sentences": [1], "note": None}], "score": 7}
PROMPT = Prompt(name="judge.v1", system="Judge.", user="1: I did it.")


@pytest.fixture(scope="module")
def server():
    with FakeLLMServer() as played:
        yield played


@pytest.fixture(params=["openai", "gemini"])
async def provider(request, server):
    if request.param == "openai":
        made = OpenAI(model="m-1", api_key="sk-very-secret", base_url=server.openai_base_url, timeout=1)
    else:
        made = Gemini(model="m-1", api_key="sk-very-secret", base_url=server.gemini_base_url, timeout=1)
    yield made
    getattr(server, request.param).restore()
    await made.close()


@pytest.fixture
def played(server, provider):
    return getattr(server, provider.name)


async def test_an_answer_comes_in_the_shape_that_was_asked_for(server, provider, played):
    played.answer(GOOD)
    reply = await provider.ask(PROMPT, Findings)
    assert reply.value == Findings.model_validate(GOOD)
    assert (reply.engine, reply.model) == (provider.name, "m-1")
    assert (reply.input_tokens, reply.output_tokens) == (11, 7)
    call = server.calls_of(provider.name)[-1]
    assert asked_text(call.body) == "1: I did it."
    assert "properties" in asked_schema(call.body)


@pytest.mark.parametrize(
    "content",
    [
        '```json\n{"findings": [], "score": 3}\n```',
        '```\n{"findings": [], "score": 3}\n```\n',
        'Here is what I found:\n```json\n{"findings": [], "score": 3}\n```\nAsk me for more.',
        '<think>Is it {3}?</think>\n{"findings": [], "score": 3}',
        ' {"findings": [], "score": 3}\n',
    ],
)
async def test_what_stands_around_the_json_is_taken_off(provider, played, content):
    played.raw(content)
    assert (await provider.ask(PROMPT, Findings)).value.score == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("I think it is fine", "shape"),
        ('{"findings": [], "score": ', "shape"),
        ('{"findings": []}', "shape"),
        ('{"findings": [], "score": 101}', "shape"),
        ('{"findings": [], "score": "many"}', "shape"),
        ("[]", "shape"),
    ],
)
async def test_an_answer_of_another_shape_is_bad_output(provider, played, content, words):
    played.raw(content)
    with pytest.raises(errors.BadOutput, match=words):
        await provider.ask(PROMPT, Findings)


async def test_an_answer_cut_at_the_length_limit_is_bad_output(provider, played):
    played.raw('{"findings": [', finish_reason="length" if provider.name == "openai" else "MAX_TOKENS")
    with pytest.raises(errors.BadOutput, match="cut off"):
        await provider.ask(PROMPT, Findings)


async def test_a_refusal_is_one(provider, played):
    played.raw("", refusal="I can't help with that.")
    with pytest.raises(errors.Refused):
        await provider.ask(PROMPT, Findings)
    played.raw("", finish_reason="content_filter" if provider.name == "openai" else "SAFETY")
    with pytest.raises(errors.Refused):
        await provider.ask(PROMPT, Findings)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.Rejected),
        (401, errors.Rejected),
        (404, errors.Rejected),
        (408, errors.ProviderUnavailable),
        (500, errors.ProviderUnavailable),
        (503, errors.ProviderUnavailable),
    ],
)
async def test_a_status_has_a_name_and_the_key_stays_out_of_it(server, provider, played, status, error):
    before = len(server.calls)
    played.fail(status)
    with pytest.raises(error) as raised:
        await provider.ask(PROMPT, Findings)
    assert str(status) in str(raised.value)
    assert "secret" not in str(raised.value)
    assert len(server.calls) == before + 1


@pytest.mark.parametrize(
    ("header", "seconds"), [({"Retry-After": "3"}, 3), ({}, None), ({"Retry-After": "soon"}, None)]
)
async def test_too_many_questions_say_when_to_come_back(provider, played, header, seconds):
    played.fail(429, headers=header)
    with pytest.raises(errors.RateLimited) as raised:
        await provider.ask(PROMPT, Findings)
    assert raised.value.retry_after == seconds


async def test_gemini_says_in_the_body_when_to_come_back(server):
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    error = {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [retry]}
    server.gemini.fail(429, body=json.dumps({"error": error}))
    gemini = Gemini(model="m-1", api_key="g", base_url=server.gemini_base_url, timeout=1)
    with pytest.raises(errors.RateLimited) as raised:
        await gemini.ask(PROMPT, Findings)
    assert raised.value.retry_after == 34.5
    server.gemini.restore()
    await gemini.close()


async def test_a_hang_ends_at_the_timeout(provider, played):
    played.hang(30)
    with pytest.raises(errors.ProviderTimeout):
        await provider.ask(PROMPT, Findings)


@pytest.mark.parametrize("body", ["not json", "{}", '{"choices": [], "candidates": []}'])
async def test_a_body_of_no_known_protocol_is_bad_output(provider, played, body):
    played.garbage(body)
    with pytest.raises(errors.ProviderError):
        await provider.ask(PROMPT, Findings)


@pytest.mark.parametrize("kind", [OpenAI, Gemini])
async def test_a_server_that_is_away_is_unavailable(kind):
    away = kind(model="m", api_key=None, base_url="http://127.0.0.1:1/v1", timeout=1)
    with pytest.raises(errors.ProviderUnavailable):
        await away.ask(PROMPT, Findings)
    await away.close()


async def test_the_environment_says_who_is_asked(server):
    none = chain(
        LLMSettings(openai_api_key=None, openai_base_url=None, gemini_api_key=None, gemini_base_url=None)
    )
    assert not none.available
    with pytest.raises(errors.NotConfigured):
        await none.ask(PROMPT, Findings)
    both = chain(
        LLMSettings(
            openai_base_url=server.openai_base_url, gemini_api_key="g", gemini_base_url=server.gemini_base_url
        )
    )
    assert both.engines == ["openai", "gemini"]
    server.openai.fail(500)
    assert (await both.ask(PROMPT, Findings)).engine == "gemini"
    server.openai.restore()
    assert (await both.ask(PROMPT, Findings)).engine == "openai"
    await both.close()
