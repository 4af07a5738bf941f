"""Takes a file from a multipart request while it streams in, and stops keeping it at the limit."""

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from common.errors import ValidationError
from common.identity import CurrentUser
from resume import files

FORM_OVERHEAD = 64 * 1024
MOST_BYTES = files.MAX_BYTES + FORM_OVERHEAD
READ_ON_FACTOR = 2

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


class Body:
    """A request's body, passed on up to the limit; beyond it the client may finish a little longer, then is refused."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._ended = False

    async def _next(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return message

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            FileTooLarge: it goes past the limit.
        """
        message = await self._next()
        while self._size > MOST_BYTES:
            if self._ended or self._size > READ_ON_FACTOR * MOST_BYTES:
                raise files.FileTooLarge
            message = await self._next()
        return message

    async def read_on(self) -> None:
        """Take what is left: a client that is answered while it sends may take it for a broken connection."""
        while not self._ended:
            await self.receive()


async def incoming_file(request: Request, _: CurrentUser) -> files.CheckedFile:
    """Return the checked file of an upload; who is not signed in does not get to send one.

    Raises:
        FileValidationError: the file is too large or not acceptable.
        MissingFile: there is none.
    """
    body = Body(request.receive)
    try:
        async with Request(request.scope, body.receive).form(max_files=1, max_fields=8) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile) or not sent.filename:
                raise MissingFile
            incoming = files.IncomingFile(sent.filename, await sent.read())
    except (HTTPException, ClientDisconnect, MissingFile) as error:
        await body.read_on()
        raise MissingFile from error
    return await asyncio.to_thread(files.check, incoming)


IncomingResume = Annotated[files.CheckedFile, Depends(incoming_file)]
