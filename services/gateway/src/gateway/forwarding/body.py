"""A request's body, taken whole before its service hears of it: who sends slowly holds nothing but their own bytes."""

import asyncio
from dataclasses import dataclass
from typing import Self

from starlette.types import Message

from gateway.errors import BodyTooLarge, BodyTooSlow, BuffersFull, ClientGone, MalformedRequest
from gateway.request import RequestContext
from gateway.routes import Route

DRAINED_SECONDS = 2.0
DRAINED_BYTES = 16 * 1024 * 1024
RETRY_AFTER_SECONDS = 2
FREE_PARTS = 256
SMALLEST_PART = 64


@dataclass(frozen=True)
class Sizes:
    """The most bytes a body may have."""

    body: int
    upload: int


@dataclass(frozen=True)
class BodyPace:
    """How fast a body has to come: `grace` seconds whatever it does, then at least `rate` bytes a second.

    None takes longer than `deadline` seconds.
    """

    grace: float
    rate: int
    deadline: float


class Buffer:
    """The bytes of bodies that this process holds at once, bounded."""

    def __init__(self, size: int) -> None:
        self._free = size

    def take(self, size: int) -> None:
        """Take room.

        Raises:
            BuffersFull: there is not enough.
        """
        if size > self._free:
            raise BuffersFull(retry_after=RETRY_AFTER_SECONDS)
        self._free -= size

    def give_back(self, size: int) -> None:
        """Give room back."""
        self._free += size


class Body:
    """The body of one request. It counts against its buffer until it is released."""

    def __init__(self, buffer: Buffer, announced: bool) -> None:
        self._buffer = buffer
        self._announced = announced
        self._parts = 0
        self.content = bytearray()

    @property
    def length(self) -> bytes | None:
        """Its length as the service is told, None where there is no body."""
        return b"%d" % len(self.content) if self.content or self._announced else None

    def add(self, part: bytes) -> None:
        """Keep another part.

        Raises:
            BuffersFull: there is no room.
            MalformedRequest: it comes in crumbs, each of which costs as much as a part of some size.
        """
        self._buffer.take(len(part))
        self.content += part
        self._parts += 1
        if self._parts > FREE_PARTS + len(self.content) // SMALLEST_PART:
            raise MalformedRequest("The body comes in too many small parts.")

    def release(self) -> None:
        """Forget the bytes and give their room back."""
        self._buffer.give_back(len(self.content))
        self.content = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Intake:
    """Takes bodies. Uploads have a buffer of their own, three quarters of the whole."""

    def __init__(self, sizes: Sizes, pace: BodyPace, buffered: int) -> None:
        self._sizes = sizes
        self._pace = pace
        self._uploads = Buffer(buffered * 3 // 4)
        self._others = Buffer(buffered - buffered * 3 // 4)

    async def take(self, context: RequestContext, route: Route) -> Body:
        """Return the whole body.

        Raises:
            BodyTooLarge: it is, or the client says that it will be; then nothing was read.
            BodyTooSlow: it did not come fast enough.
            BuffersFull: there is no room for it.
            ClientGone: the client left before it was complete.
        """
        limit = self._sizes.upload if route.upload else self._sizes.body
        length = context.headers.get("content-length")
        if int(length or 0) > limit:
            raise BodyTooLarge(_too_large(route, limit))
        announced = length is not None or "transfer-encoding" in context.headers
        body = Body(self._uploads if route.upload else self._others, announced)
        try:
            await self._fill(body, context, route, limit)
        except BaseException:
            body.release()
            raise
        return body

    async def _fill(self, body: Body, context: RequestContext, route: Route, limit: int) -> None:
        pace, started = self._pace, asyncio.get_running_loop().time()
        last = started + pace.deadline
        try:
            async with asyncio.timeout_at(min(started + pace.grace, last)) as timer:
                while not context.body_read:
                    part: bytes = (await _read(context)).get("body", b"")
                    if len(body.content) + len(part) > limit:
                        raise BodyTooLarge(_too_large(route, limit))
                    if part:
                        body.add(part)
                    if not context.body_read:
                        timer.reschedule(min(started + pace.grace + len(body.content) / pace.rate, last))
        except TimeoutError as error:
            raise BodyTooSlow(
                f"A body has to begin within {pace.grace:g} seconds and to come at {pace.rate} bytes a second."
            ) from error


async def _read(context: RequestContext) -> Message:
    context.body_begun = True
    message = await context.receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    if not message.get("more_body", False):
        context.body_read = True
    return message


async def client_left(context: RequestContext) -> None:
    """Return once the client has left; to be asked after the body is complete."""
    while (await context.receive())["type"] != "http.disconnect":
        pass


async def drain(context: RequestContext) -> None:
    """Read away what a client is still sending, within bounds, so that it gets to see a refusal.

    A client that waits for `100 Continue` sends nothing before it is asked, and is not asked.
    """
    announced = context.headers.get("content-length", "0") != "0" or "transfer-encoding" in context.headers
    asks_first = "expect" in context.headers and not context.body_begun
    if context.body_read or not announced or asks_first:
        return
    size = 0
    try:
        async with asyncio.timeout(DRAINED_SECONDS):
            while size < DRAINED_BYTES:
                message = await context.receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _too_large(route: Route, limit: int) -> str:
    most = f"{limit / 1024 / 1024:g} MB"
    if route.upload:
        return f"An upload may have at most {most} in all, the file in it at most 5 MB."
    return f"The body of this request may have at most {most}."
