"""Takes a file from a multipart request while it streams in, and stops keeping it at the limit."""

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from common.errors import ValidationError
from common.web.identity import CurrentUser
from resume.upload import checks

FORM_OVERHEAD = 64 * 1024
MOST_BYTES = checks.MAX_BYTES + FORM_OVERHEAD

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The résumé: PDF, DOCX, TXT or MD, at most 5 MiB.",
                        }
                    },
                }
            }
        },
    }
}


class MissingFile(ValidationError):
    """The request brings no file, or is no multipart form."""

    code = "missing_file"
    title = "There is no file in the request"

    def __init__(self) -> None:
        super().__init__(
            "Send the résumé as `multipart/form-data`, in a field named `file` with a file name."
        )


def _bounded(receive: Receive) -> Receive:
    """Pass the body on, and refuse it beyond the limit."""
    size = 0

    async def receive_bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise checks.FileTooLarge
        return message

    return receive_bounded


async def incoming_file(request: Request, _: CurrentUser) -> checks.CheckedFile:
    """Return the checked file of an upload; who is not signed in does not get to send one.

    Raises:
        FileValidationError: the file is too large or not acceptable.
        MissingFile: there is none.
    """
    try:
        async with Request(request.scope, _bounded(request.receive)).form(max_files=1, max_fields=8) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile) or not sent.filename:
                raise MissingFile
            incoming = checks.IncomingFile(sent.filename, await sent.read())
    except (HTTPException, ClientDisconnect) as error:
        raise MissingFile from error
    return await asyncio.to_thread(checks.check, incoming)


IncomingResume = Annotated[checks.CheckedFile, Depends(incoming_file)]
