"""Shows how parsing a résumé gets on, as it happens."""

from collections.abc import AsyncIterator
from uuid import UUID

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, ConfigDict

from common.db.engine import SessionMaker
from common.db.notifications import Notifier
from resume import parse_jobs, resumes
from resume.models import ResumeStatus

LOOK_AGAIN_SECONDS = 10.0


class Progress(BaseModel):
    """Where a résumé stands at one moment."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    status: ResumeStatus
    error: str | None


async def _look(sessionmaker: SessionMaker, owner_id: UUID, resume_id: UUID) -> Progress | None:
    async with sessionmaker() as session:
        try:
            resume = await resumes.get(session, owner_id, resume_id)
        except resumes.ResumeNotFound:
            return None
        return Progress.model_validate(resume)


async def stream(
    sessionmaker: SessionMaker, notifier: Notifier, owner_id: UUID, resume_id: UUID
) -> AsyncIterator[bytes]:
    """Yield server-sent events that say where the résumé stands, until it is read, failed or removed.

    Where nothing changes, a comment every ten seconds keeps the connection open.
    """
    shown: Progress | None = None
    async with notifier.watch(parse_jobs.notification_key(resume_id)) as subscription:
        while (current := await _look(sessionmaker, owner_id, resume_id)) is not None:
            if current != shown:
                yield format_sse_event(event="status", data_str=current.model_dump_json())
                shown = current
            if current.status.is_final:
                return
            if not await subscription.wait(LOOK_AGAIN_SECONDS):
                yield KEEPALIVE_COMMENT
