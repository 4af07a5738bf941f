"""A request's body, passed on as it comes and cut off where it grows too large."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Message

from gateway.errors import BodyTooLarge, ClientGone
from gateway.exchange import Exchange

DRAINED_SECONDS = 2.0
DRAINED_BYTES = 16 * 1024 * 1024


class Body:
    """The body of one request.

    Args:
        exchange: the request.
        limit: the most bytes that are taken.
        too_large: what somebody is told whose body is larger.
    """

    def __init__(self, exchange: Exchange, limit: int, too_large: str) -> None:
        self._exchange = exchange
        self._limit = limit
        self._too_large = too_large
        self._first: Message | None = None
        self._all_read = asyncio.Event()

    @property
    def complete(self) -> bool:
        """Whether all of it has arrived."""
        return self._all_read.is_set()

    @property
    def length(self) -> bytes | None:
        """Its length as the client says, None where the client does not."""
        said = self._exchange.headers.get("content-length")
        return said.encode() if said is not None else None

    async def open(self) -> bool:
        """Read the first part; return whether there is a body at all.

        Raises:
            BodyTooLarge: the client says that it will be too large; nothing was read.
        """
        if int(self.length or b"0") > self._limit:
            raise BodyTooLarge(self._too_large)
        self._first = await self._read()
        return bool(self._first.get("body")) or not self.complete

    async def parts(self) -> AsyncIterator[bytes]:
        """Give the body part by part.

        Raises:
            BodyTooLarge: it has become too large.
            ClientGone: the client left before it was complete.
        """
        size = 0
        message = self._first or await self._read()
        while True:
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._limit:
                raise BodyTooLarge(self._too_large)
            if part:
                yield part
            if self.complete:
                return
            message = await self._read()

    async def client_left(self) -> None:
        """Return once the client has left; it is heard only after the body is complete."""
        await self._all_read.wait()
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass

    async def _read(self) -> Message:
        self._exchange.body_begun = True
        message = await self._exchange.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if not message.get("more_body", False):
            self._exchange.body_read = True
            self._all_read.set()
        return message


async def drain(exchange: Exchange) -> None:
    """Read away what a client is still sending, within bounds, so that it gets to see a refusal.

    A client that waits for `100 Continue` sends nothing before it is asked, and is not asked.
    """
    announced = exchange.headers.get("content-length", "0") != "0" or "transfer-encoding" in exchange.headers
    asks_first = "expect" in exchange.headers and not exchange.body_begun
    if exchange.body_read or not announced or asks_first:
        return
    size = 0
    try:
        async with asyncio.timeout(DRAINED_SECONDS):
            while size < DRAINED_BYTES:
                message = await exchange.receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
