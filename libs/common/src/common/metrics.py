"""Metrics of this process in Prometheus' form, on a port of their own where `METRICS_PORT` is set.

Instruments are OpenTelemetry's, named by its semantic conventions where there is one; they cost nothing while no port
is set. Labels have few values: routes as they are declared, codes of errors, kinds of tasks, topics; never an id.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import start_http_server

from common.settings import Settings

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

meter = metrics.get_meter("interviewace")


def configure(settings: Settings) -> None:
    """Serve this process's metrics at `/metrics` of `METRICS_PORT`; called once, by the app factories.

    Raises:
        OSError: the port is taken.
    """
    if not settings.metrics_port or isinstance(metrics.get_meter_provider(), MeterProvider):
        return
    resource = Resource.create({"service.name": settings.service, "service.namespace": "interviewace"})
    buckets = View(instrument_type=Histogram, aggregation=ExplicitBucketHistogramAggregation(SECONDS))
    reader = PrometheusMetricReader()
    metrics.set_meter_provider(MeterProvider([reader], resource, views=[buckets]))
    start_http_server(settings.metrics_port, settings.metrics_host)


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
