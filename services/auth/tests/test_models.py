"""The rows and the schema they live in."""

import asyncio

import auth
from common.db import migrations


async def test_the_models_and_the_migrations_say_the_same(service):
    await asyncio.to_thread(migrations.check, service.url, migrations.folder_of(auth))
