"""Each call of a model is a span by the conventions for generative AI: tokens and cost, and nothing of the content."""

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from llm import errors, spans
from llm.chain import Chain, Policy
from llm.protocol import Prompt
from llm.scripted import Scripted


class Word(BaseModel):
    word: str


PROMPT = Prompt(name="say.v1", system="Secret orders.", user="Private answer.")


@pytest.fixture
def ended():
    """Return the spans that ended in a test."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    yield exporter.get_finished_spans
    processor.shutdown()


def calls(ended):
    return [span for span in ended() if span.name.startswith("chat ")]


async def test_a_call_tells_who_answered_and_in_how_many_tokens_but_not_what(ended):
    await Chain([Scripted([Word(word="revealing")], name="gemini")]).ask(PROMPT, Word)
    (span,) = calls(ended)
    assert span.name == "chat script"
    assert span.kind is trace.SpanKind.CLIENT
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.output.type": "json",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "script",
        "gen_ai.request.max_tokens": PROMPT.max_output_tokens,
        "gen_ai.response.model": "script",
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.output_tokens": 1,
        "interviewace.prompt.name": "say.v1",
        "interviewace.prompt.hash": PROMPT.hash,
    }
    assert not span.events


async def test_each_attempt_and_each_run_is_a_span_of_its_own(ended):
    replies = [errors.BadOutput("of a person"), Word(word="a"), Word(word="b")]
    chain = Chain([Scripted(replies)], Policy(retries=1, runs=2, first_delay=0, concurrency=1))
    await chain.ask_several(PROMPT, Word)
    failed, *good = calls(ended)
    assert failed.attributes["error.type"] == "BadOutput"
    assert not failed.status.is_ok
    assert "of a person" not in str(failed.to_json())
    assert [span.attributes["gen_ai.usage.output_tokens"] for span in good] == [1, 1]


class Hanging:
    """Never answers."""

    name, model = "openai", "m"

    async def ask(self, prompt, shape):
        await asyncio.Event().wait()

    async def close(self):
        pass


async def test_a_call_that_is_cut_off_says_so(ended):
    with pytest.raises(errors.AllProvidersFailed):
        await Chain([Hanging()], Policy(timeout=0.01, retries=0)).ask(PROMPT, Word)
    (span,) = calls(ended)
    assert span.attributes["error.type"] == "TimeoutError"


async def test_what_a_call_cost_stands_on_its_span_where_it_is_known(ended):
    reply = await Scripted([Word(word="a")]).ask(PROMPT, Word)
    for dollars in (0.25, None):
        with spans.call("openai", "m", PROMPT) as span:
            spans.answered(span, reply, dollars)
    costs = [span.attributes.get("interviewace.usage.cost_usd") for span in calls(ended)]
    assert costs == [0.25, None]
