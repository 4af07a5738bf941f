"""What this service does when others publish something.

`consumer` is the name the inbox knows a reaction by: changing it would make events that were seen take effect again.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.resume import ResumeDeleted, ResumeParsed, ResumeUploaded
from common.contracts.user import UserDeleted
from common.messaging.router import EventRouter
from interview import resumes

router = EventRouter()


@router.on(ResumeUploaded, consumer="note_upload")
async def when_resume_is_uploaded_remember_its_owner(session: AsyncSession, event: ResumeUploaded) -> None:
    """Remember that somebody's résumé is on its way."""
    await resumes.note_upload(session, event)


@router.on(ResumeParsed, consumer="keep_resume")
async def when_resume_is_parsed_keep_a_copy(session: AsyncSession, event: ResumeParsed) -> None:
    """Keep what may be asked from a résumé."""
    await resumes.keep(session, event)


@router.on(ResumeDeleted, consumer="forget_resume")
async def when_resume_is_deleted_erase_the_copy(session: AsyncSession, event: ResumeDeleted) -> None:
    """Forget a résumé."""
    await resumes.forget(session, event)


@router.on(UserDeleted, consumer="erase_user")
async def when_user_is_deleted_erase_their_traces(session: AsyncSession, event: UserDeleted) -> None:
    """Erase everything of somebody whose account is gone."""
    await resumes.erase_user(session, event)
