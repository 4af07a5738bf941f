"""Runs one process of a service (`python -m common.serve auth.main:app`), and ends it without failing anybody.

On SIGTERM the worker is told to drain: `/ready` turns 503 and every response says `Connection: close`, while requests
are answered as before. After DRAIN_SECONDS, in which whoever sends requests here takes this process out of the way,
the server stops: what is in hand is finished, and nothing more is accepted. SIGINT, or a second SIGTERM, ends the wait.
"""

import argparse
import importlib
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.types import ASGIApp

from common.web.drain import DRAIN_SIGNAL, Drain

LOOK_SECONDS = 0.1


class ServeSettings(BaseSettings):
    """How a process ends, in seconds, and granian's options under the names its own command reads."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    drain_seconds: float = Field(default=0.0, ge=0, le=600, description="Between /ready's 503 and the end.")
    stop_seconds: int = Field(default=30, ge=1, description="For what is in hand, before it is killed.")
    granian_backlog: int = Field(default=1024, ge=128, description="Connections that wait to be taken.")
    granian_backpressure: int | None = Field(
        default=None, ge=1, description="Served at once; else the backlog."
    )
    granian_http1_buffer_size: int = Field(
        default=HTTP1Settings.max_buffer_size, ge=8192, description="Bytes."
    )


def load(target: str) -> ASGIApp:
    """Return the app that `module:name` stands for, able to drain; the worker process calls it."""
    module, _, name = target.partition(":")
    app: ASGIApp = getattr(importlib.import_module(module), name or "app")
    return Drain(app)


class Server(MPServer):
    """Granian, which drains before it stops."""

    def __init__(self, target: str, host: str, port: int, settings: ServeSettings) -> None:
        super().__init__(
            target,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            log_access=False,
            log_level=LogLevels.warning,
            workers_kill_timeout=settings.stop_seconds,
            backlog=settings.granian_backlog,
            backpressure=settings.granian_backpressure,
            http1_settings=HTTP1Settings(max_buffer_size=settings.granian_http1_buffer_size),
        )
        self._drain_seconds = settings.drain_seconds
        self._terminated = False
        self._wait_no_longer = threading.Event()

    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None:
        """Note which signal asks to end; a second one asks to end at once."""
        if self.interrupt_signal or args[:1] != (signal.SIGTERM,):
            self._wait_no_longer.set()
        self._terminated = self._terminated or args[:1] == (signal.SIGTERM,)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop, after the drain where somebody asked for the end."""
        if self._terminated:
            self._drain()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]

    def _drain(self) -> None:
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, DRAIN_SIGNAL)
        waited = 0.0
        while waited < self._drain_seconds and any(worker.inner.is_alive() for worker in self.wrks):
            if self._wait_no_longer.wait(min(LOOK_SECONDS, self._drain_seconds - waited)):
                return
            waited += LOOK_SECONDS


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m common.serve", description="Run one process of a service."
    )
    parser.add_argument("target", help="module:app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    # a worker that still starts must not die of the signal: it inherits that nobody minds it
    signal.signal(DRAIN_SIGNAL, signal.SIG_IGN)
    Server(options.target, options.host, options.port, ServeSettings()).serve(target_loader=load)


if __name__ == "__main__":
    main()
