"""A person's résumés: taken in, listed, shown, renamed, read again, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from common import erasure
from common.contracts.resume import ResumeDeleted, ResumeUploaded
from common.db import notifications
from common.errors import EntityNotFoundError
from common.messaging import outbox
from common.web import pagination
from common.web.idempotency import IdempotencyContext, fingerprint, run_once
from resume import parse_jobs
from resume.models import Resume, ResumeFile, ResumeStatus
from resume.schemas import ResumeSummary
from resume.upload.checks import CheckedFile
from resume.upload.file_kind import FileKind

CONTENTS = (Resume.profile, Resume.provenance, Resume.quality, Resume.hidden)


class ResumeNotFound(EntityNotFoundError):
    """There is no résumé with that id, or it is somebody else's."""

    code = "resume_not_found"
    title = "There is no such résumé"


@dataclass(frozen=True)
class StoredFile:
    """The file as it came."""

    name: str
    media_type: str
    data: bytes


async def upload(session: AsyncSession, idempotency: IdempotencyContext, file: CheckedFile) -> ResumeSummary:
    """Keep a checked file of who asks and have it read, once for each key.

    Raises:
        IdempotencyKeyReused: the request's key came before with another file.
    """

    async def make() -> ResumeSummary:
        return ResumeSummary.model_validate(await _keep(session, idempotency.owner_id, file))

    content = fingerprint(file.name.encode(), file.data)
    return await run_once(session, idempotency, "resume.upload", content, ResumeSummary, make)


async def _keep(session: AsyncSession, owner_id: UUID, file: CheckedFile) -> Resume:
    resume = Resume(
        owner_id=owner_id,
        filename=file.name,
        title=file.name.rpartition(".")[0],
        kind=file.kind.value,
        size=len(file.data),
        file=ResumeFile(data=file.data),
    )
    session.add(resume)
    await session.flush()
    event = ResumeUploaded(
        resume_id=resume.id, user_id=owner_id, media_type=file.kind.media_type, size=resume.size
    )
    await outbox.publish(session, event)
    await parse_jobs.submit(session, resume)
    return resume


async def list(
    session: AsyncSession, owner_id: UUID, limit: int, cursor: str | None
) -> tuple[Sequence[Resume], str | None]:
    """Return a page of the owner's résumés, newest first, and the cursor of the next."""
    mine = select(Resume).where(Resume.owner_id == owner_id)
    return await pagination.paginate(session, mine, Resume.id, limit, cursor)


async def get(session: AsyncSession, owner_id: UUID, resume_id: UUID, *, contents: bool = False) -> Resume:
    """Return the owner's résumé, with its profile and what else was read from it where `contents` asks for them.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    return _existing(await session.scalar(_query(owner_id, resume_id, contents)))


async def lock(session: AsyncSession, owner_id: UUID, resume_id: UUID, *, contents: bool = False) -> Resume:
    """Return the owner's résumé, alone with it until the transaction ends; `contents` as in `get`.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    return _existing(await session.scalar(_query(owner_id, resume_id, contents).with_for_update()))


def _query(owner_id: UUID, resume_id: UUID, contents: bool) -> Select[Resume]:
    query = select(Resume).where(Resume.id == resume_id, Resume.owner_id == owner_id)
    return query.options(*(undefer(column) for column in CONTENTS)) if contents else query


def _existing(resume: Resume | None) -> Resume:
    if resume is None:
        raise ResumeNotFound
    return resume


async def file(session: AsyncSession, owner_id: UUID, resume_id: UUID) -> StoredFile:
    """Return the file as it was uploaded.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    query = (
        select(Resume.filename, Resume.kind, ResumeFile.data)
        .join(ResumeFile, ResumeFile.resume_id == Resume.id)
        .where(Resume.id == resume_id, Resume.owner_id == owner_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise ResumeNotFound
    return StoredFile(row.filename, FileKind(row.kind).media_type, row.data)


async def rename(session: AsyncSession, owner_id: UUID, resume_id: UUID, title: str) -> Resume:
    """Give the résumé another title.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    resume = await lock(session, owner_id, resume_id, contents=True)
    resume.rename(title)
    return resume


async def reparse(session: AsyncSession, owner_id: UUID, resume_id: UUID) -> Resume:
    """Have the résumé read again; one that waits or is being read already is left to that.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    resume = await lock(session, owner_id, resume_id)
    if resume.status.is_final:
        resume.move(ResumeStatus.QUEUED)
        resume.reading += 1
        await parse_jobs.submit(session, resume)
    return resume


async def delete(session: AsyncSession, owner_id: UUID, resume_id: UUID) -> None:
    """Remove the résumé, its file and all that was read from it.

    Raises:
        ResumeNotFound: there is none, or it is somebody else's.
    """
    await _remove(session, await lock(session, owner_id, resume_id))


async def _remove(session: AsyncSession, resume: Resume) -> None:
    await session.delete(resume)
    await session.flush()
    await erasure.erase_subject(session, resume.owner_id, resume.id)
    await outbox.publish(session, ResumeDeleted(resume_id=resume.id, user_id=resume.owner_id))
    await notifications.notify(session, parse_jobs.notification_key(resume.id))


async def erase(session: AsyncSession, owner_id: UUID) -> None:
    """Remove every résumé of a person whose account is gone."""
    theirs = select(Resume).where(Resume.owner_id == owner_id).with_for_update()
    await session.scalars(theirs)
    await erasure.erase_traces(session, owner_id)
    for resume in (await session.scalars(theirs)).all():
        await _remove(session, resume)


async def count_interview(session: AsyncSession, owner_id: UUID, resume_id: UUID | None) -> None:
    """Count one more interview that was started from the owner's résumé, if it was started from one."""
    mine = (Resume.id == resume_id, Resume.owner_id == owner_id)
    await session.execute(update(Resume).where(*mine).values(interviews=Resume.interviews + 1))
