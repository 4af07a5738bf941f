"""Dead letters: what could not be read or failed for good waits on a topic of its own, with cause and origin.

One that is too large even for that topic leaves its note there without its content: a replay takes the content from
where it came from, for as long as that topic keeps it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from common import backoff
from common.messaging import kafka
from common.settings import ServiceSettings

CAUSE, TOPIC, PARTITION, OFFSET, TIME, LEFT = (
    f"parked_{name}" for name in ("cause", "topic", "partition", "offset", "time", "left")
)
LONGEST_KEY = 1_000
LARGEST_REPLAY = 104_857_600
"""What was on a topic goes back there; how large a message may be is for the broker to say."""
READ_TIMEOUT_MS = 1_000
REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError)

log = structlog.get_logger()
Headers = Sequence[tuple[str, bytes]]


def topic_of(service: str) -> str:
    """Return the name of the topic of a service's dead letters."""
    return f"interviewace.{service}.parked"


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter: a message that could not be worked on."""

    topic: str
    partition: int
    offset: int
    cause: str
    time: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    left: bool = False
    """Whether its content was too large and was left where it came from."""

    @classmethod
    def read(cls, record: "ConsumerRecord[bytes, bytes]") -> "DeadLetter":
        """Return the dead letter in a record of the dead-letter topic."""
        notes = {name: value.decode(errors="replace") for name, value in record.headers}
        return cls(
            topic=notes.get(TOPIC, ""),
            partition=int(notes.get(PARTITION, -1)),
            offset=int(notes.get(OFFSET, -1)),
            cause=notes.get(CAUSE, ""),
            time=notes.get(TIME, ""),
            key=record.key,
            value=record.value,
            headers=[header for header in record.headers if not header[0].startswith("parked_")],
            left=LEFT in notes,
        )


class DeadLetterTopic:
    """Takes the dead letters of one service; sending is repeated until the broker has taken the message."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._topic = topic_of(settings.service)
        self._open = kafka.producer_opener(settings, kafka.dead_letter_bytes(settings))
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    async def add(self, record: "ConsumerRecord[bytes, bytes]", error: BaseException) -> None:
        """Put the message aside with the cause of its failure."""
        notes = {
            CAUSE: f"{type(error).__name__}: {error}"[:500],
            TOPIC: record.topic,
            PARTITION: str(record.partition),
            OFFSET: str(record.offset),
            TIME: datetime.now(UTC).isoformat(),
        }
        noted = [(name, value.encode()) for name, value in notes.items()]
        # the client takes neither a header without a value nor a message of nothing at all
        headers = [(name, value or b"") for name, value in record.headers]
        value = b"" if record.key is None and record.value is None else record.value
        try:
            await self._send(record.key, value, headers + noted)
        except REFUSALS:
            key = record.key if len(record.key or b"") <= LONGEST_KEY else None
            await self._send(key, b"", [*noted, (LEFT, b"1")])
        log.error("message_dead_lettered", **notes)

    async def _send(self, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._opening:
                    self._producer = self._producer or await self._open()
                await self._producer.send_and_wait(self._topic, value, key=key, headers=headers)
                return
            except REFUSALS:
                await self.close()
                raise
            except KafkaError as broken:
                log.warning("dead_letter_not_sent", attempt=attempt, error=type(broken).__name__)
                await asyncio.sleep(backoff.delay_before(attempt))

    async def close(self) -> None:
        """Let go of the broker."""
        async with self._opening:
            producer, self._producer = self._producer, None
        if producer:
            await producer.stop()


@asynccontextmanager
async def _consumer(settings: ServiceSettings, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=kafka.dead_letter_bytes(settings),
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def _reader(settings: ServiceSettings, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    async with _consumer(settings, group) as consumer:
        topic = topic_of(settings.service)
        partitions = await kafka.partitions_of(settings.kafka_bootstrap_servers, topic)
        consumer.assign([TopicPartition(topic, partition) for partition in partitions])
        yield consumer


async def _read_all(consumer: AIOKafkaConsumer, *, from_start: bool) -> list[DeadLetter]:
    ends = await consumer.end_offsets(list(consumer.assignment()))
    if from_start:
        await consumer.seek_to_beginning()
    letters: list[DeadLetter] = []
    for partition, end in ends.items():
        while await consumer.position(partition) < end:
            batches = await consumer.getmany(partition, timeout_ms=READ_TIMEOUT_MS)
            letters += [DeadLetter.read(record) for record in batches.get(partition, [])]
    return letters


async def listing(settings: ServiceSettings) -> list[DeadLetter]:
    """Return every dead letter of this service, the replayed too."""
    async with _reader(settings, f"interviewace.{settings.service}.listing") as consumer:
        return await _read_all(consumer, from_start=True)


async def replay(settings: ServiceSettings) -> int:
    """Send the dead letters since the last replay to where it came from; return how many.

    The inbox keeps a second arrival harmless. A message whose content is nowhere any more is passed over.
    """
    producer = await kafka.producer_opener(settings, LARGEST_REPLAY)()
    sent = 0
    try:
        async with _reader(settings, f"interviewace.{settings.service}.replay") as consumer:
            letters = await _read_all(consumer, from_start=False)
            for note in letters:
                message = await _original(settings, note) if note.left else note
                if message is None:
                    log.error("dead_letter_gone", topic=note.topic, offset=note.offset)
                    continue
                await producer.send_and_wait(
                    message.topic, message.value, key=message.key, headers=list(message.headers)
                )
                sent += 1
            if letters:
                await consumer.commit()
            return sent
    finally:
        await producer.stop()


async def _original(settings: ServiceSettings, note: DeadLetter) -> DeadLetter | None:
    """Return the message that a note was left for, or None where its topic keeps it no longer."""
    async with _consumer(settings, None) as consumer:
        partition = TopicPartition(note.topic, note.partition)
        consumer.assign([partition])
        first, end = await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition])
        if not first[partition] <= note.offset < end[partition]:
            return None
        consumer.seek(partition, note.offset)
        record = await consumer.getone(partition)
        headers = [(name, value or b"") for name, value in record.headers]
        return replace(note, key=record.key, value=record.value, headers=headers)
