"""One span for each call of a model, by OpenTelemetry's conventions for generative AI, without any content."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from common.metrics import meter, timed
from llm.protocol import Prompt, Reply, T

DURATION = meter.create_histogram(
    "gen_ai.client.operation.duration",
    unit="s",
    description="Seconds of a call of a model, by provider and model.",
)
TOKENS = meter.create_counter(
    "interviewace.model.tokens",
    unit="{token}",
    description="Tokens of calls, by provider, model and direction.",
)

tracer = trace.get_tracer("interviewace.llm")


PROVIDERS = {"gemini": "gcp.gemini"}
"""The conventions' names of providers where ours are others."""


@contextmanager
def call(provider: str, model: str, prompt: Prompt) -> Iterator[trace.Span]:
    """Surround one call; an error is recorded by its kind alone, and nothing of what is asked or answered."""
    measured: dict[str, str | int] = {
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model,
    }
    attributes: dict[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.output.type": "json",
        "gen_ai.request.max_tokens": prompt.max_output_tokens,
        "interviewace.prompt.name": prompt.name,
        "interviewace.prompt.hash": prompt.hash,
    }
    with (
        tracer.start_as_current_span(
            f"chat {model}",
            kind=trace.SpanKind.CLIENT,
            attributes=attributes | measured,
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
        timed(DURATION, measured),
    ):
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
            raise


def answered(span: trace.Span, reply: Reply[T], dollars: float | None = None) -> None:
    """Note on the span who answered, in how many tokens, and what that cost where it is known."""
    span.set_attribute("gen_ai.response.model", reply.model)
    span.set_attribute("gen_ai.usage.input_tokens", reply.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", reply.output_tokens)
    if dollars is not None:
        span.set_attribute("interviewace.usage.cost_usd", dollars)
    for direction, count in (("input", reply.input_tokens), ("output", reply.output_tokens)):
        measured = {"gen_ai.provider.name": reply.engine, "gen_ai.response.model": reply.model}
        TOKENS.add(count, measured | {"gen_ai.token.type": direction})
