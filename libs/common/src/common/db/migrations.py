"""Alembic for one service: its own history and version table, in its own schema."""

import asyncio
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic import command, context
from alembic.config import Config
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.schema import declaration
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from common.db import engine, revisions, tables

LOCK_TIMEOUT_MS = 200
"""Far less than Postgres' deadlock_timeout (1 s): in a deadlock the migration gives way, and not a request."""
PAUSE_SECONDS = 1.0
IN_USE = ("55P03", "40P01")
"""lock_not_available and deadlock_detected."""

LOCK = text("SELECT pg_advisory_xact_lock(7266279, hashtext(current_schema()))")

MESSAGING_TABLES_V1 = (
    """
    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        topic text NOT NULL,
        subject uuid NOT NULL,
        ce_type text NOT NULL,
        occurred_at timestamptz NOT NULL,
        trace text NOT NULL,
        payload text NOT NULL,
        published_at timestamptz
    )
    """,
    "CREATE INDEX ix_outbox_unpublished ON outbox (position) WHERE published_at IS NULL",
    "CREATE INDEX ix_outbox_published_at ON outbox (published_at) WHERE published_at IS NOT NULL",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
    )
    """,
    """
    CREATE TABLE task (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        owner_id uuid,
        payload text NOT NULL,
        trace text NOT NULL,
        status text NOT NULL DEFAULT 'queued',
        progress double precision NOT NULL DEFAULT 0,
        attempts integer NOT NULL DEFAULT 0,
        failures integer NOT NULL DEFAULT 0,
        error text,
        result text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_task_owner_id ON task (owner_id)",
    """
    CREATE TABLE idempotency (
        owner_id uuid NOT NULL,
        operation text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        answer text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (owner_id, operation, key)
    )
    """,
)

