"""The outbox: events are rows of the transaction that causes them, and a relay carries them to Kafka.

One relay per service is active at a time (a session-level advisory lock). It is woken by NOTIFY, publishes the
oldest rows first in batches, and marks them only when the broker has acknowledged all of them, so a crash repeats
events and never loses one. Published rows stay for `outbox_keep` seconds, to feed a broker that lost its log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from opentelemetry import trace
from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common import database, telemetry, tombstones
from common.contracts.event import Event

BATCH = 500
POLL_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 60.0
LOCK_KEY = 0x1A0B0C5

INSERT = text(
    """
    WITH stored AS (
        INSERT INTO outbox (event_id, topic, subject, ce_type, occurred_at, trace, payload)
        VALUES (:event_id, :topic, :subject, :ce_type, :occurred_at, :trace, :payload) RETURNING 1
    )
    SELECT pg_notify('outbox_' || current_schema(), '') FROM stored
    """
)
OLDEST = "SELECT * FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT $1"
MARK = "UPDATE outbox SET published_at = now() WHERE position = ANY($1::bigint[])"
PRUNE = "DELETE FROM outbox WHERE published_at < now() - make_interval(secs => $1)"
REPUBLISH = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"
LOCK = "SELECT pg_advisory_lock($1, hashtext(current_schema()))"

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.outbox")

Row: TypeAlias = asyncpg.Record  # untyped in asyncpg
OpenProducer = Callable[[], Awaitable[AIOKafkaProducer]]


async def publish(session: AsyncSession, event: Event) -> None:
    """Announce `event` when, and only when, the caller's transaction commits.

    Raises:
        AccountErased: it is about somebody who is erased.
    """
    with tracer.start_as_current_span(f"outbox {event.ce_type}", kind=trace.SpanKind.PRODUCER) as span:
        span.set_attribute("messaging.destination.name", event.topic)
        span.set_attribute("messaging.message.id", str(event.event_id))
        await session.flush()
        await tombstones.refuse_erased(session, event.owner)
        await session.execute(
            INSERT,
            {
                "event_id": event.event_id,
                "topic": event.topic,
                "subject": event.subject,
                "ce_type": event.ce_type,
                "occurred_at": event.occurred_at,
                "trace": to_json(telemetry.carrier()).decode(),
                "payload": event.model_dump_json(),
            },
        )


def _headers(row: Row, source: str) -> list[tuple[str, bytes]]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(row["event_id"]),
        "ce_type": row["ce_type"],
        "ce_source": source,
        "ce_subject": str(row["subject"]),
        "ce_time": row["occurred_at"].isoformat(),
        "content-type": "application/json",
        **from_json(row["trace"]),
    }
    return [(name, value.encode()) for name, value in headers.items()]


async def republish(url: str) -> int:
    """Mark every kept event as unpublished, so that the relay feeds an emptied broker again; return how many."""
    connection = await database.connect(url)
    try:
        done: str = await connection.execute(REPUBLISH)
        await connection.execute("SELECT pg_notify('outbox_' || current_schema(), '')")
    finally:
        await connection.close()
    return int(done.rsplit(" ", 1)[-1])


class Relay:
    """Carries one service's outbox to Kafka; `run` works until it is cancelled or a connection breaks."""

    def __init__(self, url: str, open_producer: OpenProducer, *, keep_seconds: int) -> None:
        self._url = url
        self._open_producer = open_producer
        self._keep = keep_seconds
        self._source = f"/interviewace/{database.schema_of(url)}"
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Wait for the lock, then publish what is there and what comes."""
        connection = await database.connect(self._url)
        try:
            await connection.add_listener(f"outbox_{database.schema_of(self._url)}", self._wake)
            await connection.execute(LOCK, LOCK_KEY)
            producer = await self._open_producer()
            try:
                log.info("relay_active")
                await self._work(connection, producer)
            finally:
                await producer.stop()
        finally:
            await connection.close(timeout=2)

    def _wake(self, *_: object) -> None:
        self._woken.set()

    async def _work(self, connection: "asyncpg.Connection[Row]", producer: AIOKafkaProducer) -> None:
        loop = asyncio.get_running_loop()
        pruned = float("-inf")
        while True:
            self._woken.clear()
            while rows := await connection.fetch(OLDEST, BATCH):
                await self._send(producer, rows)
                await connection.execute(MARK, [row["position"] for row in rows])
            if loop.time() - pruned > PRUNE_EVERY_SECONDS:
                await connection.execute(PRUNE, float(self._keep))
                pruned = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Row]) -> None:
        acknowledged = []
        for row in rows:
            context = telemetry.context_of(from_json(row["trace"]))
            with tracer.start_as_current_span(
                f"send {row['topic']}", context=context, kind=trace.SpanKind.PRODUCER
            ) as span:
                span.set_attribute("messaging.system", "kafka")
                span.set_attribute("messaging.operation.type", "send")
                span.set_attribute("messaging.destination.name", row["topic"])
                headers = dict(_headers(row, self._source)) | {
                    name: value.encode() for name, value in telemetry.carrier().items()
                }
                acknowledged.append(
                    await producer.send(
                        row["topic"],
                        key=str(row["subject"]).encode(),
                        value=row["payload"].encode(),
                        headers=list(headers.items()),
                    )
                )
        outcomes: list[Any] = await asyncio.gather(*acknowledged, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
