"""Writes docs/events.md, docs/events/ and docs/asyncapi/ from the code; with `--check` only says whether they are true.

A schema that an old reader could not take is refused: publish such a change as a new event type.
"""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from common.contracts import catalogue
from common.messaging import asyncapi
from common.messaging.router import EventRouter

DOCS = Path(__file__).parent
EVENTS = DOCS / "events"
SERVICES = tuple(catalogue.PUBLISHERS)

HEAD = """# Events

Made from the code by `make events`; a test fails when this page or a schema is out of date. Every message is a
CloudEvent in Kafka's binary mode: the headers `ce_id`, `ce_type`, `ce_source`, `ce_subject`, `ce_time`,
`ce_specversion` and `traceparent`, the key is the subject's id, the value is JSON by the schema beside this page.
Fields are only added; a break is a new type. As AsyncAPI, by service: {services}.

| event (`ce_type`) | topic | published by | what it says | who reacts |
| --- | --- | --- | --- | --- |
"""
TAIL = """
A message that cannot be read, or that fails for good, becomes a dead letter on `interviewace.<service>.parked`
(`python -m <service> dead-letters` lists them, `python -m <service> replay` sends them again). An event larger than
`EVENT_BYTES` is refused when it is published; one that Kafka refuses for good waits in the publisher's table
`dead_letter`, is listed and sent again by the same commands, and those behind it go on in their order.
"""


def router_of(service: str) -> EventRouter:
    """Return what a service reacts to."""
    router: EventRouter = importlib.import_module(f"{service}.reactions").router
    return router


def reactions() -> dict[str, list[str]]:
    """Return for each event type what reacts to it."""
    reactions_by_type: dict[str, list[str]] = {}
    for service in SERVICES:
        for subscription in router_of(service).subscriptions:
            words = asyncapi.first_line(subscription.reaction.__doc__).rstrip(".")
            reactions_by_type.setdefault(subscription.event_type.ce_type, []).append(
                f"{service}: {words[0].lower()}{words[1:]}"
            )
    return reactions_by_type


def page() -> str:
    """Return docs/events.md as the code has it."""
    heard = reactions()
    rows = []
    for service in SERVICES:
        for event in catalogue.published_by(service):
            says = asyncapi.first_line(event.__doc__)
            who = "; ".join(heard.get(event.ce_type, [])) or "-"
            link = f"[`{event.ce_type}`](events/{event.ce_type}.json)"
            rows.append(f"| {link} | `{event.topic}` | {service} | {says} | {who} |")
    services = ", ".join(f"[{service}](asyncapi/{service}.json)" for service in SERVICES)
    return HEAD.format(services=services) + "\n".join(rows) + "\n" + TAIL


def files() -> dict[Path, str]:
    """Return every file this script is responsible for, with its content."""
    made = {DOCS / "events.md": page()}
    for service in SERVICES:
        document = asyncapi.describe(service, router_of(service))
        made[DOCS / "asyncapi" / f"{service}.json"] = _json(document, sort_keys=True)
        for event in catalogue.published_by(service):
            made[EVENTS / f"{event.ce_type}.json"] = _json(catalogue.schema_of(event))
    return made


def _json(document: Mapping[str, object], *, sort_keys: bool = False) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=sort_keys) + "\n"


def refused(path: Path, content: str) -> list[str]:
    """Return why a schema may not be replaced."""
    if path.parent != EVENTS or not path.exists():
        return []
    old, new = json.loads(path.read_text()), json.loads(content)
    return [f"{path.name}: {problem}" for problem in catalogue.breaks(old, new)]


def main(check: bool) -> int:
    """Write or check; return the exit code."""
    made = files()
    problems = [problem for path, content in made.items() for problem in refused(path, content)]
    stale = [path for path, content in made.items() if not path.exists() or path.read_text() != content]
    orphans = [path for path in EVENTS.glob("*.json") if path not in made]
    problems += [f"{path.name}: the event is gone, and readers may still need it" for path in orphans]
    if check:
        problems += [f"{path.relative_to(DOCS.parent)} is out of date: run `make events`" for path in stale]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    if not problems and not check:
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[path])
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
