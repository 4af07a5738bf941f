"""Metrics leave by OTLP where that is asked for, and say what they belong to."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

PROGRAM = """
import sys
from common import metrics, telemetry
from common.settings import Settings
about = {"service": "auth", "environment": "local", "version": "1.2.3"}
metrics.configure(Settings(**about, otel_exporter_otlp_metrics_endpoint=sys.argv[1]))
metrics.meter.create_counter("interviewace.sample").add(7)
telemetry.flush()
"""


@pytest.fixture
def collector():
    """A server that keeps what it is sent, by path."""
    bodies: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.bodies = bodies
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_metrics_are_sent_to_the_endpoint_that_is_set(collector):
    endpoint = f"http://127.0.0.1:{collector.server_port}/v1/metrics"
    subprocess.run([sys.executable, "-c", PROGRAM, endpoint], check=True, timeout=60)
    path, body = collector.bodies[0]
    request = ExportMetricsServiceRequest.FromString(body)
    (of_process,) = request.resource_metrics
    attributes = {item.key: item.value.string_value for item in of_process.resource.attributes}
    assert path == "/v1/metrics"
    assert (attributes["service.name"], attributes["service.version"]) == ("auth", "1.2.3")
    names = {metric.name: metric for scope in of_process.scope_metrics for metric in scope.metrics}
    assert names["interviewace.sample"].sum.data_points[0].as_int == 7
    assert names["interviewace.build.info"].gauge.data_points[0].as_int == 1
