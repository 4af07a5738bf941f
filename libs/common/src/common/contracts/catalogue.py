"""The catalogue of all events: who publishes which, their JSON Schemas, and what an old reader could not take."""

from collections.abc import Iterator
from typing import Any

from common.contracts.event import Event
from common.contracts.interview import InterviewEvent
from common.contracts.resume import ResumeEvent
from common.contracts.user import UserEvent

PUBLISHERS: dict[str, type[Event]] = {"auth": UserEvent, "resume": ResumeEvent, "interview": InterviewEvent}


def published_by(service: str) -> list[type[Event]]:
    """Return the events that a service publishes, in the order of their definition."""
    return list(_leaves(PUBLISHERS[service]))


def all_events() -> list[type[Event]]:
    """Return every event there is."""
    return [event_type for service in PUBLISHERS for event_type in published_by(service)]


def _leaves(base: type[Event]) -> Iterator[type[Event]]:
    for event_type in base.__subclasses__():
        if "ce_type" in event_type.__dict__:
            yield event_type
        yield from _leaves(event_type)


def schema_of(event_type: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of an event's value."""
    return {"$id": f"urn:interviewace:event:{event_type.ce_type}"} | event_type.model_json_schema(
        mode="serialization"
    )


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what a reader of `old` could not take in `new`, or a reader of `new` in a kept message of `old`."""
    problems = []
    for name, definition in {"": old, **old.get("$defs", {})}.items():
        current = new if not name else new.get("$defs", {}).get(name)
        place = f"{name}." if name else ""
        if current is None:
            problems.append(f"{name} is gone")
            continue
        for field, shape in definition.get("properties", {}).items():
            present = current.get("properties", {}).get(field)
            if present is None:
                problems.append(f"{place}{field} is gone")
            elif _type(present) != _type(shape):
                problems.append(f"{place}{field} changed its type")
        known = definition.get("properties", {})
        required = set(current.get("required", ())) - set(definition.get("required", ()))
        has_default = {field for field, shape in current.get("properties", {}).items() if "default" in shape}
        problems += [
            f"{place}{field} is new and required"
            for field in sorted(required - has_default)
            if field not in known
        ]
    return problems


def _type(shape: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if key not in ("title", "description", "default")}
