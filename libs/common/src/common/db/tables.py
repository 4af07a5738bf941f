"""What every service's schema has besides its own tables: events, tasks, kept responses, tombstones.

The tables name no schema: a connection's search path has the service's. Migrations make them (`common.db.migrations`);
`alembic check` compares them with what is there. PgQueuer makes tables of its own, of which the columns named here are
used.
"""

from datetime import timedelta
from functools import partial

from pgqueuer.domain.settings import DBSettings
from sqlalchemy import (
    UUID,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)

RESPONSES_KEPT = timedelta(hours=24)

METADATA = MetaData()
QUEUE = MetaData()
"""PgQueuer's own tables: it makes and knows them."""


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _event_columns() -> tuple[Column[object], ...]:
    return (
        Column("event_id", UUID, nullable=False),
        Column("topic", Text, nullable=False),
        Column("subject", UUID, nullable=False),
        Column("owner_id", UUID),
        Column("ce_type", Text, nullable=False),
        _moment("occurred_at"),
        Column("trace", Text, nullable=False),
        Column("payload", Text, nullable=False),
    )


outbox = Table(
    "outbox",
    METADATA,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    *_event_columns(),
    _moment("published_at", nullable=True),
    UniqueConstraint("event_id", name="outbox_event_id_key"),
    Index("ix_outbox_unpublished", "position", postgresql_where=text("published_at IS NULL")),
    Index("ix_outbox_published_at", "published_at", postgresql_where=text("published_at IS NOT NULL")),
    Index("ix_outbox_owner_id", "owner_id"),
)
"""Events to be sent, and those sent a while ago."""

dead_letter = Table(
    "dead_letter",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    *_event_columns(),
    Column("cause", Text, nullable=False),
    _now("set_aside_at"),
    UniqueConstraint("event_id", name="dead_letter_event_id_key"),
    Index("ix_dead_letter_owner_id", "owner_id"),
)
"""Events that Kafka refused for good."""

inbox = Table(
    "inbox",
    METADATA,
    Column("consumer", Text, primary_key=True),
    Column("event_id", UUID, primary_key=True),
    _now("seen_at"),
    Index("ix_inbox_seen_at", "seen_at"),
)
"""Which reaction has seen which event."""

status = Column("status", Text, nullable=False, server_default="queued")
# written out in every statement, so that the indexes which say the same are found
OPEN_STATUSES = ("queued", "running", "retrying")
OPEN_WORDS: list[ColumnElement[str]] = [literal_column(f"'{word}'") for word in OPEN_STATUSES]
ENDED_WORDS: list[ColumnElement[str]] = [
    literal_column(f"'{word}'") for word in ("succeeded", "failed", "cancelled")
]
OPEN = status.in_(OPEN_WORDS)
ENDED = status.in_(ENDED_WORDS)

task = Table(
    "task",
    METADATA,
    Column("id", UUID, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("owner_id", UUID),
    Column("payload", Text, nullable=False),
    Column("trace", Text, nullable=False),
    status,
    Column("progress", Double, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("result", Text),
    _now("created_at"),
    _now("updated_at"),
    Column("place", Text),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("job_id", BigInteger),
    Column("job_attempt", Integer),
    _now("due_at"),
    Index("ix_task_owner_id", "owner_id"),
    Index("ix_task_open", "owner_id", "id", postgresql_where=OPEN),
    Index("ix_task_ended", "updated_at", postgresql_where=ENDED),
)
"""Work to be done later, and what became of it."""

idempotency = Table(
    "idempotency",
    METADATA,
    Column("owner_id", UUID, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", Text),
    _now("created_at"),
    Index("ix_idempotency_created_at", "created_at"),
)
"""Responses kept for requests that are repeated."""

erased_owner = Table(
    "erased_owner",
    METADATA,
    Column("owner_id", UUID, primary_key=True),
    _now("erased_at"),
    Index("ix_erased_owner_erased_at", "erased_at"),
)
"""Who was erased, by id alone."""

_id = partial(Column, "id", BigInteger, primary_key=True)
job = Table("pgqueuer", QUEUE, _id(), Column("payload", LargeBinary))
job_log = Table("pgqueuer_log", QUEUE, _id(), _moment("created"))
job_statistics = Table("pgqueuer_statistics", QUEUE, _id(), _moment("created"))


def in_schema(schema: str) -> MetaData:
    """Return the tables as they are in one service's schema, to be compared with what is there."""
    metadata = MetaData(schema=schema)
    for shared in METADATA.sorted_tables:
        shared.to_metadata(metadata, schema=schema)
    return metadata


def queue_settings(schema: str) -> DBSettings:
    """Return PgQueuer's names in one service's schema; the channel is the database's, so it carries the name."""
    return DBSettings(db_schema=schema, channel=f"tasks_{schema}")
