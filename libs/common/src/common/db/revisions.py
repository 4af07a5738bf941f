"""How far a schema is: as far as this version's migrations, or as a later version's."""

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from common.db import engine


async def is_current(url: str, folder: Path) -> bool:
    """Tell whether the schema is at the newest revision in `folder`, or at one that is newer than all of it.

    A newer one was made by a later version, and its migrations are safe for the version before.
    """
    return await _heads(url) == set(ScriptDirectory(folder).get_heads()) or await is_beyond(url, folder)


async def is_beyond(url: str, folder: Path) -> bool:
    """Tell whether the schema is at a revision that is not in `folder`."""
    known = {script.revision for script in ScriptDirectory(folder).walk_revisions()}
    return not await _heads(url) <= known


async def _heads(url: str) -> set[str]:
    """Return the revision that the schema is at, as a set that is empty where nothing was migrated."""
    database_engine = create_async_engine(
        engine.asyncpg_url(url), poolclass=NullPool, connect_args={"timeout": 5}
    )
    try:
        async with database_engine.connect() as connection:
            return set(await connection.run_sync(_heads_of, engine.schema_of(url)))
    finally:
        await database_engine.dispose()


def _heads_of(connection: Connection, schema: str) -> tuple[str, ...]:
    return MigrationContext.configure(connection, opts={"version_table_schema": schema}).get_current_heads()
