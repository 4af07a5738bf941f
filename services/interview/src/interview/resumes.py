"""What this service may know of résumés: a copy kept from events, nothing more."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common import erasure
from common.contracts.resume import ResumeContent, ResumeDeleted, ResumeParsed, ResumeUploaded
from common.contracts.user import UserDeleted
from common.db import notifications
from common.db.engine import SessionMaker
from common.db.notifications import Notifier
from common.errors import DuplicateEntityError, EntityNotFoundError
from interview import curation, excerpt
from interview.models import Interview, ResumeCopy

UNKNOWN_SECONDS = 2.0
UNREAD_SECONDS = 5.0
LONGEST_TITLE = 200
NOT_FOUND = "There is no résumé of yours with this id; look at your list of résumés."


class ResumeNotFound(EntityNotFoundError):
    """There is no such résumé, or it is somebody else's."""

    code = "resume_not_found"
    title = "There is no such résumé"


class ResumeNotReady(DuplicateEntityError):
    """The résumé is there and has not been read yet."""

    code = "resume_not_ready"
    title = "The résumé is not read yet"


def notification_key(resume_id: UUID) -> str:
    """Return the key under which watchers of a résumé are notified in this service."""
    return f"resume:{resume_id}"


async def note_upload(session: AsyncSession, event: ResumeUploaded) -> None:
    """Remember whose the résumé is, until it is read."""
    row = {"resume_id": event.resume_id, "owner_id": event.user_id, "as_of": event.occurred_at}
    await session.execute(insert(ResumeCopy).values(row).on_conflict_do_nothing())
    await notifications.notify(session, notification_key(event.resume_id))


async def keep(session: AsyncSession, event: ResumeParsed) -> None:
    """Keep an excerpt of what the event tells, unless something newer is held or the résumé was deleted."""
    news: dict[str, Any] = {
        "title": event.title[:LONGEST_TITLE],
        "background": excerpt.of(event.background),
        "as_of": event.occurred_at,
    }
    newer = or_(ResumeCopy.background.is_(None), ResumeCopy.as_of <= event.occurred_at)
    await session.execute(
        insert(ResumeCopy)
        .values(resume_id=event.resume_id, owner_id=event.user_id, **news)
        .on_conflict_do_update(
            index_elements=[ResumeCopy.resume_id], set_=news, where=newer & ResumeCopy.deleted.is_(False)
        )
    )
    await notifications.notify(session, notification_key(event.resume_id))


async def forget(session: AsyncSession, event: ResumeDeleted) -> None:
    """Forget what was kept of a résumé; only its id stays, so that a late event can't bring it back."""
    news: dict[str, Any] = {"title": "", "background": None, "deleted": True, "as_of": event.occurred_at}
    await session.execute(
        insert(ResumeCopy)
        .values(resume_id=event.resume_id, owner_id=event.user_id, **news)
        .on_conflict_do_update(index_elements=[ResumeCopy.resume_id], set_=news)
    )


async def erase_user(session: AsyncSession, event: UserDeleted) -> None:
    """Erase everything held about somebody: interviews with all that was said in them, and résumé copies."""
    await session.execute(select(Interview.id).where(Interview.owner_id == event.user_id).with_for_update())
    await erasure.erase_traces(session, event.user_id)
    await session.execute(delete(Interview).where(Interview.owner_id == event.user_id))
    await session.execute(delete(ResumeCopy).where(ResumeCopy.owner_id == event.user_id))
    await curation.forget_author(session, event.user_id)


async def refuse_deleted(session: AsyncSession, resume_id: UUID | None) -> None:
    """Go on only where the résumé, if there is one, was not deleted since it was read.

    Raises:
        ResumeNotFound: it is not there any more.
    """
    if resume_id is None:
        return
    held = select(ResumeCopy.resume_id).where(
        ResumeCopy.resume_id == resume_id, ResumeCopy.deleted.is_(False)
    )
    if await session.scalar(held) is None:
        raise ResumeNotFound(NOT_FOUND)


async def wait_for_content(
    sessionmaker: SessionMaker, notifier: Notifier, owner_id: UUID, resume_id: UUID
) -> ResumeContent:
    """Return what is known of a résumé; news of it may be under way, so wait a little for it.

    Raises:
        ResumeNotFound: nobody tells of it within two seconds, or it is somebody else's.
        ResumeNotReady: it is not read within five seconds.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with notifier.watch(notification_key(resume_id)) as subscription:
        while True:
            async with sessionmaker() as session:
                copy = await session.get(ResumeCopy, resume_id)
            if copy is not None and (copy.owner_id != owner_id or copy.deleted):
                raise ResumeNotFound(NOT_FOUND)
            if copy is not None and copy.background is not None:
                return await asyncio.to_thread(excerpt.of, copy.background)  # an earlier version kept more
            remaining = started + (UNREAD_SECONDS if copy else UNKNOWN_SECONDS) - loop.time()
            if remaining <= 0:
                raise _missing(copy.as_of if copy else None)
            await subscription.wait(remaining)


def _missing(uploaded: datetime | None) -> Exception:
    if uploaded is None:
        return ResumeNotFound(NOT_FOUND)
    return ResumeNotReady(
        "The résumé is still being read, or could not be read: look at its status and try again when it is parsed.",
        retry_after=2,
    )
