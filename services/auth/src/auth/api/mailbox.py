"""The folder of written mails, as pages: in local use only, and for who has the token of this run."""

import secrets
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from auth import mails
from auth.api.dependencies import Configured
from auth.settings import Settings
from common import paths
from common.errors import AuthenticationError

PATH = f"{paths.AUTH}/mailbox"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class MailboxClosed(AuthenticationError):
    """The request does not have the mailbox's token, or was sent to a name that is not this machine's."""

    code = "mailbox_closed"
    title = "The mailbox is open only at the address that `make run` prints"


def _host(request: Request) -> str | None:
    headers = request.headers
    return urlsplit(f"//{headers.get('x-forwarded-host') or headers.get('host', '')}").hostname


def admit(request: Request, settings: Configured, token: str | None = None) -> None:
    """Let nobody else's pages, and nobody who merely reaches this machine, read mails with their links.

    Raises:
        MailboxClosed: the token is not the right one, or the name that was asked is not this machine's.
    """
    right = settings.mailbox_token.get_secret_value() if settings.mailbox_token else ""
    known = LOOPBACK | {urlsplit(settings.public_url).hostname}
    same = secrets.compare_digest((token or "").encode(), right.encode())
    if not right or not same or _host(request) not in known:
        raise MailboxClosed


router = APIRouter(prefix=PATH, tags=["mailbox"], dependencies=[Depends(admit)])


class WrittenMail(BaseModel):
    """A mail in the folder."""

    name: str
    url: str


class Mailbox(BaseModel):
    """The mails in the folder, the newest first."""

    items: list[WrittenMail]


def _url(settings: Settings, name: str, token: str) -> str:
    return f"{settings.public_url}{PATH}/{quote(name)}?{urlencode({'token': token})}"


@router.get("")
async def list_mails(settings: Configured, token: str | None = None) -> Mailbox:
    """List the mails that were written instead of sent."""
    names = mails.written(settings.mail_folder)
    return Mailbox(items=[WrittenMail(name=name, url=_url(settings, name, token or "")) for name in names])


@router.get("/{name}", response_class=PlainTextResponse)
async def read_mail(name: str, settings: Configured) -> str:
    """Show one of them."""
    return mails.read(settings.mail_folder, name)
