"""Auth's slow work: sending mails, copying ended sessions where that failed, and what is removed when it is over."""

from redis.asyncio import Redis

from auth import mails, pruning, revocations
from auth.mails import RemoveMails, SendMail
from auth.revocations import CopyRevocations
from auth.settings import Settings
from common.tasks.queue import TaskContext, TaskRouter

router = TaskRouter(expiring=pruning.EXPIRING)


@router.task(SendMail, attempts=10, timeout=60)
async def send_mail(context: TaskContext, task: SendMail) -> None:
    """Write a mail and hand it over."""
    await mails.send(context.sessions, context.resource(Settings), task, context.task_id)


@router.task(RemoveMails)
async def remove_mails(context: TaskContext, task: RemoveMails) -> None:
    """Remove what was written to somebody who is gone."""
    mails.remove(context.resource(Settings).mail_folder, task.user_id)


@router.task(CopyRevocations, timeout=10)
async def copy_revocations(context: TaskContext, task: CopyRevocations) -> None:
    """Copy ended sessions to Redis; a second time changes nothing."""
    await revocations.copy(context.resource(Redis), task.session_ids)
