"""Auth's slow work: sending mails, copying ended sessions where that failed, and removing what is over."""

from redis.asyncio import Redis

from auth import mails, pruning, revocations
from auth.mails import RemoveMails, SendMail
from auth.revocations import CopyRevocations
from auth.settings import Settings
from common.tasks.queue import RunContext, TaskContext, TaskRouter

router = TaskRouter()


@router.task(SendMail, attempts=10, timeout=60)
async def send_mail(context: TaskContext, task: SendMail) -> None:
    """Write the mail and hand it over; a mail for an account that is gone is not written."""
    settings = context.resource(Settings)
    async with context.sessions.begin() as session:
        mail = await mails.write(session, task, settings)
    if mail is not None:
        recipient, text = mail
        message = mails.compose(settings, task, context.task_id, recipient, text)
        await mails.deliver(settings, message, context.task_id, task.user_id)
        await mails.remove_if_erased(context.sessions, settings.mail_folder, task.user_id)


@router.task(RemoveMails)
async def remove_mails(context: TaskContext, task: RemoveMails) -> None:
    """Remove what was written to somebody who is gone."""
    mails.remove(context.resource(Settings).mail_folder, task.user_id)


@router.task(CopyRevocations, timeout=10)
async def copy_revocations(context: TaskContext, task: CopyRevocations) -> None:
    """Copy ended sessions to Redis; a second time changes nothing."""
    await revocations.copy(context.resource(Redis), task.session_ids)


@router.schedule("auth.prune", "23 * * * *")
async def prune(context: RunContext) -> None:
    """Remove sessions and mail tokens that are over."""
    await pruning.prune(context.sessions)
