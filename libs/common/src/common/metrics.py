"""Metrics of this process: in Prometheus' form on a port of their own where `METRICS_PORT` is set, by OTLP where asked.

Instruments are OpenTelemetry's, named by its semantic conventions where there is one; they cost nothing while neither
is set. Labels have few values: routes as they are declared, codes of errors, kinds of tasks, topics; never an id.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import REGISTRY, start_http_server

from common import build
from common.exposition import WithExemplars
from common.settings import Settings

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
EXPORT_SECONDS = 5
FLUSH_MS = 2_000

meter = metrics.get_meter("interviewace")
BUILD = meter.create_gauge("interviewace.build.info", description="1; the labels say what is running.")


def configure(settings: Settings) -> None:
    """Serve this process's metrics at `/metrics` of `METRICS_PORT`, and send them to an OTLP endpoint that is set.

    Called once, by the app factories.

    Raises:
        OSError: the port is taken.
    """
    wanted = settings.metrics_port or settings.otel_exporter_otlp_metrics_endpoint
    if not wanted or isinstance(metrics.get_meter_provider(), MeterProvider):
        return
    exposition = WithExemplars() if settings.metrics_port else None
    readers: list[MetricReader] = [exposition.reader] if exposition else []
    if settings.otel_exporter_otlp_metrics_endpoint:
        exporter = OTLPMetricExporter(
            endpoint=str(settings.otel_exporter_otlp_metrics_endpoint), timeout=EXPORT_SECONDS
        )
        readers.append(PeriodicExportingMetricReader(exporter))
    buckets = View(instrument_type=Histogram, aggregation=ExplicitBucketHistogramAggregation(SECONDS))
    metrics.set_meter_provider(MeterProvider(readers, resource_of(settings), views=[buckets]))
    built = build.of(settings)
    BUILD.set(1, {"service.name": built.name, "version": built.version, "commit": built.commit or ""})
    if exposition and settings.metrics_port:
        REGISTRY.register(exposition)
        start_http_server(settings.metrics_port, settings.metrics_host)


def resource_of(settings: Settings) -> Resource:
    """Return what everything that is measured or traced in this process belongs to."""
    built = build.of(settings)
    names = {
        "service.name": built.name,
        "service.namespace": "interviewace",
        "service.version": built.version,
    }
    return Resource.create(names)


def flush() -> None:
    """Send what was measured since the last time; called at shutdown."""
    provider = metrics.get_meter_provider()
    if isinstance(provider, MeterProvider):
        provider.force_flush(FLUSH_MS)


@contextmanager
def timed(histogram: Histogram, attributes: dict[str, str | int]) -> Iterator[dict[str, str | int]]:
    """Record how many seconds the block took, under attributes that it may add to; an error adds its type."""
    started = time.perf_counter()
    try:
        yield attributes
    except BaseException as error:
        attributes.setdefault("error.type", type(error).__name__)
        raise
    finally:
        histogram.record(time.perf_counter() - started, attributes)
