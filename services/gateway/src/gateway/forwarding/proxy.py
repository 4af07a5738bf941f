"""Passes a request on to its service once its body is whole, and the response back part by part."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

from gateway.errors import ClientGone, MalformedRequest, UpstreamCut, UpstreamGone, UpstreamSlow
from gateway.forwarding import body, headers
from gateway.forwarding.body import Body, Intake
from gateway.forwarding.target import Target
from gateway.request import RequestContext
from gateway.routes import Route

SAFE_METHODS = frozenset({"GET", "HEAD"})
RETRY_AFTER_SECONDS = 2
PART_BYTES = 64 * 1024


@dataclass(frozen=True)
class Pace:
    """How long a service may take, in seconds: to accept, to begin its response, between two parts of it."""

    connect: float
    deadline: float
    silence: float


class Proxy:
    """The way to the services."""

    def __init__(self, targets: Mapping[str, Target], intake: Intake, pace: Pace) -> None:
        self._targets = targets
        self._intake = intake
        self._pace = pace

    async def forward(self, context: RequestContext, route: Route) -> None:
        """Let the service answer; a client that leaves cancels the call.

        Raises:
            BodyTooLarge, BodyTooSlow: the client's doing.
            UpstreamGone, UpstreamSlow: the service's; nothing was answered yet.
            UpstreamCut: the response broke off in the middle.
            ClientGone: nobody waits for the response any more.
        """
        target = self._targets[route.service]
        if target.circuit.refuses:
            raise _gone(target)
        with await self._intake.take(context, route) as taken:
            call = asyncio.create_task(self._relay(context, target, taken))
            left = asyncio.create_task(body.client_left(context))
            try:
                await asyncio.wait({call, left}, return_when=asyncio.FIRST_COMPLETED)
                if not call.done():
                    raise ClientGone
                call.result()
            finally:
                call.cancel()
                left.cancel()
                await asyncio.gather(call, left, return_exceptions=True)

    async def _relay(self, context: RequestContext, target: Target, taken: Body) -> None:
        response = await self._call(self._request(context, target, taken), target)
        taken.release()
        try:
            await context.send(
                {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": headers.to_client(response.headers.raw, target.base.encode()),
                }
            )
            async for part in response.aiter_raw():
                await context.send({"type": "http.response.body", "body": part, "more_body": True})
        except httpx.HTTPError as error:
            raise UpstreamCut(target.name) from error
        finally:
            await response.aclose()
        await context.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _request(self, context: RequestContext, target: Target, taken: Body) -> httpx.Request:
        pairs = headers.to_service(context, target.url.netloc, taken.length)
        timeouts = {
            "connect": self._pace.connect,
            "pool": self._pace.connect,
            "read": max(self._pace.silence, self._pace.deadline),
            "write": self._pace.deadline,
        }
        request = httpx.Request(
            context.method,
            target.url,
            stream=_Content(taken.content) if taken.content else httpx.ByteStream(b""),
            extensions={
                "timeout": timeouts,
                "target": context.raw_path + (b"?" + context.query if context.query else b""),
            },
        )
        request.headers = httpx.Headers(pairs)
        return request

    async def _call(self, request: httpx.Request, target: Target) -> httpx.Response:
        """Return the head of the response. Only a call that changes nothing and has no body is made a second time."""
        began = target.circuit.enter()
        if began is None:
            raise _gone(target)
        alarm = asyncio.get_running_loop().call_later(target.patience.suspicion, target.suspect)
        try:
            async with asyncio.timeout(self._pace.deadline):
                response = await _attempt(target.transport, request)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            target.circuit.fail(began)
            raise UpstreamSlow(
                f"The {target.name} service takes too long; ask again for what became of it."
            ) from error
        except httpx.LocalProtocolError as error:
            raise MalformedRequest("A header holds characters that are not taken.") from error
        except httpx.HTTPError as error:
            if not isinstance(error, httpx.PoolTimeout):  # our own connections are all in use: it may be well
                target.circuit.fail(began)
            raise _gone(target) from error
        finally:
            alarm.cancel()
        target.circuit.succeed()
        return response

    async def close(self) -> None:
        """Close the connections to the services."""
        for target in self._targets.values():
            await target.close()


async def _attempt(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    may_repeat = request.method in SAFE_METHODS and not isinstance(request.stream, _Content)
    try:
        return await transport.handle_async_request(request)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        if not may_repeat:
            raise
        return await transport.handle_async_request(request)


def _gone(target: Target) -> UpstreamGone:
    return UpstreamGone(
        f"The {target.name} service does not answer at the moment; try again shortly.",
        retry_after=RETRY_AFTER_SECONDS,
    )


class _Content(httpx.AsyncByteStream):
    """A body as httpx takes it."""

    def __init__(self, content: bytearray) -> None:
        self._content = memoryview(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), PART_BYTES):
            yield bytes(self._content[start : start + PART_BYTES])
