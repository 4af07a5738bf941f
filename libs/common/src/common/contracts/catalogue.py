"""The catalogue of all events: who publishes which, their JSON Schemas, and what an old reader could not take."""

from collections.abc import Iterator
from typing import Any

from common.contracts.event import Event
from common.contracts.interview import InterviewEvent
from common.contracts.resume import ResumeEvent
from common.contracts.user import UserEvent

PUBLISHERS: dict[str, type[Event]] = {
    "auth": UserEvent,
    "resume": ResumeEvent,
    "interview": InterviewEvent,
}


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
    """Return what a reader of `old` could not take in `new`, or a reader of `new` in a kept message of `old`.

    What a definition is called tells a reader nothing: definitions are compared where they are referred to.
    """
    return list(_breaks("", old, new, old.get("$defs", {}), new.get("$defs", {})))


def _breaks(
    place: str, old: dict[str, Any], new: dict[str, Any], old_definitions: Any, new_definitions: Any
) -> Iterator[str]:
    known, present = old.get("properties", {}), new.get("properties", {})
    for field, shape in known.items():
        if field not in present:
            yield f"{place}{field} is gone"
        elif _type(present[field]) != _type(shape):
            yield f"{place}{field} changed its type"
        else:
            for before, now in zip(_references(shape), _references(present[field]), strict=True):
                if now not in new_definitions:
                    yield f"{before} is gone"
                    continue
                definitions = old_definitions[before], new_definitions[now]
                yield from _breaks(f"{before}.", *definitions, old_definitions, new_definitions)
    required = set(new.get("required", ())) - set(old.get("required", ()))
    for field in sorted(required - known.keys()):
        if "default" not in present.get(field, {}):
            yield f"{place}{field} is new and required"


def _references(shape: Any) -> list[str]:
    """Return the names of the definitions a shape refers to, in order."""
    if isinstance(shape, dict):
        if "$ref" in shape:
            return [str(shape["$ref"]).rpartition("/")[2]]
        return [name for part in shape.values() for name in _references(part)]
    if isinstance(shape, list):
        return [name for part in shape for name in _references(part)]
    return []


def _type(shape: Any) -> Any:
    """Return a shape without what only people read, and without the names of definitions."""
    if isinstance(shape, list):
        return [_type(part) for part in shape]
    if not isinstance(shape, dict):
        return shape
    return {
        key: "" if key == "$ref" else _type(part)
        for key, part in shape.items()
        if key not in ("title", "description", "default")
    }
