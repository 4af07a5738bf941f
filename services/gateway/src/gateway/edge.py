"""The outer layer, plain ASGI: every request gets an id, a span, a log line and the headers every answer carries."""

from dataclasses import dataclass
from http import HTTPStatus

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from common import telemetry
from common.errors import DomainError
from common.web import problems
from common.web.middleware import QUIET_PATHS, request_id_of
from gateway import client_address, request_checks, routes
from gateway.access.access_control import AccessControl
from gateway.access.concurrency import Concurrency
from gateway.client_address import Network
from gateway.cors import Cors
from gateway.errors import ClientGone, MalformedRequest, NothingHere, Refusal, UpstreamCut
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
tracer = trace.get_tracer("gateway")


@dataclass(frozen=True)
class Edge:
    """The gateway: its own endpoints, and the services behind it."""

    own: ASGIApp
    hosts: Hosts
    admission: AccessControl
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
            await self._serve(
                RequestContext(scope, receive, send, request_id_of(Headers(scope=scope)), self._decorate)
            )
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, exchange: RequestContext) -> None:
        exchange.address = client_address.address(exchange, self.trusts)
        came_with = telemetry.context_of(_trace_headers(exchange.headers))
        with (
            structlog.contextvars.bound_contextvars(request_id=exchange.request_id),
            tracer.start_as_current_span(exchange.method, came_with, SpanKind.SERVER) as span,
        ):
            try:
                await self._answered(exchange)
            finally:
                _finish(exchange, span)

    async def _answered(self, exchange: RequestContext) -> None:
        """Answer in any case: with what was asked for, or with the problem that kept it from happening."""
        try:
            await self._route(exchange)
        except ClientGone:
            if exchange.body_begun and not exchange.body_read:
                # it may be the body alone that broke off: chunks that are none look the same from here
                await _refuse(exchange, MalformedRequest("The body broke off before it was complete."))
            exchange.status = CLIENT_LEFT
        except DomainError as error:
            if exchange.status:
                raise
            await _refuse(exchange, error)
        except UpstreamCut:
            log.warning("answer_cut", prefix=exchange.prefix)
            raise
        except Exception as error:
            log.error("unexpected_error", error=type(error).__name__, exc_info=error)
            if exchange.status:
                raise
            await _refuse(
                exchange, DomainError("Something went wrong on our side; it is recorded under this id.")
            )

    async def _route(self, exchange: RequestContext) -> None:
        exchange.path = request_checks.check(exchange)
        self.hosts.check(exchange)
        route = routes.resolve(exchange.method, exchange.path)
        exchange.prefix = route.prefix if route else "own"
        if Cors.is_preflight(exchange):
            await _send(
                exchange, Response(status_code=HTTPStatus.NO_CONTENT, headers=self.cors.preflight(exchange))
            )
        elif route:
            await self.admission.admit(exchange, route)
            with self.concurrency.slot(exchange, route):
                await self.proxy.forward(exchange, route)
        elif exchange.path.startswith(("/api/", "/internal/")):
            raise NothingHere
        else:
            await self._own(exchange)

    async def _own(self, exchange: RequestContext) -> None:
        method = "GET" if exchange.method == "HEAD" else exchange.method  # the server leaves the body out
        scope = {
            **exchange.scope, "method": method, "path": exchange.path, "request_id": exchange.request_id
        }  # fmt: skip
        await self.own(scope, exchange.receive, exchange.send)

    def _decorate(self, exchange: RequestContext, pairs: Pairs) -> Pairs:
        """Add what every answer carries, whatever its status."""
        message = {"headers": pairs}
        answer = MutableHeaders(scope=message)
        for name, value in SECURITY.items():
            answer[name] = value
        answer.setdefault("Content-Security-Policy", API_POLICY)
        answer.setdefault("Cache-Control", "no-store")
        if self.secure_only:
            answer["Strict-Transport-Security"] = STRICT_TRANSPORT
        for name, value in exchange.answer_headers.items():
            answer.setdefault(name, value)
        for name, value in self.cors.headers(exchange.headers).items():
            if name == "Vary":
                answer.add_vary_header(value)
            else:
                answer[name] = value
        answer["X-Request-ID"] = exchange.request_id
        return message["headers"]


async def _send(exchange: RequestContext, response: Response) -> None:
    await body.drain(exchange)
    await response(exchange.scope, exchange.receive, exchange.send)


async def _refuse(exchange: RequestContext, error: DomainError) -> None:
    document = problems.document(error.status, error.code, error.title, error.detail, exchange.request_id)
    more = dict(error.headers) if isinstance(error, Refusal) else {}
    if not exchange.scope["http_version"].startswith("1"):
        more.pop("Connection", None)
    more |= problems.headers_of(error)
    await _send(exchange, JSONResponse(document, error.status, more, problems.MEDIA_TYPE))


def _trace_headers(headers: Headers) -> dict[str, str]:
    return {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}


def _finish(exchange: RequestContext, span: trace.Span) -> None:
    status = exchange.status or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    span.update_name(f"{exchange.method} {exchange.prefix}")
    span.set_attribute("http.request.method", exchange.method)
    span.set_attribute("http.route", exchange.prefix)
    span.set_attribute("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
    if exchange.path in QUIET_PATHS:
        return
    log.info(
        "request",
        method=exchange.method,
        prefix=exchange.prefix,
        status=status,
        milliseconds=exchange.milliseconds,
    )
