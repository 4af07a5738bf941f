"""Runs one process of a service for who changes it: `python -m devstack.reloading --watch FOLDER auth.main:app`.

Each change below a watched folder replaces the process that answers, which listens for a debugger. A module that can't
be imported ends nothing: the next change tries again.
"""

import argparse
import importlib
import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import debugpy
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

STOP_SECONDS = 3
"""For what is in hand, before a process that is replaced is killed."""


@dataclass(frozen=True)
class Loader:
    """Opens the debugger's port in the process that answers, and only then imports its app."""

    debugger_port: int

    def __call__(self, target: str) -> Callable[..., object]:
        """Return the app that `module:name` stands for."""
        # without an adapter beside it the port is free again the moment the process ends
        debugpy.listen(("127.0.0.1", self.debugger_port), in_process_debug_adapter=True)
        print(f"a debugger may attach to 127.0.0.1:{self.debugger_port} (pid {os.getpid()})", flush=True)
        module, _, name = target.partition(":")
        app: Callable[..., object] = getattr(importlib.import_module(module), name)
        return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m devstack.reloading", description="Run one process of a service, anew on each change."
    )
    parser.add_argument("target", help="module:app")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--debugger-port", type=int, required=True)
    parser.add_argument("--watch", type=Path, action="append", required=True, help="a folder of sources")
    options = parser.parse_args(arguments)
    # a fork would keep what this process has imported before the change
    multiprocessing.set_start_method("spawn")
    server = MPServer(
        options.target,
        port=options.port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.info,
        workers_kill_timeout=STOP_SECONDS,
        reload=True,
        reload_paths=options.watch,
        reload_ignore_worker_failure=True,
    )
    server.serve(target_loader=Loader(options.debugger_port))


if __name__ == "__main__":
    main()
