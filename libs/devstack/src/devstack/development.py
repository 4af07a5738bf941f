"""`python -m devstack dev`: the stack with one service that runs its sources anew on each change."""

import asyncio
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from devstack import cli_run, observe, ports, services
from devstack.probes import http_ok
from devstack.process import Program
from devstack.stack import Stack

SERVICES = (*services.SERVICES, "gateway")
LIBRARIES = ("common", "llm")
"""What services are made of besides themselves: a change there counts, too."""
DEBUGGER_PORTS = {"debugger": 5678, "debugger_worker": 5679}
LOOK = 0.2
"""Seconds between two looks at the logs."""

NOTE = """
{service} is started anew on each change below {folders}.
A debugger may attach to {debuggers}.
What {service} writes follows here.
"""


async def run(folder: Path, service: str) -> None:
    """Run the stack until Ctrl-C or SIGTERM, and say what the service that is worked on writes."""
    debuggers = ports.given(DEBUGGER_PORTS, os.environ)
    ports.require_free(debuggers)
    debuggers = ports.settle(debuggers)
    stack = Stack(folder, report=cli_run.say, plan=partial(plan, service=service, debuggers=debuggers))
    following = asyncio.create_task(_follow(stack, service))
    try:
        await cli_run.run(stack, note=_note(service, debuggers))
    finally:
        following.cancel()


def plan(site: services.Site, service: str, debuggers: Mapping[str, int]) -> services.Plan:
    """The whole stack, with the processes of one service apart: they start last, unforked, and are never given up.

    The debugger of its api (or of the gateway) has the port `debugger`, that of its worker `debugger_worker`.
    """
    whole = services.plan(site)
    tiers = [[_alone(program) for program in tier if not _of(service, program)] for tier in whole.tiers]
    late = [
        _reloading(program, service, debuggers)
        for tier in whole.tiers
        for program in tier
        if _of(service, program)
    ]
    return replace(whole, tiers=tiers, late=late)


def watched(service: str) -> list[Path]:
    """The folders whose changes count: where the service's package and the libraries are imported from."""
    specs = [find_spec(name) for name in (service, *LIBRARIES)]
    return [Path(folder) for spec in specs if spec for folder in spec.submodule_search_locations or ()]


def _of(service: str, program: Program) -> bool:
    return program.name.split()[0] == service


def _alone(program: Program) -> Program:
    """The gateway is ready only where every service is: here one of them may be away for long."""
    return (
        replace(program, ready=partial(http_ok, program.port, "/health"))
        if _of("gateway", program)
        else program
    )


def _reloading(program: Program, service: str, debuggers: Mapping[str, int]) -> Program:
    debugger = debuggers["debugger_worker" if program.name.endswith(" worker") else "debugger"]
    options = ["--port", str(program.port), "--debugger-port", str(debugger)]
    for folder in watched(service):
        options += ["--watch", str(folder)]
    # frozen modules of the standard library can't be stepped into
    command = [
        sys.executable,
        "-Xfrozen_modules=off",
        "-m",
        "devstack.reloading",
        *options,
        program.command[-1],
    ]
    return replace(program, command=command, forked=False, patience=math.inf)


def _note(service: str, debuggers: Mapping[str, int]) -> str:
    addresses = [f"127.0.0.1:{port}" for port in debuggers.values()]
    processes = ["gateway"] if service == "gateway" else [f"{service} api", f"{service} worker"]
    attach = ", ".join(
        f"{address} ({process})" for process, address in zip(processes, addresses, strict=False)
    )
    folders = ", ".join(str(folder) for folder in watched(service))
    return NOTE.format(service=service, folders=folders, debuggers=attach)


async def _follow(stack: Stack, service: str) -> None:
    """Say what the service's processes write, each from its start on."""
    seen: dict[Path, int] = {}
    while True:
        running = [name for name, pid in stack.processes.items() if pid and name.split()[0] == service]
        for name in running:
            log, colours = name.replace(" ", "-"), sys.stdout.isatty()
            observe.follow(stack.folder, cli_run.say, seen=seen, colours=colours, name=log, forever=False)
        await asyncio.sleep(LOOK)
