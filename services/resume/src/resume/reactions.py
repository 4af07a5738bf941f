"""What the résumé service does when others publish something.

`consumer` is the name the inbox knows a reaction by: changing it would make events that were seen take effect again.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.interview import InterviewStarted
from common.contracts.user import UserDeleted
from common.messaging.router import EventRouter
from resume import resumes

router = EventRouter()


@router.on(UserDeleted, consumer="forget_user")
async def when_user_is_deleted_erase_their_resumes(session: AsyncSession, event: UserDeleted) -> None:
    """Erase every résumé of a person whose account is gone."""
    await resumes.erase(session, event.user_id)


@router.on(InterviewStarted, consumer="count_interview")
async def when_interview_is_started_count_it(session: AsyncSession, event: InterviewStarted) -> None:
    """Count the interviews that were started from a résumé."""
    await resumes.count_interview(session, event.user_id, event.resume_id)
