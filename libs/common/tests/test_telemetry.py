"""Logs carry ids and no secrets; one trace runs from a request through its event and its task."""

import json
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.contracts.user import UserRegistered
from common.messaging.router import EventRouter
from common.tasks.queue import TaskRouter

LOGGING = """
import logging, structlog
from common import telemetry
from common.settings import Settings
telemetry.configure(Settings(service="sample", log_format="{format}"))
structlog.get_logger().info("something_happened", number=1)
logging.getLogger("library").warning("words of a library")
with structlog.contextvars.bound_contextvars(request_id="r-1"):
    structlog.get_logger().info("inside")
"""


def lines(form):
    code = LOGGING.replace("{format}", form)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_every_line_is_json_with_service_and_request_id():
    ours, theirs, inside = (json.loads(line) for line in lines("json"))
    assert (ours["event"], ours["number"], ours["service"], ours["level"]) == (
        "something_happened",
        1,
        "sample",
        "info",
    )
    assert (theirs["event"], theirs["service"]) == ("words of a library", "sample")
    assert inside["request_id"] == "r-1"


def test_a_person_may_read_them_too():
    assert "something_happened" in lines("console")[0]


@pytest.fixture(scope="module")
def spans(sample):
    exporter = InMemorySpanExporter()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


async def test_one_trace_runs_from_the_request_to_the_reaction_and_the_task(
    sample, client, spans, note_model, remember_payload, eventually
):
    reactions, tasks = EventRouter(), TaskRouter()

    @reactions.on(UserRegistered)
    async def react(session, event):
        session.add(note_model(owner_id=event.user_id, text="reaction"))

    @tasks.task(remember_payload)
    async def remember(work, task):
        async with work.sessions.begin() as session:
            session.add(note_model(owner_id=task.owner_id, text="task"))

    async with sample.working(reactions, tasks):
        await client.post("/notes", json={"text": "traced"})

        async def both():
            return {"reaction", "task"} <= set(await sample.notes(client.user_id))

        await eventually(both)
    request = next(span for span in spans.get_finished_spans() if span.name == "POST /notes")
    names = {
        span.name for span in spans.get_finished_spans() if span.context.trace_id == request.context.trace_id
    }
    assert {
        "POST /notes",
        "outbox user.registered",
        "send interviewace.user",
        "react user.registered",
        "enqueue sample.remember",
        "task sample.remember",
    } <= names
    assert any(name.startswith("INSERT") for name in names)
