"""Slow work of the résumé service."""

from common.tasks.queue import TaskContext, TaskRouter
from resume import parse_jobs

router = TaskRouter()


@router.task(parse_jobs.ReadResume, attempts=5, timeout=60.0, failed=parse_jobs.failed)
async def read_resume(work: TaskContext, task: parse_jobs.ReadResume) -> None:
    """Read a résumé's file and keep its profile."""
    await parse_jobs.read(work.sessions, task)
