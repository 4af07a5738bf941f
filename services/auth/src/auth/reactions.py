"""What auth does when something happens elsewhere."""

from sqlalchemy.ext.asyncio import AsyncSession

from auth import mails
from common.contracts.interview import ReportReady
from common.messaging.router import EventRouter

router = EventRouter()


@router.on(ReportReady)
async def tell_that_the_report_is_ready(session: AsyncSession, event: ReportReady) -> None:
    """Mail the person that their report can be read."""
    await mails.send_report(session, event.user_id, event.job_title)
