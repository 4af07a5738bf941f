"""What a worker's metrics tell of itself, outbox, queue and Kafka: looked at every few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from common.db import tables
from common.db.engine import SessionMaker
from common.messaging import outbox
from common.metrics import meter
from common.web import probes
from common.web.probes import Check
from common.worker import queue_age
from common.worker.consuming import TopicState

EVERY_SECONDS = 5.0

READY = meter.create_gauge(
    "interviewace.worker.ready", description="1 where a check of the worker's /ready is fine, else 0."
)
WAITING_EVENTS = meter.create_gauge(
    "interviewace.outbox.events", description="Events that wait to be published."
)
OLDEST_EVENT = meter.create_gauge(
    "interviewace.outbox.oldest", unit="s", description="Age of the oldest event that waits."
)
REFUSED_EVENTS = meter.create_gauge(
    "interviewace.outbox.refused", description="Events that Kafka refused for good."
)
WAITING_TASKS = meter.create_gauge(
    "interviewace.task.waiting", description="Tasks that are due and not begun, by kind."
)
OLDEST_TASK = meter.create_gauge(
    "interviewace.task.oldest", unit="s", description="For how long the oldest due task has waited, by kind."
)
OPEN_TASKS = meter.create_gauge(
    "interviewace.task.open", description="Tasks that have not ended, by kind and status."
)
LAG = meter.create_gauge(
    "interviewace.consumer.lag", description="Messages on a topic that are not reacted to yet."
)
LAST_POLL = meter.create_gauge(
    "interviewace.consumer.poll.age", unit="s", description="How long ago a topic was last read."
)

Topics = Callable[[], Awaitable[Mapping[str, TopicState]]]


async def run(
    sessions: SessionMaker, kinds: Iterable[str], topics: Topics, checks: Mapping[str, Check]
) -> None:
    """Look at everything again and again. What a broken part keeps from being looked at is told by its check."""
    known = set(kinds)
    while True:
        await _sample_checks(checks)
        await _sample_consumers(topics)
        await _sample_database(sessions, known)
        await asyncio.sleep(EVERY_SECONDS)


async def _sample_checks(checks: Mapping[str, Check]) -> None:
    for name, outcome in (await probes.outcomes(checks)).items():
        READY.set(int(outcome == "ok"), {"check": name})


async def _sample_consumers(topics: Topics) -> None:
    for topic, state in (await topics()).items():
        LAG.set(state.lag, {"topic": topic})
        if state.poll_age_seconds is not None:
            LAST_POLL.set(state.poll_age_seconds, {"topic": topic})


async def _sample_database(sessions: SessionMaker, kinds: set[str]) -> None:
    """Look once at the outbox and the queue. `kinds` are those known so far: one of which none waits is told as 0."""
    async with sessions() as session:
        backlog = await outbox.backlog(session)
        ages = await queue_age.by_kind(session)
        counts = await queue_age.open_by_kind(session)
    WAITING_EVENTS.set(backlog.waiting)
    OLDEST_EVENT.set(backlog.oldest_seconds or 0)
    REFUSED_EVENTS.set(backlog.dead_letters)
    kinds |= ages.keys() | {kind for kind, _ in counts}
    for kind in kinds:
        age = ages.get(kind)
        WAITING_TASKS.set(age.tasks if age else 0, {"kind": kind})
        OLDEST_TASK.set(age.oldest_seconds if age else 0, {"kind": kind})
        for status in tables.OPEN_STATUSES:
            OPEN_TASKS.set(counts.get((kind, status), 0), {"kind": kind, "status": status})
