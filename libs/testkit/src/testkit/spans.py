"""A collector of OpenTelemetry spans for tests: what real processes sent by OTLP over HTTP."""

from devstack import traces
from devstack.spans import Span, SpanReceiver


class SpanCollector(SpanReceiver):
    """Collects every span sent to `endpoint`. A context manager."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        super().__init__(self.spans.extend)

    def trace(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace, in the order they began."""
        return sorted(
            (span for span in self.spans if span.trace_id == trace_id), key=lambda span: span.started
        )

    def tree(self, trace_id: str) -> list[str]:
        """Return one trace as indented lines, children below their parents."""
        return [
            f"{'  ' * depth}{span.service}: {span.name}" for depth, span in traces.walk(self.trace(trace_id))
        ]
