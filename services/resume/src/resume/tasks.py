"""Slow work of the résumé service."""

from common.tasks.queue import TaskContext, TaskRouter
from resume import parse_jobs

router = TaskRouter()


@router.task(parse_jobs.ParseResume, attempts=5, timeout=60.0, failed=parse_jobs.failed)
async def parse_resume(context: TaskContext, task: parse_jobs.ParseResume) -> None:
    """Read a résumé's file and keep its profile."""
    await parse_jobs.run(context.sessions, task)
