"""A migration gives way to requests: it waits for a lock for a moment only, and comes again."""

import asyncio
import shutil
from pathlib import Path

import pytest

from common.db import engine, migrations

FOLDER = Path(__file__).parents[1] / "sample_migrations"
REVISION = '''"""Two tables, one after the other."""

from alembic import op

revision, down_revision = "9999", "{down}"


def upgrade() -> None:
    op.execute("ALTER TABLE inbox ADD COLUMN later int")
    op.execute("ALTER TABLE outbox ADD COLUMN later int")
'''
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relname = $1
"""


@pytest.fixture
async def url(services):
    """Return the URL of a role whose schema is up to date."""
    url = await services.provisioned("busy")
    await asyncio.to_thread(migrations.upgrade, url, FOLDER)
    yield url
    connection = await engine.connect(url)
    await connection.execute("DROP SCHEMA busy CASCADE")
    await connection.close()
    await services.provisioned("busy")


@pytest.fixture
async def clients(url):
    """Two connections with the timeouts of a request, and one that looks on."""
    waits = {
        "lock_timeout": str(engine.LOCK_TIMEOUT_MS),
        "statement_timeout": str(engine.STATEMENT_TIMEOUT_MS),
    }
    connections = [await engine.connect(url, **waits) for _ in range(3)]
    yield connections
    for connection in connections:
        await connection.close()


@pytest.fixture
def newer(tmp_path):
    """A folder with one revision more."""
    folder = shutil.copytree(FOLDER, tmp_path / "migrations")
    newest = max((folder / "versions").glob("0*.py")).stem.partition("_")[0]
    (folder / "versions" / "9999_later.py").write_text(REVISION.format(down=newest))
    return folder


async def until_the_migration_waits(looker, table):
    while not await looker.fetchval(WAITING, table):
        await asyncio.sleep(0.01)


async def columns(connection):
    return await connection.fetchval(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'busy' AND column_name = 'later'"
    )


async def test_requests_are_answered_while_a_migration_waits_for_a_long_one(url, clients, newer):
    long, other, looker = clients
    async with long.transaction():
        await long.fetch("SELECT 1 FROM inbox")
        migrating = asyncio.create_task(asyncio.to_thread(migrations.upgrade, url, newer))
        await until_the_migration_waits(looker, "inbox")
        await other.fetch("SELECT 1 FROM inbox")
        assert not migrating.done()
    assert await migrating
    assert await columns(looker) == 2


async def test_a_migration_that_takes_locks_in_another_order_gives_way_and_comes_again(url, clients, newer):
    request, _, looker = clients
    async with request.transaction():
        await request.fetch("SELECT 1 FROM outbox")
        migrating = asyncio.create_task(asyncio.to_thread(migrations.upgrade, url, newer))
        await until_the_migration_waits(looker, "outbox")
        await request.fetch("SELECT 1 FROM inbox")
        assert not migrating.done()
    assert await migrating
    assert await columns(looker) == 2


async def test_a_migration_that_never_gets_its_lock_says_so_in_the_end(url, clients, newer):
    long, _, looker = clients
    async with long.transaction():
        await long.fetch("SELECT 1 FROM inbox")
        with pytest.raises(migrations.NeverFree, match="nothing was changed"):
            await asyncio.to_thread(migrations.upgrade, url, newer, patience=0.5)
    assert await columns(looker) == 0
