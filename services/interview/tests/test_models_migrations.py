"""What the version before has kept, and still writes while it runs, counts after the migration."""

import asyncio
from uuid import UUID

import asyncpg
import pytest_asyncio
from alembic import command

import interview
from common import provision
from common.db import engine, migrations
from common.ids import uuid7
from testkit.services import PASSWORD, Services

ERASED = "SELECT owner_id FROM erased_owner"


@pytest_asyncio.fixture
async def url(services: Services) -> str:
    """The URL of an empty schema in a database of its own."""
    server = services.addresses.postgres_admin_url.split("@", 1)[1].split("/", 1)[0]
    address = f"postgresql://interview:{PASSWORD}@{server}/interviewace_{uuid7().hex}"
    await provision.provision_postgres(services.addresses.postgres_admin_url, [address])
    return address


async def kept(connection: asyncpg.Connection) -> set[UUID]:
    return {row["owner_id"] for row in await connection.fetch(ERASED)}


async def test_who_was_erased_before_stays_erased_and_who_is_by_the_code_before_too(url: str) -> None:
    config = migrations.config(url, migrations.folder_of(interview))
    before, meanwhile = uuid7(), uuid7()
    insert = "INSERT INTO erased_user (user_id, erased_at) VALUES ($1, now()) ON CONFLICT DO NOTHING"
    await asyncio.to_thread(command.upgrade, config, "0001")
    connection = await engine.connect(url)
    try:
        await connection.execute(insert, before)
        await asyncio.to_thread(migrations.upgrade, url, migrations.folder_of(interview))
        assert await kept(connection) == {before}
        for _ in range(2):
            await connection.execute(insert, meanwhile)
        assert await kept(connection) == {before, meanwhile}
        assert await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM erased_user WHERE user_id = $1)", before
        )
    finally:
        await connection.close()
    await asyncio.to_thread(migrations.check, url, migrations.folder_of(interview))
