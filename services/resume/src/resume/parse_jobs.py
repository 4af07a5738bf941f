"""Has résumés read: asked for in a transaction, done by a task between two short ones, announced once."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.resume import ResumeParsed, ResumeParseFailed
from common.db import notifications
from common.db.engine import SessionMaker
from common.messaging import outbox
from common.tasks.queue import PermanentFailure, TaskPayload, enqueue
from resume.extraction import sandbox
from resume.models import Resume, ResumeFile, ResumeStatus
from resume.upload.file_kind import FileKind

NEEDS_OCR = (
    "There is no text in the file, only pictures of it. Export the résumé from the program it was written in, or run"
    " text recognition (OCR) over the scan, and upload that."
)
INTERRUPTED = "Reading was interrupted several times. Ask for it again (`POST /api/v1/resume/{id}/reparse`)."


class ReadResume(TaskPayload):
    """Read a résumé; `reading` tells this time from an earlier or later one."""

    kind: ClassVar[str] = "resume.read"

    resume_id: UUID
    reading: int


def address(resume_id: UUID) -> str:
    """Return the path at which a résumé is found."""
    return f"/api/v1/resume/{resume_id}"


def live_key(resume_id: UUID) -> str:
    """Return the key under which a résumé's progress is announced."""
    return f"resume:{resume_id}"


async def ask(session: AsyncSession, resume: Resume) -> None:
    """Enqueue the reading of a résumé that is queued."""
    payload = ReadResume(resume_id=resume.id, reading=resume.reading)
    resume.task_id = await enqueue(session, payload, owner=resume.owner_id, result=address(resume.id))
    await notifications.notify(session, live_key(resume.id))


async def _find(session: AsyncSession, task: ReadResume) -> Resume | None:
    """Return the résumé of a reading that is still wanted, locked until the transaction ends."""
    query = (
        select(Resume).where(Resume.id == task.resume_id, Resume.reading == task.reading).with_for_update()
    )
    resume = await session.scalar(query)
    return None if resume is None or resume.state.is_final else resume


async def begin(sessions: SessionMaker, task: ReadResume) -> tuple[FileKind, bytes] | None:
    """Mark a résumé as being read and return its file, or None where this reading is not wanted any more."""
    async with sessions.begin() as session:
        resume = await _find(session, task)
        if resume is None:
            return None
        resume.move(ResumeStatus.PARSING)
        await notifications.notify(session, live_key(resume.id))
        data = await session.scalar(select(ResumeFile.data).where(ResumeFile.resume_id == resume.id))
        return FileKind(resume.kind), data or b""


def quality_of(read: sandbox.Reading) -> dict[str, Any]:
    """Return what the owner should know about how well the file could be read."""
    return {
        "reader": read.reader,
        "pages": read.pages,
        "lines": len(read.lines),
        "characters": read.characters,
        "hidden_spans": len(read.hidden),
        "unassigned_lines": read.unassigned,
        "warnings": read.warnings,
    }


async def _parsed(session: AsyncSession, resume: Resume, read: sandbox.Reading) -> None:
    resume.move(ResumeStatus.PARSED)
    resume.profile = read.profile.model_dump()
    resume.provenance = {pointer: source.model_dump() for pointer, source in read.provenance.items()}
    event = ResumeParsed(
        resume_id=resume.id,
        user_id=resume.owner_id,
        title=resume.title,
        background=read.profile.background(),
    )
    await outbox.publish(session, event)


async def _unread(session: AsyncSession, resume: Resume, status: ResumeStatus, error: str) -> None:
    resume.move(status, error)
    await notifications.notify(session, live_key(resume.id))
    event = ResumeParseFailed(resume_id=resume.id, user_id=resume.owner_id, status=status.value, error=error)
    await outbox.publish(session, event)


async def end(sessions: SessionMaker, task: ReadResume, read: sandbox.Reading) -> None:
    """Keep what was found and announce it, unless this reading is not wanted any more."""
    async with sessions.begin() as session:
        resume = await _find(session, task)
        if resume is None:
            return
        resume.lines = [asdict(line) for line in read.lines]
        resume.hidden = read.hidden
        resume.quality = quality_of(read)
        if read.needs_ocr:
            await _unread(session, resume, ResumeStatus.NEEDS_OCR, NEEDS_OCR)
            return
        await _parsed(session, resume, read)
        await notifications.notify(session, live_key(resume.id))


async def read(sessions: SessionMaker, task: ReadResume) -> None:
    """Read one résumé and keep what was found; where it is gone, or read already, nothing happens.

    Raises:
        GiveUp: the file can't be read; the résumé says why, and trying again would not help.
    """
    file = await begin(sessions, task)
    if file is None:
        return
    try:
        result = await sandbox.read(*file)
    except sandbox.Unreadable as error:
        async with sessions.begin() as session:
            if resume := await _find(session, task):
                await _unread(session, resume, ResumeStatus.FAILED, error.detail)
        raise PermanentFailure(error.detail) from error
    await end(sessions, task, result)


async def failed(session: AsyncSession, task: ReadResume, _: str) -> None:
    """Say so on the résumé when its task was given up for a reason that does not lie in the file."""
    if resume := await _find(session, task):
        await _unread(session, resume, ResumeStatus.FAILED, INTERRUPTED)
