"""The folder of written mails, as pages: only where no mail server is set, in local use."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from auth import mails
from auth.api.asking import Configured

router = APIRouter(prefix="/api/v1/auth/mailbox", tags=["mailbox"])


class WrittenMail(BaseModel):
    """A mail in the folder."""

    name: str
    url: str


class Mailbox(BaseModel):
    """The mails in the folder, the newest first."""

    items: list[WrittenMail]


@router.get("")
async def list_mails(settings: Configured) -> Mailbox:
    """List the mails that were written instead of sent."""
    found = mails.written(settings.mail_folder, settings.public_url)
    return Mailbox(items=[WrittenMail.model_validate(each) for each in found])


@router.get("/{name}", response_class=PlainTextResponse)
async def read_mail(name: str, settings: Configured) -> str:
    """Show one of them."""
    return mails.read(settings.mail_folder, name)
