"""Metrics as Prometheus asks for them, with what its exporter leaves out: the trace that a measurement belongs to.

Only the OpenMetrics form carries exemplars; a server that asks for the older text gets the same numbers without them.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from opentelemetry import trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import HistogramDataPoint, MetricsData
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample

Key = tuple[str, frozenset[tuple[str, str]], int]
"""A bucket: its metric's name, its labels, its number."""

NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


class ExemplarReader(PrometheusMetricReader):
    """The exporter's reader, which keeps the exemplars of what it read last."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.exemplars: Mapping[Key, Exemplar] = {}
        super().__init__(registry=registry)

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object
    ) -> None:
        super()._receive_metrics(metrics_data, timeout_millis, **kwargs)
        self.exemplars = dict(_exemplars(metrics_data))


class WithExemplars(Collector):
    """What the exporter tells, its buckets with the exemplars that belong to them."""

    def __init__(self) -> None:
        self._exported = CollectorRegistry()
        self.reader = ExemplarReader(self._exported)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of this process."""
        for metric in self._exported.collect():
            if metric.type == "histogram":
                metric.samples = list(self._with_exemplars(metric))
            yield metric

    def _with_exemplars(self, metric: Metric) -> Iterator[Sample]:
        seen: Counter[frozenset[tuple[str, str]]] = Counter()
        for sample in metric.samples:
            if not sample.name.endswith("_bucket"):
                yield sample
                continue
            labels = frozenset((name, value) for name, value in sample.labels.items() if name != "le")
            exemplar = self.reader.exemplars.get((_base(metric.name), labels, seen[labels]))
            seen[labels] += 1
            yield sample._replace(exemplar=exemplar)


def _exemplars(data: MetricsData) -> Iterator[tuple[Key, Exemplar]]:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            of_scope = {
                "otel_scope_name": scope.scope.name or "",
                "otel_scope_version": scope.scope.version or "",
                "otel_scope_schema_url": scope.scope.schema_url or "",
            }
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    if isinstance(point, HistogramDataPoint):
                        yield from _of_point(_base(metric.name), of_scope, point)


def _of_point(
    name: str, of_scope: dict[str, str], point: HistogramDataPoint
) -> Iterator[tuple[Key, Exemplar]]:
    own = {NO_NAME.sub("_", key): str(value) for key, value in (point.attributes or {}).items()}
    labels = frozenset((of_scope | own).items())
    for exemplar in point.exemplars:
        if exemplar.trace_id is None or exemplar.span_id is None:
            continue
        ids = {
            "trace_id": trace.format_trace_id(exemplar.trace_id),
            "span_id": trace.format_span_id(exemplar.span_id),
        }
        bucket = bisect_left(point.explicit_bounds, exemplar.value)
        seconds = exemplar.time_unix_nano / 1e9
        yield (name, labels, bucket), Exemplar(ids, float(exemplar.value), seconds)


def _base(name: str) -> str:
    """Return a metric's name as both sides have it: the exporter adds the unit."""
    return NO_NAME.sub("_", name).removesuffix("_seconds")
