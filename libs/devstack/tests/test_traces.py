"""Traces as they are kept and printed: found by a request's id, a tree with times, and never more than their room."""

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from devstack import traces
from devstack.__main__ import main
from devstack.errors import DevstackError
from devstack.spans import Span, SpanReceiver
from devstack.traces import TraceLog

SECOND = 1_000_000_000


def span(name: str, span_id: str = "s1", parent_id: str = "", **more: Any) -> Span:
    values: dict[str, Any] = {"service": "gateway", "trace_id": "t1", "started": SECOND, "ended": 2 * SECOND}
    return Span(name=name, span_id=span_id, parent_id=parent_id, **values | more)


REQUEST = span("POST /auth", attributes={"interviewace.request_id": "r-1", "http.response.status_code": 201})


def test_a_trace_is_found_by_its_requests_id_and_printed_as_a_tree_with_times(tmp_path: Path) -> None:
    log = TraceLog(tmp_path)
    log.add([span("elsewhere", trace_id="t2")])
    log.add(
        [span("INSERT", "s3", "s2", service="auth", started=SECOND + 2_500_000, ended=SECOND + 4_000_000)]
    )
    log.add(
        [span("POST /register", "s2", "s1", service="auth", started=SECOND + 1_000_000, failed=True), REQUEST]
    )
    head, _, *lines = traces.tree(tmp_path, "r-1")
    assert head == "trace t1: 3 spans in 1000.0 ms"
    assert [line.split() for line in lines] == [
        ["0.0", "1000.0", "gateway", "POST", "/auth", "(status_code=201)"],
        ["1.0", "999.0", "auth", "POST", "/register", "FAILED"],
        ["2.5", "1.5", "auth", "INSERT"],
    ]
    assert traces.tree(tmp_path, "t1")[2:] == lines


def test_a_span_whose_parent_is_not_known_begins_a_tree_of_its_own(tmp_path: Path) -> None:
    TraceLog(tmp_path).add([span("task", "s9", "never sent")])
    assert traces.tree(tmp_path, "t1")[-1].endswith("task")


def test_a_span_that_arrives_while_one_asks_is_waited_for(tmp_path: Path) -> None:
    log = TraceLog(tmp_path)
    arriving = threading.Timer(0.3, log.add, [[REQUEST]])
    arriving.start()
    assert len(traces.tree(tmp_path, "r-1", patience=30)) == 3
    arriving.join()


def test_an_id_nobody_knows_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DevstackError, match="make trace"):
        traces.tree(tmp_path, "r-2", patience=0)
    with pytest.raises(DevstackError, match="make run"):
        traces.latest(tmp_path)


def test_the_latest_requests_are_listed_with_the_id_to_ask_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = TraceLog(tmp_path / "traces")
    log.add([REQUEST, span("INSERT", "s2", "s1")])
    assert main(["--folder", str(tmp_path), "trace"]) == 0
    assert capsys.readouterr().out.split() == [
        "00:00:01",
        "1000.0",
        "ms",
        "r-1",
        "POST",
        "/auth",
        "(status_code=201)",
    ]
    assert main(["--folder", str(tmp_path), "trace", "r-1"]) == 0


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path) -> None:
    log = TraceLog(tmp_path, kept_bytes=20_000)
    for number in range(500):
        log.add([span("x", trace_id=str(number))])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 21_000
    assert len(traces.tree(tmp_path, "499")) == 3


def test_what_is_no_export_is_refused_and_the_next_one_taken() -> None:
    spans: list[Span] = []
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "auth"
    sent = resource.scope_spans.add().spans.add(name="INSERT", trace_id=b"\x01", span_id=b"\x02")
    sent.attributes.add(key="count").value.int_value = 3
    sent.attributes.add(key="list").value.array_value.values.add().int_value = 3
    with (
        SpanReceiver(spans.extend) as receiver,
        httpx.Client(base_url=receiver.endpoint, trust_env=False) as client,
    ):
        assert client.post("/v1/traces", content=b"\xff\xff").status_code == 400
        assert client.post("/v1/traces", content=request.SerializeToString()).status_code == 200
    assert spans == [Span("auth", "INSERT", "01", "02", "", 0, 0, attributes={"count": 3})]
