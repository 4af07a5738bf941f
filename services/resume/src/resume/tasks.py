"""Slow work of the résumé service."""

from common.tasks import TaskRouter, Work
from resume import readings

router = TaskRouter()


@router.task(readings.ReadResume, attempts=5, timeout=60.0, failed=readings.failed)
async def read_resume(work: Work, task: readings.ReadResume) -> None:
    """Read a résumé's file and keep its profile."""
    await readings.read(work.sessions, task)
