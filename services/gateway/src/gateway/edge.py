"""The outer layer, plain ASGI: every request gets an id, a span, a log line and the headers every response carries."""

import time
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from common import metrics, telemetry
from common.errors import DomainError
from common.web import problems
from common.web.middleware import QUIET_PATHS, request_id_of
from gateway import client_info, request_checks, routes
from gateway.access.access_control import AccessControl
from gateway.access.concurrency import Concurrency
from gateway.client_info import Network
from gateway.cors import Cors
from gateway.errors import ClientGone, MalformedRequest, NothingHere, UpstreamCut
from gateway.forwarding import body
from gateway.forwarding.headers import Pairs
from gateway.forwarding.proxy import Proxy
from gateway.hosts import Hosts
from gateway.request import RequestContext

CLIENT_LEFT = 499
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"

log = structlog.get_logger()
DURATION = metrics.meter.create_histogram(
    "http.server.request.duration",
    unit="s",
    description="Seconds of a request, by method, prefix and status.",
)
ACTIVE = metrics.meter.create_up_down_counter(
    "http.server.active_requests", unit="{request}", description="Requests under way."
)
REFUSALS = metrics.meter.create_counter(
    "interviewace.gateway.refusals",
    description="Requests the gateway answered with a problem of its own, by code.",
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

tracer = trace.get_tracer("gateway")


@dataclass(frozen=True)
class Edge:
    """The gateway: its own endpoints, and the services behind it."""

    own: ASGIApp
    hosts: Hosts
    access_control: AccessControl
    concurrency: Concurrency
    proxy: Proxy
    cors: Cors
    trusts: list[Network]
    secure_only: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self.own(scope, receive, send)
        elif scope["type"] == "http":
            headers = Headers(scope=scope)
            client = client_info.of(scope, headers, self.trusts)
            request_id = request_id_of(headers)
            await self._serve(
                RequestContext(scope, receive, send, request_id, client, self._add_common_headers)
            )
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, context: RequestContext) -> None:
        came_with = telemetry.context_of(_trace_headers(context.headers))
        with (
            structlog.contextvars.bound_contextvars(request_id=context.request_id),
            tracer.start_as_current_span(context.method, came_with, SpanKind.SERVER) as span,
        ):
            ACTIVE.add(1)
            try:
                await self._respond(context)
            finally:
                ACTIVE.add(-1)
                _finish(context, span)

    async def _respond(self, context: RequestContext) -> None:
        """Answer in any case: with what was asked for, or with the problem that kept it from happening."""
        try:
            await self._route(context)
        except ClientGone:
            if context.body_begun and not context.body_read:
                # it may be the body alone that broke off: chunks that are none look the same from here
                await _refuse(context, MalformedRequest("The body broke off before it was complete."))
            context.status = CLIENT_LEFT
        except DomainError as error:
            if context.status:
                raise
            await _refuse(context, error)
        except UpstreamCut:
            log.warning("response_cut", prefix=context.prefix)
            raise
        except Exception as error:
            log.error("unexpected_error", error=type(error).__name__, exc_info=error)
            if context.status:
                raise
            await _refuse(
                context, DomainError("Something went wrong on our side; it is recorded under this id.")
            )

    async def _route(self, context: RequestContext) -> None:
        context.path = request_checks.check(context)
        self.hosts.check(context)
        route = routes.resolve(context.method, context.path)
        context.prefix = route.prefix if route else "own"
        if Cors.is_preflight(context):
            await _send(
                context, Response(status_code=HTTPStatus.NO_CONTENT, headers=self.cors.preflight(context))
            )
        elif route:
            await self.access_control.admit(context, route)
            with self.concurrency.slot(context, route):
                await self.proxy.forward(context, route)
        elif context.path.startswith(("/api/", "/internal/")):
            raise NothingHere
        else:
            await self._own(context)

    async def _own(self, context: RequestContext) -> None:
        method = "GET" if context.method == "HEAD" else context.method  # the server leaves the body out
        scope = {
            **context.scope, "method": method, "path": context.path, "request_id": context.request_id
        }  # fmt: skip
        await self.own(scope, context.receive, context.send)

    def _add_common_headers(self, context: RequestContext, pairs: Pairs) -> Pairs:
        """Add what every response carries, whatever its status."""
        message = {"headers": pairs}
        headers = MutableHeaders(scope=message)
        for name, value in SECURITY.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", API_POLICY)
        headers.setdefault("Cache-Control", "no-store")
        if self.secure_only:
            headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        for name, value in context.response_headers.items():
            headers.setdefault(name, value)
        for name, value in self.cors.headers(context.headers).items():
            if name == "Vary":
                headers.add_vary_header(value)
            else:
                headers[name] = value
        headers["X-Request-ID"] = context.request_id
        return message["headers"]


async def _send(context: RequestContext, response: Response) -> None:
    await body.drain(context)
    await response(context.scope, context.receive, context.send)


async def _refuse(context: RequestContext, error: DomainError) -> None:
    REFUSALS.add(1, {"code": error.code})
    document = problems.document_of(error, context.request_id)
    headers = dict(error.headers)
    if not context.scope["http_version"].startswith("1"):
        headers.pop("Connection", None)
    await _send(context, JSONResponse(document, error.status, headers, problems.MEDIA_TYPE))


def _trace_headers(headers: Headers) -> dict[str, str]:
    return {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}


def _finish(context: RequestContext, span: trace.Span) -> None:
    status = context.status or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    span.update_name(f"{context.method} {context.prefix}")
    span.set_attribute("http.request.method", context.method)
    span.set_attribute("interviewace.request_id", context.request_id)
    span.set_attribute("http.route", context.prefix)
    span.set_attribute("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
    if context.path in QUIET_PATHS:
        return
    method = context.method if context.method in METHODS else "_OTHER"
    seconds = time.perf_counter() - context.started
    measured: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": context.prefix,
        "http.response.status_code": status,
    }
    DURATION.record(seconds, measured)
    log.info(
        "request",
        method=context.method,
        prefix=context.prefix,
        status=status,
        milliseconds=context.milliseconds,
    )
