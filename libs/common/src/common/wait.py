"""Waits for what has to be there before a process can work: a login, a schema that is new enough, the topics."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from common.contracts.catalogue import PUBLISHERS
from common.db import revisions
from common.messaging import dead_letters, kafka
from common.settings import ServiceSettings

PAUSE_SECONDS = 1.0
CONNECT_SECONDS = 5.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, KafkaError)
"""What a server says that is not up yet, or does not know its new user yet."""

Check = Callable[[], Awaitable[str | None]]
"""Returns what is missing, None where nothing is."""


class StillMissing(Exception):
    """What is waited for was not there in time; the message says what it was."""


async def until(checks: Sequence[Check], patience: float) -> None:
    """Wait until every check is content, one after another, `patience` seconds at most for all of them.

    Raises:
        StillMissing: time ran out; says what the check said last.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    for check in checks:
        while missing := await _missing(check):
            if loop.time() >= deadline:
                raise StillMissing(f"still missing after {patience:g} s: {missing}")
            await asyncio.sleep(PAUSE_SECONDS)


async def _missing(check: Check) -> str | None:
    try:
        return await check()
    except AWAY as error:
        return f"{getattr(check, '__name__', 'a server')}: {type(error).__name__}"


def checks_of(settings: ServiceSettings, folder: Path, kinds: Sequence[str]) -> list[Check]:
    """Return the checks for a service: `login`, `schema` (as new as `folder` at least), `topics`."""
    url = settings.database_url.get_secret_value()

    async def login() -> str | None:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        await connection.close()
        return None

    async def schema() -> str | None:
        return None if await revisions.is_current(url, folder) else "the schema's newest revision"

    async def topics() -> str | None:
        wanted = {*(event.topic for event in PUBLISHERS.values()), dead_letters.topic_of(settings.service)}
        missing = wanted - await kafka.topics_of(settings.kafka_bootstrap_servers)
        return f"topics {', '.join(sorted(missing))}" if missing else None

    known: dict[str, Check] = {"login": login, "schema": schema, "topics": topics}
    return [known[kind] for kind in kinds]
