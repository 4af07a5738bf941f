"""What this service hears from the others."""

from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.resume import ResumeDeleted, ResumeParsed, ResumeUploaded
from common.contracts.user import UserDeleted
from common.messaging.router import EventRouter
from interview import resumes

router = EventRouter()


@router.on(ResumeUploaded)
async def note_upload(session: AsyncSession, event: ResumeUploaded) -> None:
    """Remember that somebody's résumé is on its way."""
    await resumes.note_upload(session, event)


@router.on(ResumeParsed)
async def keep_resume(session: AsyncSession, event: ResumeParsed) -> None:
    """Keep what may be asked from a résumé."""
    await resumes.keep(session, event)


@router.on(ResumeDeleted)
async def forget_resume(session: AsyncSession, event: ResumeDeleted) -> None:
    """Forget a résumé."""
    await resumes.forget(session, event)


@router.on(UserDeleted)
async def erase_user(session: AsyncSession, event: UserDeleted) -> None:
    """Erase everything of somebody whose account is gone."""
    await resumes.erase_user(session, event)
