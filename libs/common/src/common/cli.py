"""The command line every service has: `python -m <service> migrate | wait | revision | republish | ...`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TypeVar

from pydantic import ValidationError

from common import wait
from common.db import migrations
from common.messaging import dead_letters, outbox
from common.settings import ServiceSettings

CONFIGURATION_MISSING = 2
S = TypeVar("S", bound=ServiceSettings)


def build_parser(
    service: str,
) -> tuple[argparse.ArgumentParser, "argparse._SubParsersAction[argparse.ArgumentParser]"]:
    """Return the parser of a service's command line and the place where it may add commands of its own."""
    parser = argparse.ArgumentParser(prog=f"python -m {service}")
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("migrate", help="bring the service's schema to the newest revision")
    waiting = verbs.add_parser("wait", help="wait for what a process of this version needs before it starts")
    waiting.add_argument("kinds", nargs="+", choices=["login", "schema", "topics"])
    waiting.add_argument("--patience", type=float, default=300, help="seconds at most, for all of it")
    revision = verbs.add_parser("revision", help="write a new revision from what the models say")
    revision.add_argument("message")
    verbs.add_parser("republish", help="publish every kept event again, for a broker that lost its log")
    verbs.add_parser(
        "dead-letters",
        aliases=["parked"],
        help="list the messages that were put aside, and the events that Kafka refused, with their cause",
    )
    verbs.add_parser("replay", help="send what was put aside since the last replay to where it belongs")
    return parser, verbs


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _dead_letters(settings: ServiceSettings) -> None:
    messages = asyncio.run(dead_letters.listing(settings))
    for message in messages:
        _say(f"{message.time}  {message.topic}[{message.partition}]@{message.offset}  {message.cause}")
    events = asyncio.run(outbox.dead_letters(settings.database_url.get_secret_value()))
    for event in events:
        moment = event.set_aside_at.isoformat()
        _say(f"{moment}  {event.ce_type} {event.event_id} to {event.topic}  {event.cause}")
    _say(f"{len(messages)} dead letters, {len(events)} refused by Kafka")


def _wait(settings: ServiceSettings, package: ModuleType, arguments: argparse.Namespace) -> None:
    checks = wait.checks_of(settings, migrations.folder_of(package), arguments.kinds)
    try:
        asyncio.run(wait.until(checks, arguments.patience))
    except wait.StillMissing as error:
        raise SystemExit(f"{settings.service}: {error}") from None
    _say(f"{settings.service}: {', '.join(arguments.kinds)}: there")


def _migrate(settings: ServiceSettings, package: ModuleType) -> None:
    url = settings.database_url.get_secret_value()
    try:
        migrated = migrations.upgrade(url, migrations.folder_of(package))
    except migrations.NeverFree as error:
        raise SystemExit(f"{settings.service}: {error}") from None
    state = "up to date" if migrated else "of a later version and stays as it is"
    _say(f"{settings.service}: the schema is {state}")


def run_command(arguments: argparse.Namespace, package: ModuleType, settings: ServiceSettings) -> None:
    """Do what one of the common commands asks for."""
    url = settings.database_url.get_secret_value()
    match arguments.command:
        case "migrate":
            _migrate(settings, package)
        case "wait":
            _wait(settings, package, arguments)
        case "revision":
            migrations.revision(url, migrations.folder_of(package), arguments.message)
        case "republish":
            _say(f"{settings.service}: {asyncio.run(outbox.republish(url))} events will be published again")
        case "dead-letters" | "parked":
            _dead_letters(settings)
        case "replay":
            _say(f"{settings.service}: {asyncio.run(dead_letters.replay(settings))} messages sent again")
            _say(f"{settings.service}: {asyncio.run(outbox.replay(url))} events will be published again")


def load(kind: type[S], command: str) -> S:
    """Return the settings that the environment gives, or end the program with one line that says what is missing."""
    try:
        return kind()
    except ValidationError as error:
        wrong = "; ".join(
            " ".join(
                [".".join(map(str, detail["loc"])).upper(), detail["msg"].removeprefix("Value error, ")]
            ).strip()
            for detail in error.errors()
        )
        sys.stderr.write(f"{command}: {' '.join(wrong.split())}\n")
        raise SystemExit(CONFIGURATION_MISSING) from None


def main(package: ModuleType, kind: type[ServiceSettings], argv: Sequence[str] | None = None) -> None:
    """Parse the command line and do it; the `__main__` of a service without commands of its own."""
    parser, _ = build_parser(package.__name__)
    arguments = parser.parse_args(argv)
    run_command(arguments, package, load(kind, parser.prog))
