"""A bucket names the trace of a measurement that fell into it."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from common.exposition import WithExemplars

BUCKETS = View(instrument_name="*.duration", aggregation=ExplicitBucketHistogramAggregation([0.1, 1.0]))


@pytest.fixture
def exposition():
    return WithExemplars()


@pytest.fixture
def meter(exposition):
    provider = MeterProvider([exposition.reader], views=[BUCKETS])
    yield provider.get_meter("sample", "1")
    provider.shutdown()


@pytest.fixture
def exemplars(exposition):
    """What a server that asks in the OpenMetrics form is told, by label and bucket."""
    registry = CollectorRegistry()
    registry.register(exposition)

    def read():
        families = text_string_to_metric_families(generate_latest(registry).decode())
        return {
            (sample.labels["http_route"], sample.labels["le"]): sample.exemplar
            for family in families
            for sample in family.samples
            if sample.name == "sample_duration_seconds_bucket"
        }

    return read


def test_an_exemplar_lies_in_the_bucket_and_series_it_was_measured_in(meter, exemplars):
    histogram = meter.create_histogram("sample.duration", unit="s")
    with TracerProvider().get_tracer("test").start_as_current_span("one") as span:
        histogram.record(0.4, {"http.route": "/a"})
    histogram.record(0.05, {"http.route": "/a"})
    histogram.record(7, {"http.route": "/b"})
    buckets = exemplars()
    assert {place: exemplar and exemplar.value for place, exemplar in buckets.items()} == {
        ("/a", "0.1"): None,
        ("/a", "1.0"): 0.4,
        ("/a", "+Inf"): None,
        ("/b", "0.1"): None,
        ("/b", "1.0"): None,
        ("/b", "+Inf"): None,
    }
    labels = buckets["/a", "1.0"].labels
    assert labels["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert labels["span_id"] == f"{span.get_span_context().span_id:016x}"


def test_other_kinds_of_metrics_are_told_as_they_are(meter, exposition):
    meter.create_counter("sample.things").add(2)
    assert [(sample.name, sample.value) for metric in exposition.collect() for sample in metric.samples][
        -1
    ] == ("sample_things_total", 2)
