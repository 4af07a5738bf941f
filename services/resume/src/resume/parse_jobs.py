"""Parse jobs of résumés: submitted in a transaction, run by a task between two short ones, published once."""

from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common import paths
from common.contracts.resume import ResumeParsed, ResumeParseFailed
from common.db import notifications
from common.db.engine import SessionMaker
from common.messaging import outbox
from common.metrics import meter, timed
from common.tasks.queue import PermanentFailure, TaskPayload, enqueue
from resume.extraction import sandbox
from resume.models import Resume, ResumeFile, ResumeStatus, address_of
from resume.profile import Quality
from resume.upload.file_kind import FileKind

NEEDS_OCR = (
    "There is no text in the file, only pictures of it. Export the résumé from the program it was written in, or run"
    " text recognition (OCR) over the scan, and upload that."
)
DURATION = meter.create_histogram(
    "interviewace.resume.reading.duration",
    unit="s",
    description="Seconds of reading a file, by kind and outcome.",
)
INTERRUPTED = (
    f"Reading was interrupted several times. Ask for it again (`POST {paths.RESUME}/{{id}}/reparse`)."
)


class ParseResume(TaskPayload):
    """Parse a résumé; `reading` tells this job from an earlier or later one."""

    kind: ClassVar[str] = "resume.read"

    resume_id: UUID
    reading: int


def notification_key(resume_id: UUID) -> str:
    """Return the key under which a résumé's watchers are notified."""
    return f"resume:{resume_id}"


async def submit(session: AsyncSession, resume: Resume) -> None:
    """Enqueue the parse job of a résumé that is queued."""
    payload = ParseResume(resume_id=resume.id, reading=resume.reading)
    resume.task_id = await enqueue(session, payload, owner=resume.owner_id, result=address_of(resume.id))
    await notifications.notify(session, notification_key(resume.id))


async def _lock_wanted(session: AsyncSession, task: ParseResume) -> Resume | None:
    """Return the résumé of a parse job that is still wanted, locked until the transaction ends."""
    query = (
        select(Resume).where(Resume.id == task.resume_id, Resume.reading == task.reading).with_for_update()
    )
    resume = await session.scalar(query)
    return None if resume is None or resume.status.is_final else resume


async def start(sessionmaker: SessionMaker, task: ParseResume) -> tuple[FileKind, bytes] | None:
    """Mark a résumé as being read and return its file, or None where this job is not wanted any more."""
    async with sessionmaker.begin() as session:
        resume = await _lock_wanted(session, task)
        if resume is None:
            return None
        resume.move(ResumeStatus.PARSING)
        await notifications.notify(session, notification_key(resume.id))
        data = await session.scalar(select(ResumeFile.data).where(ResumeFile.resume_id == resume.id))
        return FileKind(resume.kind), data or b""


def quality_of(result: sandbox.ParseResult) -> Quality:
    """Return what the owner should know about how well the file could be read."""
    return Quality(
        reader=result.reader,
        pages=result.pages,
        lines=len(result.lines),
        characters=result.characters,
        hidden_spans=len(result.hidden),
        unassigned_lines=result.unassigned,
        warnings=result.warnings,
    )


async def _succeed(session: AsyncSession, resume: Resume, result: sandbox.ParseResult) -> None:
    resume.move(ResumeStatus.PARSED)
    resume.profile = result.profile
    resume.provenance = result.provenance
    event = ResumeParsed(
        resume_id=resume.id,
        user_id=resume.owner_id,
        title=resume.title,
        background=result.profile.resume_content(),
    )
    await outbox.publish(session, event)


async def _fail(session: AsyncSession, resume: Resume, status: ResumeStatus, error: str) -> None:
    resume.move(status, error)
    await notifications.notify(session, notification_key(resume.id))
    event = ResumeParseFailed(resume_id=resume.id, user_id=resume.owner_id, status=status, error=error)
    await outbox.publish(session, event)


async def finish(sessionmaker: SessionMaker, task: ParseResume, result: sandbox.ParseResult) -> None:
    """Keep what was found and publish it, unless this job is not wanted any more."""
    async with sessionmaker.begin() as session:
        resume = await _lock_wanted(session, task)
        if resume is None:
            return
        resume.lines = list(result.lines)
        resume.hidden = result.hidden
        resume.quality = quality_of(result)
        if result.needs_ocr:
            await _fail(session, resume, ResumeStatus.NEEDS_OCR, NEEDS_OCR)
            return
        await _succeed(session, resume, result)
        await notifications.notify(session, notification_key(resume.id))


async def run(sessionmaker: SessionMaker, task: ParseResume) -> None:
    """Read one résumé and keep what was found; where it is gone, or read already, nothing happens.

    Raises:
        PermanentFailure: the file can't be read; the résumé says why, and trying again would not help.
    """
    file = await start(sessionmaker, task)
    if file is None:
        return
    try:
        with timed(DURATION, {"kind": file[0].value}) as measured:
            result = await sandbox.read(*file)
            measured["outcome"] = ResumeStatus.NEEDS_OCR if result.needs_ocr else ResumeStatus.PARSED
    except sandbox.Unreadable as error:
        async with sessionmaker.begin() as session:
            if resume := await _lock_wanted(session, task):
                await _fail(session, resume, ResumeStatus.FAILED, error.detail)
        raise PermanentFailure(error.detail) from error
    await finish(sessionmaker, task, result)


async def failed(session: AsyncSession, task: ParseResume, _: str) -> None:
    """Say so on the résumé when its task was given up for a reason that does not lie in the file."""
    if resume := await _lock_wanted(session, task):
        await _fail(session, resume, ResumeStatus.FAILED, INTERRUPTED)
