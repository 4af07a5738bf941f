"""A collector of OpenTelemetry spans for tests: receives OTLP over HTTP from real processes."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it arrived: whose it is, its place in its trace, and when it began (nanoseconds)."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    started: int


class SpanCollector:
    """Collects every span sent to `endpoint`. A context manager."""

    def __init__(self) -> None:
        self.spans: list[CollectedSpan] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's shape
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Keep the spans of one export."""
        for resource in request.resource_spans:
            names = {
                attribute.key: attribute.value.string_value for attribute in resource.resource.attributes
            }
            for scope in resource.scope_spans:
                self.spans += [
                    CollectedSpan(
                        service=names.get("service.name", ""),
                        name=span.name,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        started=span.start_time_unix_nano,
                    )
                    for span in scope.spans
                ]

    def trace(self, trace_id: str) -> list[CollectedSpan]:
        """Return the spans of one trace, in the order they began."""
        return sorted(
            (span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.started
        )

    def tree(self, trace_id: str) -> list[str]:
        """Return one trace as indented lines, children below their parents."""
        spans = self.trace(trace_id)
        known = {span.span_id for span in spans}
        lines: list[str] = []

        def walk(parent: str, depth: int) -> None:
            for span in spans:
                if span.parent_id == parent or (depth == 0 and span.parent_id not in known):
                    lines.append(f"{'  ' * depth}{span.service}: {span.name}")
                    walk(span.span_id, depth + 1)

        walk("", 0)
        return lines

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
