"""The traces of the local stack: kept in its folder for a while, and printed as trees."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from devstack.errors import DevstackError
from devstack.spans import Span

KEPT_BYTES = 16 * 1024 * 1024
LISTED = 20
REQUEST_ID = "interviewace.request_id"
SHOWN = (
    "http.response.status_code",
    "interviewace.task.attempt",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "error.type",
)
MILLISECOND = 1_000_000


class TraceLog:
    """Keeps spans as lines of JSON in a folder: one file that is written, and the one before it."""

    def __init__(self, folder: Path, kept_bytes: int = KEPT_BYTES) -> None:
        self._path = folder / "spans.jsonl"
        self._half = kept_bytes // 2
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, spans: Sequence[Span]) -> None:
        """Append spans; once half of the room is used the file becomes the older one."""
        lines = "".join(json.dumps(asdict(span)) + "\n" for span in spans)
        with self._lock:
            if self._path.exists() and self._path.stat().st_size > self._half:
                self._path.replace(self._path.with_suffix(".old.jsonl"))
            with self._path.open("a") as file:
                file.write(lines)


def tree(folder: Path, name: str, *, patience: float = 3.0) -> list[str]:
    """Return the tree of a trace, found by its id or by the id of a request in it, as lines.

    Spans arrive about a second after they ended, so an id that is not known yet is waited for.

    Raises:
        DevstackError: no span of it arrived within `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        spans = list(_read(folder))
        traces = {span.trace_id for span in spans if name in (span.trace_id, span.attributes.get(REQUEST_ID))}
        if traces:
            return [line for trace in sorted(traces) for line in _lines(trace, spans)]
        if time.monotonic() > deadline:
            raise DevstackError(f"no span of {name} has arrived; the latest requests: make trace")
        time.sleep(0.2)


def latest(folder: Path) -> list[str]:
    """Return a line for each of the latest requests: when, how long, what, and the id to ask for.

    Raises:
        DevstackError: there is none.
    """
    requests = sorted(
        (span for span in _read(folder) if REQUEST_ID in span.attributes), key=lambda span: span.started
    )
    if not requests:
        raise DevstackError("no span has arrived yet; `make run` keeps those of every request")
    return [
        f"{datetime.fromtimestamp(span.started / 1e9, UTC):%H:%M:%S}{_milliseconds(span):>10.1f} ms"
        f"  {span.attributes[REQUEST_ID]}  {span.name}{_notes(span)}"
        for span in requests[-LISTED:]
    ]


def _read(folder: Path) -> Iterator[Span]:
    for path in (folder / "spans.old.jsonl", folder / "spans.jsonl"):
        if path.exists():
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):  # the last one may still be written
                    yield Span(**json.loads(line))


def _lines(trace_id: str, spans: Sequence[Span]) -> list[str]:
    own = sorted((span for span in spans if span.trace_id == trace_id), key=lambda span: span.started)
    began = own[0].started
    total = (max(span.ended for span in own) - began) / MILLISECOND
    lines = [f"trace {trace_id}: {len(own)} spans in {total:.1f} ms"]
    lines.append(f"{'after ms':>10}{'took ms':>10}  {'process':<10} span")
    for depth, span in walk(own):
        start = (span.started - began) / MILLISECOND
        mark = " FAILED" if span.failed else ""
        label = f"{'  ' * depth}{span.name}{mark}{_notes(span)}"
        lines.append(f"{start:>10.1f}{_milliseconds(span):>10.1f}  {span.service:<10} {label}")
    return lines


def walk(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Yield the spans of one trace with their depth, children below their parents in the order they began."""
    known = {span.span_id for span in spans}
    children: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.started):
        children.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    waiting = [(0, span) for span in reversed(children.get("", []))]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, child) for child in reversed(children.get(span.span_id, []))]


def _milliseconds(span: Span) -> float:
    return (span.ended - span.started) / MILLISECOND


def _notes(span: Span) -> str:
    notes = [f"{key.rpartition('.')[2]}={span.attributes[key]}" for key in SHOWN if key in span.attributes]
    return f"  ({', '.join(notes)})" if notes else ""
