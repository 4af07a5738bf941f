"""Shows how reading a résumé gets on, as it happens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from common.database import Sessions
from common.live import Bulletin
from resume import library, readings
from resume.models import ResumeStatus

LOOK_AGAIN_SECONDS = 10.0


@dataclass(frozen=True)
class Progress:
    """Where a résumé stands at one moment."""

    status: ResumeStatus
    error: str | None


async def _look(sessions: Sessions, owner: UUID, resume_id: UUID) -> Progress | None:
    async with sessions() as session:
        try:
            resume = await library.get(session, owner, resume_id)
        except library.ResumeNotFound:
            return None
        return Progress(resume.state, resume.error)


async def follow(
    sessions: Sessions, bulletin: Bulletin, owner: UUID, resume_id: UUID
) -> AsyncIterator[Progress]:
    """Yield where the résumé stands, now and at each change, until it is read, failed or removed."""
    shown: Progress | None = None
    async with bulletin.watch(readings.live_key(resume_id)) as watcher:
        while (current := await _look(sessions, owner, resume_id)) is not None:
            if current != shown:
                yield current
                shown = current
            if current.status.is_final:
                return
            await watcher.wait(LOOK_AGAIN_SECONDS)
