"""Mails: what they say, and how they leave: by SMTP, or into a folder where no server is set."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth import tokens
from auth.mail_templates import TEMPLATES
from auth.models import MailToken, User
from auth.settings import Settings
from common.db.engine import SessionMaker
from common.errors import EmailDeliveryError, EntityNotFoundError
from common.tasks import lookup, queue

SMTP_SECONDS = 20
SMTP_PORTS = {"smtps": 465, "smtp+starttls": 587}
SHOWN_FIELDS = ("From", "To", "Subject", "Date")
NAME = re.compile(r"[A-Za-z0-9-]{1,80}\.eml")

log = structlog.get_logger()


class SendMail(queue.TaskPayload):
    """A mail to write and send; tokens are made when it is sent, so that none is kept readable."""

    kind: ClassVar[str] = "auth.send_mail"

    user_id: UUID
    letter: str
    about: str = ""


class RemoveMails(queue.TaskPayload):
    """Mails in the folder, of an account that is gone."""

    kind: ClassVar[str] = "auth.remove_mails"

    user_id: UUID


class MailNotFound(EntityNotFoundError):
    """There is no such mail in the folder."""

    code = "mail_not_found"
    title = "There is no such mail"


AN_HOUR = 5
HOUR = timedelta(hours=1)


async def send_later(session: AsyncSession, user_id: UUID, letter: str, about: str = "") -> None:
    """Send that letter to the account's address once the caller's transaction has committed.

    Of letters that anybody can ask for, at most five an hour: nobody's mailbox is to be filled in our name.
    """
    if TEMPLATES[letter].for_anybody:
        if not await session.scalar(select(User.id).where(User.id == user_id).with_for_update()):
            return
        # counted while the account is locked: of many at once each sees those before it
        if await lookup.count_enqueued(session, SendMail, user_id, within=HOUR, letter=letter) >= AN_HOUR:
            return
    await queue.enqueue(session, SendMail(user_id=user_id, letter=letter, about=about), owner=user_id)


async def remove_later(session: AsyncSession, user_id: UUID) -> None:
    """Remove the mails written for an erased account once the caller's transaction has committed."""
    await queue.enqueue(session, RemoveMails(user_id=user_id))


async def send_report(session: AsyncSession, user_id: UUID, job_title: str) -> None:
    """Tell a person that their report can be read; of a person who left nothing is kept, no job title either."""
    if await session.get(User, user_id):
        await send_later(session, user_id, "report", about=job_title)


async def send(sessionmaker: SessionMaker, settings: Settings, mail: SendMail, task_id: UUID) -> None:
    """Write the mail and hand it over; a mail for an account that is gone is not written.

    Raises:
        EmailDeliveryError: the mail server did not take it.
    """
    async with sessionmaker.begin() as session:
        written_mail = await write(session, mail, settings)
    if written_mail is not None:
        recipient, body = written_mail
        await deliver(settings, compose(settings, mail, task_id, recipient, body), task_id, mail.user_id)
        await remove_if_erased(sessionmaker, settings.mail_folder, mail.user_id)


async def write(session: AsyncSession, mail: SendMail, settings: Settings) -> tuple[str, str] | None:
    """Return the address and text of a mail, storing the hash of the token in it; None where the account is gone."""
    user = await session.get(User, mail.user_id)
    if user is None or user.disabled_at:
        return None
    template, link = TEMPLATES[mail.letter], ""
    if template.purpose:
        token = tokens.new_token()
        session.add(MailToken(hash=tokens.digest(token), user_id=user.id, purpose=template.purpose))
        link = f"{settings.public_url}{template.path}?token={token}"
    body = template.text.format(link=link, url=settings.public_url, about=mail.about)
    # whoever registered an address they do not own shall not write to its owner in our name
    greeting = f"Hello {user.full_name}," if user.verified_at else "Hello,"
    return user.email, f"{greeting}\n\n{body}\n\nInterviewAce\n"


def compose(settings: Settings, mail: SendMail, task_id: UUID, recipient: str, text: str) -> EmailMessage:
    """Return the message. A repeated attempt has the same Message-ID, so that mail programs show it once."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = recipient
    message["Subject"] = TEMPLATES[mail.letter].subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{task_id}@interviewace>"
    message.set_content(text)
    return message


async def deliver(settings: Settings, message: EmailMessage, task_id: UUID, user_id: UUID) -> None:
    """Hand the message over, or write it to the folder, by a name that says whose it is.

    Raises:
        EmailDeliveryError: the mail server did not take it.
    """
    if settings.smtp_url is None:
        folder = settings.mail_folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{task_id}-{user_id}.eml").write_bytes(message.as_bytes())
        log.info("mail_written", name=f"{task_id}-{user_id}.eml")
        return
    server = urlsplit(settings.smtp_url.get_secret_value())
    try:
        await aiosmtplib.send(
            message,
            hostname=server.hostname,
            port=server.port or SMTP_PORTS.get(server.scheme, 25),
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            start_tls=True if server.scheme == "smtp+starttls" else None,  # None: where the server offers it
            timeout=SMTP_SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        raise EmailDeliveryError(
            f"The mail server did not take the mail ({type(error).__name__})."
        ) from error


async def remove_if_erased(sessionmaker: SessionMaker, folder: Path, user_id: UUID) -> None:
    """Remove a mail that was written while its account was being erased."""
    async with sessionmaker() as session:
        if await session.get(User, user_id) is None:
            remove(folder, user_id)


def remove(folder: Path, user_id: UUID) -> None:
    """Remove every mail of an account from the folder."""
    for path in folder.glob(f"*-{user_id}.eml"):
        path.unlink(missing_ok=True)


def written(folder: Path) -> list[str]:
    """Return the names of the mails in the folder, newest first."""
    return sorted((path.name for path in folder.glob("*.eml")), reverse=True)[:100]


def read(folder: Path, name: str) -> str:
    """Return one mail of the folder as a mail program shows it.

    Raises:
        MailNotFound: there is none of that name.
    """
    path = folder / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise MailNotFound
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    head = "\n".join(f"{field}: {message[field]}" for field in SHOWN_FIELDS)
    return f"{head}\n\n{message.get_content()}"
