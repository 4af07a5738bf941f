"""Log lines for people: JSON as the processes write it, said as time, level, event and fields."""

import json

WIDTH_OF_EVENT = 28
LEFT_OUT = frozenset({"timestamp", "level", "event", "service", "trace_id", "exception"})
COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
RESET = "\x1b[0m"


def readable(line: str, *, colours: bool = False) -> str:
    """Return a line as people read it; one that is no JSON object with an event stays as it is.

    Left out is what the line's own process or `make trace` tells: the service and the trace's id. An exception's
    traceback follows on lines of its own.
    """
    fields = _fields(line)
    if fields is None:
        return line
    level = str(fields.get("level", "info"))
    time = str(fields.get("timestamp", ""))[11:23]
    rest = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if name not in LEFT_OUT)
    text = f"{time:<12} {level:<7} {fields['event']!s:<{WIDTH_OF_EVENT}} {rest}".rstrip()
    if fields.get("exception"):
        text += "\n" + str(fields["exception"])
    colour = COLOURS.get(level, "") if colours else ""
    return f"{colour}{text}{RESET}" if colour else text


def _fields(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and "event" in fields else None


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
