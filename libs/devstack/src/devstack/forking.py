"""Python programs forked from one process that has imported already what they share: each starts in a moment."""

import atexit
import contextlib
import gc
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from devstack.errors import StartFailed

POSSIBLE = sys.platform == "linux"
"""Elsewhere the system's own libraries may not survive a fork; programs start by themselves there."""

CONTEXT = multiprocessing.get_context("forkserver")


class ForkedProcess:
    """A program that was forked, the leader of a new process group, with what we use of `subprocess.Popen`."""

    def __init__(self, module_and_arguments: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        """Fork, and return once the group is there. Output is appended to `log`. Raises StartFailed."""
        receiver, sender = CONTEXT.Pipe(duplex=False)
        arguments = (list(module_and_arguments), dict(env), str(log), sender)
        self._process = CONTEXT.Process(target=_run, args=arguments)
        self._process.start()
        sender.close()
        with receiver:
            try:
                receiver.recv_bytes()
            except EOFError:
                raise StartFailed(f"{module_and_arguments[0]} could not be forked; see {log}") from None

    @property
    def pid(self) -> int:
        """The group's leader."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """The exit code, minus the signal's number where a signal ended it; None while it runs."""
        return self._process.exitcode

    def wait(self) -> None:
        """Wait for its end."""
        self._process.join()

    def send_signal(self, number: int) -> None:
        """Send a signal to the leader, where it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def prepare(modules: Sequence[str], env: Mapping[str, str]) -> None:
    """Start to import what the programs share, in a process of its own that ends with this one; does not wait.

    A terminal's Ctrl-C is for this process alone: it ends what was forked in its order.
    """
    CONTEXT.set_forkserver_preload(["devstack.forking", *modules])
    resource_tracker.ensure_running()
    before = dict(os.environ)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _replace_environment(env)
        forkserver.ensure_running()
    finally:
        _replace_environment(before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def wait_until_prepared() -> int:
    """Return once the imports are done, with the pid of the process that did them: it takes nothing but a fork then.

    Raises StartFailed where that process died.
    """
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_tell_parent, args=(sender,))
    process.start()
    sender.close()
    with receiver:
        try:
            pid = int(receiver.recv_bytes())
        except EOFError:
            raise StartFailed("the process that imports what the services share died") from None
    process.join()
    return pid


def _tell_parent(sender: Connection) -> None:
    sender.send_bytes(str(os.getppid()).encode())


def _run(module_and_arguments: list[str], env: dict[str, str], log: str, started: Connection) -> None:
    os.setsid()
    started.send_bytes(b"started")
    started.close()
    gc.freeze()  # a collection would write to the pages that are shared
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _replace_environment(env)
    _redirect(log)
    multiprocessing.set_start_method(
        "fork", force=True
    )  # for the server's worker: it shares the imports, too
    sys.argv = module_and_arguments
    runpy.run_module(module_and_arguments[0], run_name="__main__", alter_sys=True)


def _redirect(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.reconfigure(line_buffering=True, write_through=True)


def _replace_environment(env: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)


def _kill_left() -> None:
    # multiprocessing would wait at the exit for what nobody has stopped
    for process in multiprocessing.active_children():
        if isinstance(process, CONTEXT.Process) and process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


atexit.register(_kill_left)
