"""What the résumé service does when others announce something."""

from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.interview import InterviewStarted
from common.contracts.user import UserDeleted
from common.messaging.router import EventRouter
from resume import resumes

router = EventRouter()


@router.on(UserDeleted)
async def forget_user(session: AsyncSession, event: UserDeleted) -> None:
    """Erase every résumé of a person whose account is gone."""
    await resumes.erase(session, event.user_id)


@router.on(InterviewStarted)
async def count_interview(session: AsyncSession, event: InterviewStarted) -> None:
    """Count the interviews that were started from a résumé."""
    await resumes.count_interview(session, event.user_id, event.resume_id)
