"""Log lines as people read them."""

import json

from devstack.log_lines import readable

LINE = {
    "route": "/api/v1/auth/login",
    "status": 401,
    "event": "request",
    "request_id": "r-1",
    "level": "info",
    "timestamp": "2026-11-25T03:50:20.123456Z",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "service": "auth",
}


def test_a_line_is_said_as_time_level_event_and_fields() -> None:
    words = readable(json.dumps(LINE)).split()
    assert words == [
        "03:50:20.123",
        "info",
        "request",
        "route=/api/v1/auth/login",
        "status=401",
        "request_id=r-1",
    ]


def test_a_value_with_spaces_is_quoted_and_a_traceback_stands_on_lines_of_its_own() -> None:
    text = readable(
        json.dumps({"event": "failed", "level": "error", "why": "no room", "exception": "Traceback\n  x"})
    )
    first, *traceback = text.splitlines()
    assert first.split(maxsplit=2) == ["error", "failed", 'why="no room"']
    assert traceback == ["Traceback", "  x"]


def test_trouble_has_a_colour_where_colours_are_seen() -> None:
    warning = json.dumps(LINE | {"level": "warning"})
    assert readable(warning, colours=True).startswith("\x1b[33m")
    assert "\x1b" not in readable(warning)
    assert "\x1b" not in readable(json.dumps(LINE), colours=True)


def test_what_is_no_event_stays_as_it_is() -> None:
    for line in ("LOG:  database system is ready", "{broken", '{"no": "event"}', "[1]", ""):
        assert readable(line, colours=True) == line
