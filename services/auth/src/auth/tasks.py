"""Auth's slow work: sending mails, copying ended sessions where that failed, and removing what is over."""

from redis.asyncio import Redis

from auth import mails, pruning, revocations
from auth.mails import RemoveMails, SendMail
from auth.revocations import CopyRevocations
from auth.settings import Settings
from common.tasks.queue import RunContext, TaskContext, TaskRouter

router = TaskRouter()


@router.task(SendMail, attempts=10, timeout=60)
async def send_mail(work: TaskContext, task: SendMail) -> None:
    """Write a mail and hand it over."""
    await mails.send(work.sessions, work.resource(Settings), task, work.task_id)


@router.task(RemoveMails)
async def remove_mails(work: TaskContext, task: RemoveMails) -> None:
    """Remove what was written to somebody who is gone."""
    mails.remove(work.resource(Settings).mail_folder, task.user_id)


@router.task(CopyRevocations, timeout=10)
async def copy_revocations(work: TaskContext, task: CopyRevocations) -> None:
    """Copy ended sessions to Redis; a second time changes nothing."""
    await revocations.copy(work.resource(Redis), task.session_ids)


@router.schedule("auth.prune", "23 * * * *")
async def prune(context: RunContext) -> None:
    """Remove sessions and mail tokens that are over."""
    await pruning.prune(context.sessions)
