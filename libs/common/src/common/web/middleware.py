"""What surrounds every request of a service: its id, its log line, and what the log lines inside it carry."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.ids import uuid7

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
QUIET_PATHS = frozenset({"/health", "/ready"})
CLIENT_LEFT = 499  # nginx's word for it: nobody hears this status, but the log tells it from an error of ours
DRAIN_BYTES = 12 * 1024 * 1024

log = structlog.get_logger()


def request_id_of(headers: Headers) -> str:
    """Return the request id that came with the request, or a new one where none or a strange one came."""
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else str(uuid7())


class RequestContext:
    """Gives each request an id (`X-Request-ID`), binds it to the logs, and logs one line when it is done."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope))
        scope["request_id"] = request_id
        status = 0
        started = time.perf_counter()

        async def receive_noting_who_left() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "http.disconnect":
                status = status or CLIENT_LEFT
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = status or message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive_noting_who_left, send_with_id)
            finally:
                if scope["path"] not in QUIET_PATHS:
                    self._log(scope, status or 500, time.perf_counter() - started)

    @staticmethod
    def _log(scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "unmatched")
        log.info(
            "request",
            method=scope["method"],
            route=path,
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


class NoStore:
    """Lets no cache keep a response that does not say itself how it may be kept: tokens and people's own things."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_marked)


class DrainRequestBody:
    """Takes a request's body to its end before the response begins, up to 12 MiB.

    A server that answers earlier hangs up on whoever still sends, and its response is lost on the way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _announces_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        size, ended = 0, False

        async def receive_counted() -> Message:
            nonlocal size, ended
            message = await receive()
            size += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            return message

        async def send_afterwards(message: Message) -> None:
            while message["type"] == "http.response.start" and not ended and size < DRAIN_BYTES:
                await receive_counted()
            await send(message)

        await self._app(scope, receive_counted, send_afterwards)


def _announces_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
