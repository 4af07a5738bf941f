"""A worker process whose tasks may kill it: started again and again by `test_task_deaths`."""

import asyncio
import os
import signal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text

from common.messaging.router import EventRouter
from common.settings import ServiceSettings
from common.tasks.queue import TaskPayload, TaskRouter
from common.worker.app import create_worker

NOTE = text("INSERT INTO note (id, owner_id, text) VALUES (gen_random_uuid(), :owner, :text)")


class Remember(TaskPayload):
    kind: ClassVar[str] = "sample.remember"
    owner_id: UUID
    text: str


router = TaskRouter()


async def tell(session, task, reason):
    await session.execute(NOTE, {"owner": task.owner_id, "text": reason})


@router.task(Remember, failed=tell)
async def remember(work, task):
    if task.text == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(1)  # long enough to be at work when another task of this process kills it
    async with work.sessions.begin() as session:
        await session.execute(NOTE, {"owner": task.owner_id, "text": task.text})


async def main():
    worker = create_worker(ServiceSettings(), EventRouter(), router)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with worker.router.lifespan_context(worker):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
