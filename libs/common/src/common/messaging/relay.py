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

import structlog
from opentelemetry import trace
from pydantic_core import from_json
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Executable,
    RowMapping,
    Text,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from common import telemetry
from common.db import engine
from common.db.tables import dead_letter, outbox
from common.messaging import envelope, relay_lock
from common.messaging.envelope import Envelope
from common.messaging.kafka import OpenProducer, Sender
from common.messaging.refusals import Refusals, Verdict
from common.messaging.relay_lock import LockSession
from common.metrics import meter

BATCH = 500
BATCH_BYTES = 8_388_608
POLL_SECONDS = 5.0

log = structlog.get_logger()
PUBLISH_LAG = meter.create_histogram(
    "interviewace.outbox.publish.lag",
    unit="s",
    description="Seconds from an event to its acknowledgement by Kafka, by topic.",
)
tracer = trace.get_tracer("interviewace.outbox")


def _oldest() -> Executable:
    """Return the query for what is sent next: at most `BATCH` events, and those that begin within `BATCH_BYTES`."""
    unsent = select(outbox).where(outbox.c.published_at.is_(None)).order_by(outbox.c.position).limit(BATCH)
    waiting = unsent.subquery("waiting")
    size = func.octet_length(waiting.c.payload)
    bytes_before = func.sum(size).over(order_by=waiting.c.position) - size
    summed = select(waiting, bytes_before.label("bytes_before")).subquery("summed")
    return select(summed).where(summed.c.bytes_before < BATCH_BYTES).order_by(summed.c.position)


def _set_aside() -> Executable:
    """Return the statement that makes the event at `place` a dead letter; `why` is the cause."""
    gone = delete(outbox).where(outbox.c.position == bindparam("place")).returning(*outbox.c).cte("gone")
    columns = [column for column in gone.c if column.name != "published_at"]
    names = [column.name for column in columns]
    row = select(*columns, bindparam("why", type_=Text))
    return insert(dead_letter).from_select([*names, "cause"], row).add_cte(gone)


OLDEST = _oldest()
POSITIONS = bindparam("positions", type_=ARRAY(BigInteger))
MARK = update(outbox).where(outbox.c.position == any_(POSITIONS)).values(published_at=func.now())
SET_ASIDE = _set_aside()


@dataclass
class Round:
    """What became of the rows that were sent at once: the rest of them waits for the next round."""

    sent: list[int] = field(default_factory=list)
    suspects: list[RowMapping] = field(default_factory=list)
    refused: list[tuple[RowMapping, Exception]] = field(default_factory=list)
    broken: Exception | None = None


class Relay:
    """Carries one service's outbox; `run` works until it is cancelled or a connection breaks.

    Args:
        url: the service's database.
        open_producer: opens a connection to Kafka.
        lock_seconds: how long a relay may be silent until another takes over.
        patience_seconds: how long a topic may refuse everything until its events are set aside.
    """

    def __init__(
        self,
        url: str,
        open_producer: OpenProducer,
        *,
        lock_seconds: float = 10.0,
        patience_seconds: float = 30.0,
    ) -> None:
        self._url = url
        self._open_producer = open_producer
        self._lock_seconds = lock_seconds
        self._refusals = Refusals(patience_seconds)
        self._source = envelope.source_of(engine.schema_of(url))
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
        async with self._sender() as sender:
            log.info("relay_active")
            while True:
                self._woken.clear()
                while rows := await session.execute(OLDEST):
                    if not await self._send(session, sender, rows):
                        break
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

    async def _send(self, session: LockSession, sender: Sender, rows: Sequence[RowMapping]) -> bool:
        """Send rows, each subject's one after another, and write down what became of them.

        Returns False when nothing is to be won by going on at once.
        """
        done = await self._send_together(session, sender, rows)
        await session.execute(MARK, {"positions": done.sent})
        for row, error in done.refused:
            cause = f"{type(error).__name__}: {error}"[:500]
            await session.execute(SET_ASIDE, {"place": row["position"], "why": cause})
            self._refusals.set_aside(row["position"])
            log.error("event_set_aside", event_id=str(row["event_id"]), ce_type=row["ce_type"], cause=cause)
        if done.broken:
            raise done.broken
        return bool(done.sent or done.refused)

    async def _send_together(self, session: LockSession, sender: Sender, rows: Sequence[RowMapping]) -> Round:
        by_subject: defaultdict[tuple[str, str], list[RowMapping]] = defaultdict(list)
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
        self, session: LockSession, sender: Sender, rows: Sequence[RowMapping], done: Round
    ) -> None:
        for index, row in enumerate(rows):
            try:
                await self._send_one(session, sender, row)
            except Exception as error:
                self._judge(rows[index:], error, done)
                return
            self._sent(row, done)

    def _sent(self, row: RowMapping, done: Round) -> None:
        lag = datetime.now(UTC) - row["occurred_at"]
        PUBLISH_LAG.record(lag.total_seconds(), {"topic": row["topic"]})
        self._refusals.taken(row["topic"], row["position"])
        done.sent.append(row["position"])

    def _judge(
        self, rows: Sequence[RowMapping], error: Exception, done: Round, *, alone: bool = False
    ) -> None:
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

    async def _send_one(self, session: LockSession, sender: Sender, row: RowMapping) -> None:
        session.ensure_held()
        carried = from_json(row["trace"])
        message = Envelope(row["event_id"], row["ce_type"], self._source, row["subject"], row["occurred_at"])
        context = telemetry.context_of(carried)
        with tracer.start_as_current_span(
            f"send {row['topic']}", context=context, kind=trace.SpanKind.PRODUCER
        ) as span:
            span.set_attribute("messaging.system", "kafka")
            span.set_attribute("messaging.operation.type", "send")
            span.set_attribute("messaging.destination.name", row["topic"])
            await sender.producer.send_and_wait(
                row["topic"],
                key=message.key,
                value=row["payload"].encode(),
                headers=message.headers({**carried, **telemetry.carrier()}),
            )
