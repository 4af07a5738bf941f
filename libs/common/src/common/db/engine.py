"""Postgres for one service: its schema's metadata, its engine, and the request that is a transaction."""

import re

import asyncpg
from sqlalchemy import MetaData, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from common.db.pool_metrics import MeasuredPool
from common.settings import EVENT_BYTES

SessionMaker = async_sessionmaker[AsyncSession]

STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000

VALUES = re.compile(
    r"(DETAIL:|invalid input for query argument \$\d+:|invalid input syntax for [^:]+:).*", re.DOTALL
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def metadata(schema: str) -> MetaData:
    """Return the metadata of one service's own schema, with predictable constraint names."""
    return MetaData(schema=schema, naming_convention=NAMING)


def schema_of(url: str) -> str:
    """Return the schema that belongs to a database URL: it has the name of the role that owns it."""
    user = make_url(url).username
    if not user:
        raise ValueError("the database URL names no user")
    return user


def _server_settings(schema: str) -> dict[str, str]:
    return {
        "search_path": schema,
        "application_name": f"interviewace-{schema}",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    }


def asyncpg_url(url: str) -> URL:
    """Return the URL as SQLAlchemy wants it for asyncpg."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """Return an engine whose every connection works in the schema of the URL's role, with timeouts set."""
    engine = create_async_engine(
        asyncpg_url(url),
        poolclass=MeasuredPool,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": 5, "server_settings": _server_settings(schema_of(url))},
    )
    event.listen(engine.sync_engine, "handle_error", _hide_values)
    return engine


def _hide_values(context: ExceptionContext) -> None:
    """Take the values of rows out of an error, which logs, traces and dead letters tell of."""
    errors: list[BaseException | None] = [context.sqlalchemy_exception, context.original_exception]
    errors.append(context.original_exception.__cause__)
    for error in errors:
        if error is not None and error.args:
            error.args = (VALUES.sub(r"\1 (not shown)", str(error.args[0])), *error.args[1:])
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None


def create_sessionmaker(engine: AsyncEngine, *, event_bytes: int = EVENT_BYTES) -> SessionMaker:
    """Return the maker of sessions; rows stay readable after their transaction.

    `event_bytes` is how large an event may be that is published in one of them.
    """
    return async_sessionmaker(engine, expire_on_commit=False, info={"event_bytes": event_bytes})


async def connect(url: str, **server_settings: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a bare connection outside any pool, for LISTEN and for locks that live as long as it does.

    `server_settings` are added to the timeouts that every connection of ours has.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    settings = _server_settings(schema_of(url)) | {
        "statement_timeout": "0",
        "lock_timeout": "0",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        **server_settings,
    }
    return await asyncpg.connect(plain, timeout=5, server_settings=settings)
