"""Tasks that the version before put into the queue are worked off, whenever it did."""

import asyncio
import shutil
from pathlib import Path

from alembic import command
from sqlalchemy import text

from common.db import engine, migrations
from common.ids import uuid7
from common.tasks.queue import TaskRouter

SCHEMA = "sample_before"
TASK = text(
    "INSERT INTO task (id, kind, owner_id, payload, trace, result) VALUES (:id, 'sample.remember', :owner, :payload,"
    " '{}', NULL)"
)
JOB = text(
    "INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, status)"
    " VALUES (0, 'sample.remember', :payload, now() + make_interval(hours => :hours), 'queued')"
)


async def enqueue_as_before(sessions, payload, hours=0):
    task_id = uuid7()
    async with sessions.begin() as session:
        row = {"id": task_id, "owner": payload.owner_id, "payload": payload.model_dump_json()}
        await session.execute(TASK, row)
        await session.execute(JOB, {"payload": task_id.bytes, "hours": hours})
    return task_id


async def test_tasks_from_before_are_done_after_the_migration(sample, remember_payload, eventually, tmp_path):
    url = await sample.services.provisioned(SCHEMA)
    folder = shutil.copytree(Path(__file__).parents[1] / "sample_migrations", tmp_path / "migrations")
    environment = folder / "env.py"
    environment.write_text(environment.read_text().replace('"sample"', f'"{SCHEMA}"'))
    config = migrations.config(url, folder)
    await asyncio.to_thread(command.upgrade, config, "0001")
    database_engine = engine.create_engine(url, pool_size=3)
    sessions = engine.create_sessionmaker(database_engine)
    owner, router, done = uuid7(), TaskRouter(), []

    @router.task(remember_payload)
    async def do(work, task):
        done.append(task.text)

    for words in ("before 1", "before 2", "before 3"):
        await enqueue_as_before(sessions, remember_payload(owner_id=owner, text=words))
    later = await enqueue_as_before(sessions, remember_payload(owner_id=owner, text="later"), hours=24)
    async with sessions.begin() as session:
        await session.execute(
            text("UPDATE task SET status = 'running', attempts = 1 WHERE id <> :id"), {"id": later}
        )
    await asyncio.to_thread(command.upgrade, config, "head")
    await enqueue_as_before(sessions, remember_payload(owner_id=owner, text="meanwhile"))
    settings = sample.services.settings_environment(SCHEMA)
    worker_settings = type(sample.settings).model_validate(
        {k.lower(): value for k, value in settings.items()}
    )
    before, sample.settings = sample.settings, worker_settings
    try:
        async with sample.working(tasks=router):

            async def all_done():
                return len(done) == 4

            await eventually(all_done)
    finally:
        sample.settings = before
    assert sorted(done) == ["before 1", "before 2", "before 3", "meanwhile"]
    async with sessions() as session:
        due = text("SELECT due_at > now() + interval '23 hours' FROM task WHERE id = :id")
        assert await session.scalar(due, {"id": later})
    await database_engine.dispose()
