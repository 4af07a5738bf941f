"""Passes a request on to its service and the answer back, part by part, nothing buffered."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

from gateway import headers, prefixes
from gateway.body import Body
from gateway.errors import BodyTooSlow, ClientGone, MalformedRequest, UpstreamCut, UpstreamGone, UpstreamSlow
from gateway.exchange import Exchange
from gateway.headers import Network

SAFE_METHODS = frozenset({"GET", "HEAD"})
IDLE_SECONDS = 15.0
CONNECTIONS = 512
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True)
class Pace:
    """How long a service may take, in seconds: to accept, to begin its answer, between two parts of it."""

    connect: float
    deadline: float
    silence: float


@dataclass(frozen=True)
class Sizes:
    """The most bytes a body may have."""

    body: int
    upload: int


def create_transport() -> httpx.AsyncBaseTransport:
    """Return a connection pool without retries, redirects, cookies or proxies from the environment."""
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE_SECONDS
    )
    return httpx.AsyncHTTPTransport(limits=limits, retries=0, trust_env=False)


class Proxy:
    """The way to the services."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        upstreams: Mapping[str, str],
        pace: Pace,
        sizes: Sizes,
        trusts: list[Network],
    ) -> None:
        self._transport = transport
        self._upstreams = upstreams
        self._pace = pace
        self._sizes = sizes
        self._trusts = trusts

    async def forward(self, exchange: Exchange, service: str) -> None:
        """Let the service answer; a client that leaves cancels the call.

        Raises:
            BodyTooLarge, BodyTooSlow: the client's doing.
            UpstreamGone, UpstreamSlow: the service's; nothing was answered yet.
            UpstreamCut: the answer broke off in the middle.
            ClientGone: nobody waits for the answer any more.
        """
        body = self._body(exchange)
        has_body = await self._open(body)
        call = asyncio.create_task(self._relay(exchange, service, body, has_body))
        left = asyncio.create_task(body.client_left())
        try:
            await asyncio.wait({call, left}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise ClientGone
            call.result()
        finally:
            call.cancel()
            left.cancel()
            await asyncio.gather(call, left, return_exceptions=True)

    def _body(self, exchange: Exchange) -> Body:
        if prefixes.is_upload(exchange.method, exchange.path):
            said = f"An upload may have at most {_megabytes(self._sizes.upload)} in all, the file in it at most 5 MB."
            return Body(exchange, self._sizes.upload, said)
        said = f"The body of this request may have at most {_megabytes(self._sizes.body)}."
        return Body(exchange, self._sizes.body, said)

    async def _open(self, body: Body) -> bool:
        try:
            async with asyncio.timeout(self._pace.deadline):
                return await body.open()
        except TimeoutError as error:
            raise BodyTooSlow from error

    async def _relay(self, exchange: Exchange, service: str, body: Body, has_body: bool) -> None:
        base = self._upstreams[service]
        answer = await self._call(
            self._request(exchange, base, body, has_body), exchange.method, service, body
        )
        try:
            await exchange.send(
                {
                    "type": "http.response.start",
                    "status": answer.status_code,
                    "headers": headers.to_client(answer.headers.raw, base.encode()),
                }
            )
            async for part in answer.aiter_raw():
                await exchange.send({"type": "http.response.body", "body": part, "more_body": True})
        except httpx.HTTPError as error:
            raise UpstreamCut(service) from error
        finally:
            await answer.aclose()
        await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _request(self, exchange: Exchange, base: str, body: Body, has_body: bool) -> httpx.Request:
        target = exchange.raw_path + (b"?" + exchange.query if exchange.query else b"")
        url = httpx.URL(base)
        pairs = headers.to_service(exchange, url.netloc, body.length, self._trusts)
        if has_body and body.length is None:
            pairs.append((b"transfer-encoding", b"chunked"))
        timeouts = {
            "connect": self._pace.connect,
            "pool": self._pace.connect,
            "read": max(self._pace.silence, self._pace.deadline),
            "write": self._pace.deadline,
        }
        request = httpx.Request(
            exchange.method,
            url,
            stream=_Parts(body) if has_body else httpx.ByteStream(b""),
            extensions={"timeout": timeouts, "target": target},
        )
        request.headers = httpx.Headers(pairs)
        return request

    async def _call(self, request: httpx.Request, method: str, service: str, body: Body) -> httpx.Response:
        """Return the head of the answer. Only a call that changes nothing and has no body is made a second time."""
        may_repeat = method in SAFE_METHODS and not isinstance(request.stream, _Parts)
        try:
            async with asyncio.timeout(self._pace.deadline):
                return await self._attempt(request, may_repeat)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            if not body.complete:
                raise BodyTooSlow from error
            raise UpstreamSlow(
                f"The {service} service takes too long; ask again for what became of it."
            ) from error
        except httpx.LocalProtocolError as error:
            raise MalformedRequest("A header holds characters that are not taken.") from error
        except httpx.HTTPError as error:
            raise UpstreamGone(
                f"The {service} service does not answer at the moment; try again shortly.",
                retry_after=RETRY_AFTER_SECONDS,
            ) from error

    async def _attempt(self, request: httpx.Request, may_repeat: bool) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not may_repeat:
                raise
            return await self._transport.handle_async_request(request)

    async def close(self) -> None:
        """Close the connections to the services."""
        await self._transport.aclose()


class _Parts(httpx.AsyncByteStream):
    """A body as httpx takes it."""

    def __init__(self, body: Body) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body.parts():
            yield part


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:g} MB"