EVENT_OWNERS_AND_DEAD_LETTERS_V2 = (
    "ALTER TABLE outbox ADD COLUMN owner_id uuid",
    # the code before fills no owner: take it from the event, which names its person among its first fields
    """
    UPDATE outbox SET owner_id = substring(left(payload, 400) FROM '"user_id":"([0-9a-f-]{36})"')::uuid
    """,
    "CREATE INDEX ix_outbox_owner_id ON outbox (owner_id)",
    """
    CREATE TABLE dead_letter (
        position bigint PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        topic text NOT NULL,
        subject uuid NOT NULL,
        owner_id uuid,
        ce_type text NOT NULL,
        occurred_at timestamptz NOT NULL,
        trace text NOT NULL,
        payload text NOT NULL,
        cause text NOT NULL,
        set_aside_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_dead_letter_owner_id ON dead_letter (owner_id)",
    "CREATE INDEX ix_inbox_seen_at ON inbox (seen_at)",
)


def create_messaging_tables_v1(op: Any) -> None:
    """Create what every service's schema has besides its own tables: outbox, inbox, tasks and their queue.

    Part of a service's first revision; what it creates never changes, later needs get a function of their own.
    """
    for statement in MESSAGING_TABLES_V1:
        op.execute(statement)
    schema = op.get_bind().exec_driver_sql("SELECT current_schema()").scalar_one()
    queue = QueryBuilderEnvironment(tables.queue_settings(schema)).build_install_query(create_schema=False)
    # many statements at once: only the driver's own `execute` takes them, inside the transaction already open
    op.get_bind().connection.dbapi_connection.run_async(lambda driver: driver.execute(queue))


def add_event_owners_and_dead_letters_v2(op: Any) -> None:
    """Give an event its owner, a refused one a table to wait in, and the inbox an order to be pruned by."""
    for statement in EVENT_OWNERS_AND_DEAD_LETTERS_V2:
        op.execute(statement)


TASK_PLACES_AND_DEATHS_V3 = (
    # what the version before writes stays right: no place, no death, due at once
    """
    ALTER TABLE task
        ADD COLUMN place text,
        ADD COLUMN deaths integer NOT NULL DEFAULT 0,
        ADD COLUMN job_id bigint,
        ADD COLUMN job_attempt integer,
        ADD COLUMN due_at timestamptz NOT NULL DEFAULT now()
    """,
    """
    UPDATE task SET due_at = pgqueuer.execute_after FROM pgqueuer
    WHERE pgqueuer.payload = uuid_send(task.id) AND task.status IN ('queued', 'retrying')
    """,
    "CREATE INDEX ix_task_open ON task (owner_id, id) WHERE status IN ('queued', 'running', 'retrying')",
    "CREATE INDEX ix_task_ended ON task (updated_at) WHERE status IN ('succeeded', 'failed', 'cancelled')",
    "CREATE INDEX ix_idempotency_created_at ON idempotency (created_at)",
    "CREATE INDEX ix_pgqueuer_payload ON pgqueuer (payload)",
    "CREATE INDEX ix_pgqueuer_statistics_created ON pgqueuer_statistics (created)",
)


def add_task_places_and_deaths_v3(op: Any) -> None:
    """Give tasks their place in an owner's line and their attempts' deaths, and index what is pruned."""
    for statement in TASK_PLACES_AND_DEATHS_V3:
        op.execute(statement)


ERASED_OWNERS_V4 = (
    """
    CREATE TABLE erased_owner (
        owner_id uuid PRIMARY KEY,
        erased_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_erased_owner_erased_at ON erased_owner (erased_at)",
)


def create_erased_owners_v4(op: Any) -> None:
    """Create the tombstones of erased owners."""
    for statement in ERASED_OWNERS_V4:
        op.execute(statement)


def _migrate(connection: Connection, metadata: MetaData, schema: str) -> None:
    queue_tables = {table.name for table in declaration.target(tables.queue_settings(schema)).tables}

    def ours(_: Any, name: str | None, kind: str, __: bool, ___: Any) -> bool:
        return kind != "table" or name not in queue_tables

    def own_schema(name: str | None, kind: str, _: Any) -> bool:
        return kind != "schema" or name == schema

    context.configure(
        connection=connection,
        target_metadata=[metadata, tables.in_schema(schema)],
        compare_server_default=True,
        version_table="alembic_version",
        version_table_schema=schema,
        include_name=own_schema,
        include_object=ours,
        include_schemas=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        connection.execute(LOCK)
        context.run_migrations()


async def _online(url: str, metadata: MetaData) -> None:
    # comparing wants every name with its schema, migrating wants the role's own schema as the place of bare names
    schema = engine.schema_of(url)
    search_path = "pg_catalog" if context.config.attributes.get("comparing") else schema
    database_engine = create_async_engine(
        engine.asyncpg_url(url),
        poolclass=NullPool,
        connect_args={
            "timeout": 5,
            "server_settings": {"search_path": search_path, "lock_timeout": str(LOCK_TIMEOUT_MS)},
        },
    )
    try:
        async with database_engine.connect() as connection:
            await connection.run_sync(_migrate, metadata, schema)
            await connection.commit()
    finally:
        await database_engine.dispose()


def run(metadata: MetaData) -> None:
    """Run the migrations of one service; called by its `migrations/env.py`."""
    asyncio.run(_online(context.config.attributes["url"], metadata))


def config(url: str, folder: Path) -> Config:
    """Return Alembic's configuration for a service's migrations folder."""
    made = Config()
    made.set_main_option("script_location", str(folder).replace("%", "%%"))
    made.attributes["url"] = url
    return made


def _comparing(url: str, folder: Path) -> Config:
    made = config(url, folder)
    made.attributes["comparing"] = True
    return made


def folder_of(package: ModuleType) -> Path:
    """Return the migrations of a service: inside the installed package, beside `src` in a checkout."""
    here = Path(str(package.__file__)).parent
    inside = here / "migrations"
    return inside if inside.is_dir() else here.parents[1] / "migrations"


class NeverFree(Exception):
    """Tables were in use for so long that a migration never got its locks; nothing was changed."""


def upgrade(url: str, folder: Path, *, patience: float = 120) -> bool:
    """Bring the schema of the URL's role to the newest revision in `folder`, while others may be using it.

    Return False where a later version has brought it beyond: it works for the version before and stays as it is. It
    waits for a lock for a moment only, since requests queue behind it, and tries again for `patience` seconds.

    Raises:
        NeverFree: others held the tables all the while.
    """
    if asyncio.run(revisions.is_beyond(url, folder)):
        return False
    deadline = time.monotonic() + patience
    while not _upgraded(url, folder):
        if time.monotonic() >= deadline:
            raise NeverFree(
                f"no lock was to be had on its tables within {patience:g} s, and nothing was changed:"
                " end long transactions (pg_stat_activity), then migrate again"
            )
        time.sleep(PAUSE_SECONDS)
    return True


def _upgraded(url: str, folder: Path) -> bool:
    try:
        command.upgrade(config(url, folder), "head")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in IN_USE:
            return False
        raise
    return True


def revision(url: str, folder: Path, message: str) -> None:
    """Write a new revision from the difference between models and database."""
    command.revision(_comparing(url, folder), message, autogenerate=True)


def check(url: str, folder: Path) -> None:
    """Compare the models and the shared tables with what the migrations made.

    Raises:
        AutogenerateDiffsDetected: they differ; the message says in what.
    """
    command.check(_comparing(url, folder))
