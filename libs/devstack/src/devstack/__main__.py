"""The command line: `python -m devstack run | demo | seed | logs | trace | top | memory | clean | service`."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from devstack import cli_run, dotenv, observe, seed, top, traces
from devstack.demo import play
from devstack.errors import DevstackError
from devstack.scaffold import service
from devstack.stack import Stack


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    arguments = _parser().parse_args(argv)
    dotenv.load(Path.cwd() / ".env", os.environ)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _perform(arguments)
    except (DevstackError, OSError) as error:
        print(f"devstack: {error}", file=sys.stderr)
        return 1
    return 0


def _perform(arguments: argparse.Namespace) -> None:
    stack = Stack(arguments.folder, report=cli_run.say)
    match arguments.command:
        case "run":
            asyncio.run(cli_run.run(stack))
        case "demo":
            asyncio.run(play.play(stack, arguments.reports))
        case "seed":
            asyncio.run(seed.seed(stack))
        case "logs":
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make logs | head` ends with its reader
            observe.follow(arguments.folder, cli_run.say, colours=sys.stdout.isatty())
        case "trace":
            kept = arguments.folder / "traces"
            lines = traces.tree(kept, arguments.id) if arguments.id else traces.latest(kept)
            cli_run.say("\n".join(lines))
        case "top":
            once = arguments.once or not sys.stdout.isatty()
            asyncio.run(top.show(arguments.folder, cli_run.say, once=once))
        case "memory":
            cli_run.say(observe.memory_table(arguments.folder))
        case "clean":
            cli_run.clean(arguments.folder)
        case "service":
            paths = service.add(arguments.name, Path.cwd())
            cli_run.say(
                f"{arguments.name}: {len(paths)} files are made or name it; its items are yours to rename"
            )
        case "service-remove":
            paths = service.remove(arguments.name, Path.cwd(), force=arguments.force)
            cli_run.say(f"{arguments.name}: {len(paths)} files are gone or name it no more")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devstack", description="InterviewAce without containers."
    )
    parser.add_argument("--folder", type=Path, default=Path(".devstack"), help="where data and logs are kept")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything and keep it running until Ctrl-C")
    demo = commands.add_parser("demo", help="play a whole interview, on the running stack or one of its own")
    demo.add_argument("--reports", type=Path, default=Path("reports"), help="where the report is written")
    commands.add_parser("seed", help="make an account with résumés and interviews on the running stack")
    commands.add_parser("logs", help="follow the logs of all processes")
    trace = commands.add_parser(
        "trace", help="show one request's way through every process, or the latest requests"
    )
    trace.add_argument("id", nargs="?", default="", help="the request's id (X-Request-ID) or its trace's")
    looking = commands.add_parser("top", help="show what the running stack is at, until Ctrl-C")
    looking.add_argument("--once", action="store_true", help="print it once, as is done without a terminal")
    commands.add_parser("memory", help="show how much memory each process holds")
    commands.add_parser("clean", help="remove all data, logs and keys")
    commands.add_parser("service", help="make a new service in the checkout").add_argument("name")
    remove = commands.add_parser("service-remove", help="take out a service that was made and not changed")
    remove.add_argument("name")
    remove.add_argument("--force", action="store_true", help="also where its files were changed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
