"""The relay: carries one service's outbox to Kafka, oldest first, one process at a time.

The next event of a subject is sent when the one before was acknowledged, and a row is marked when it was. So the
first copies of a subject's events lie on the topic in their order, whatever a relay that was stopped still sends
late: that is a second copy, which the inbox makes harmless.

What the broker refuses for good is set aside as a dead letter, and the events behind it go on, those of the same
subject too: reactions bear a gap, and an erasure must not wait behind an event that nobody can take.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import asyncpg
import structlog
from opentelemetry import trace
from pydantic_core import from_json

from common import telemetry
from common.db import engine
from common.messaging import inbox, relay_lock
from common.messaging.kafka import OpenProducer, Sender
from common.messaging.refusals import Refusals, Verdict
from common.messaging.relay_lock import LockSession
from common.metrics import meter

BATCH = 500
BATCH_BYTES = 8_388_608
POLL_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 60.0
PRUNE_BATCH = 5_000

OLDEST = """
SELECT * FROM (
    SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) AS bytes_before
    FROM (SELECT * FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT $1) AS waiting
) AS summed
WHERE bytes_before < $2 ORDER BY position
"""
MARK = "UPDATE outbox SET published_at = now() WHERE position = ANY($1::bigint[])"
SET_ASIDE = """
WITH gone AS (DELETE FROM outbox WHERE position = $1 RETURNING *)
INSERT INTO dead_letter (position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload, cause)
SELECT position, event_id, topic, subject, owner_id, ce_type, occurred_at, trace, payload, $2 FROM gone
"""
PRUNE = """
DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox WHERE published_at < now() - make_interval(secs => $1) LIMIT $2
)
RETURNING 1
"""

log = structlog.get_logger()
PUBLISH_LAG = meter.create_histogram(
    "interviewace.outbox.publish.lag",
    unit="s",
    description="Seconds from an event to its acknowledgement by Kafka, by topic.",
)
tracer = trace.get_tracer("interviewace.outbox")

Row: TypeAlias = asyncpg.Record  # untyped in asyncpg


@dataclass
class Round:
    """What became of the rows that were sent at once: the rest of them waits for the next round."""

    sent: list[int] = field(default_factory=list)
    suspects: list[Row] = field(default_factory=list)
    refused: list[tuple[Row, Exception]] = field(default_factory=list)
    broken: Exception | None = None


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
        **telemetry.carrier(),
    }
    return [(name, value.encode()) for name, value in headers.items()]


class Relay:
    """Carries one service's outbox; `run` works until it is cancelled or a connection breaks.

    Args:
        url: the service's database.
        open_producer: opens a connection to Kafka.
        keep_seconds: how long a published event is kept.
        inbox_keep_seconds: how long an event that was reacted to is remembered.
        lock_seconds: how long a relay may be silent until another takes over.
        patience_seconds: how long a topic may refuse everything until its events are set aside.
    """

    def __init__(
        self,
        url: str,
        open_producer: OpenProducer,
        *,
        keep_seconds: int,
        inbox_keep_seconds: int,
        lock_seconds: float = 10.0,
        patience_seconds: float = 30.0,
    ) -> None:
        self._url = url
        self._open_producer = open_producer
        self._keep_seconds = float(keep_seconds)
        self._inbox_keep_seconds = inbox_keep_seconds
        self._lock_seconds = lock_seconds
        self._refusals = Refusals(patience_seconds)
        self._source = f"/interviewace/{engine.schema_of(url)}"
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Wait for the lock, then publish what is there and what comes.

        Raises:
            LockLost: this process was silent for so long that another may have taken over.
            Exception: a connection broke; calling again resumes.
        """
        async with relay_lock.hold(self._url, self._lock_seconds, self._wake) as session:
            parts = [asyncio.create_task(part) for part in (session.stay(), self._work(session))]
            try:
                done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
            finally:
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)

    def _wake(self, *_: object) -> None:
        self._woken.set()

    async def _work(self, session: LockSession) -> None:
        pruned = float("-inf")
        async with self._sender() as sender:
            log.info("relay_active")
            while True:
                self._woken.clear()
                while rows := await session.fetch(OLDEST, BATCH, BATCH_BYTES):
                    if not await self._send(session, sender, rows):
                        break
                if asyncio.get_running_loop().time() - pruned > PRUNE_EVERY_SECONDS:
                    await self._prune(session)
                    pruned = asyncio.get_running_loop().time()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    @asynccontextmanager
    async def _sender(self) -> AsyncIterator[Sender]:
        sender = Sender(self._open_producer)
        await sender.renew()
        try:
            yield sender
        finally:
            await sender.close()

    async def _prune(self, session: LockSession) -> None:
        while len(await session.fetch(PRUNE, self._keep_seconds, PRUNE_BATCH)) == PRUNE_BATCH:
            pass
        await inbox.prune(session, self._inbox_keep_seconds)

    async def _send(self, session: LockSession, sender: Sender, rows: Sequence[Row]) -> bool:
        """Send rows, each subject's one after another, and write down what became of them.

        Returns False when nothing is to be won by going on at once.
        """
        done = await self._send_together(session, sender, rows)
        await session.fetch(MARK, done.sent)
        for row, error in done.refused:
            cause = f"{type(error).__name__}: {error}"[:500]
            await session.fetch(SET_ASIDE, row["position"], cause)
            self._refusals.set_aside(row["position"])
            log.error("event_set_aside", event_id=str(row["event_id"]), ce_type=row["ce_type"], cause=cause)
        if done.broken:
            raise done.broken
        return bool(done.sent or done.refused)

    async def _send_together(self, session: LockSession, sender: Sender, rows: Sequence[Row]) -> Round:
        by_subject: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in rows:
            by_subject[row["topic"], str(row["subject"])].append(row)
        done = Round()
        await asyncio.gather(
            *(self._send_subject(session, sender, of_one, done) for of_one in by_subject.values())
        )
        for row in done.suspects if not done.broken else ():
            await sender.renew()
            try:
                await self._send_one(session, sender, row)
            except Exception as error:
                self._judge([row], error, done, alone=True)
            else:
                self._sent(row, done)
        if done.suspects or done.refused:
            await sender.renew()
        return done

    async def _send_subject(
        self, session: LockSession, sender: Sender, rows: Sequence[Row], done: Round
    ) -> None:
        for index, row in enumerate(rows):
            try:
                await self._send_one(session, sender, row)
            except Exception as error:
                self._judge(rows[index:], error, done)
                return
            self._sent(row, done)

    def _sent(self, row: Row, done: Round) -> None:
        lag = datetime.now(UTC) - row["occurred_at"]
        PUBLISH_LAG.record(lag.total_seconds(), {"topic": row["topic"]})
        self._refusals.taken(row["topic"], row["position"])
        done.sent.append(row["position"])

    def _judge(self, rows: Sequence[Row], error: Exception, done: Round, *, alone: bool = False) -> None:
        """Decide about the first of the rows, and about those of its subject that wait behind it."""
        match self._refusals.judge(rows[0]["topic"], rows[0]["position"], error):
            case Verdict.MESSAGE if not alone:
                done.suspects.append(rows[0])
            case Verdict.MESSAGE:
                done.refused.append((rows[0], error))
            case Verdict.TOPIC:
                done.refused += [(row, error) for row in rows]
            case Verdict.BROKEN:
                done.broken = error

    async def _send_one(self, session: LockSession, sender: Sender, row: Row) -> None:
        session.ensure_held()
        context = telemetry.context_of(from_json(row["trace"]))
        with tracer.start_as_current_span(
            f"send {row['topic']}", context=context, kind=trace.SpanKind.PRODUCER
        ) as span:
            span.set_attribute("messaging.system", "kafka")
            span.set_attribute("messaging.operation.type", "send")
            span.set_attribute("messaging.destination.name", row["topic"])
            await sender.producer.send_and_wait(
                row["topic"],
                key=str(row["subject"]).encode(),
                value=row["payload"].encode(),
                headers=_headers(row, self._source),
            )
