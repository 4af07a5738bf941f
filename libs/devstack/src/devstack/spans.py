"""Receives OpenTelemetry spans from real processes: OTLP over HTTP, on a free port of this machine."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

Attribute = str | int | float | bool


@dataclass(frozen=True)
class Span:
    """A span as it arrived: whose it is, its place in its trace, and when it began and ended (Unix nanoseconds)."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    started: int
    ended: int
    failed: bool = False
    attributes: dict[str, Attribute] = field(default_factory=dict)


class SpanReceiver:
    """Gives the spans of each export to `take`, which is called from threads. A context manager."""

    def __init__(self, take: Callable[[Sequence[Span]], None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    spans, status = spans_of(ExportTraceServiceRequest.FromString(body)), 200
                except DecodeError:
                    spans, status = [], 400
                take(spans)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's shape
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Take what is sent from now on."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Take no more; waits until the last look for a connection is over."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def spans_of(request: ExportTraceServiceRequest) -> list[Span]:
    """Return the spans of one export."""
    return [
        Span(
            service=str(_attributes(resource.resource.attributes).get("service.name", "")),
            name=span.name,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            started=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
            failed=span.status.code == Status.STATUS_CODE_ERROR,
            attributes=_attributes(span.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Attribute]:
    """Return the attributes that are plain values; lists and maps are left out."""
    kinds = {"string_value", "int_value", "double_value", "bool_value"}
    named = [(pair.key, pair.value, pair.value.WhichOneof("value")) for pair in pairs]
    return {key: getattr(value, kind) for key, value, kind in named if kind in kinds}
