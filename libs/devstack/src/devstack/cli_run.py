"""`python -m devstack run` and `clean`: the stack in a terminal."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from devstack.errors import AlreadyRunning
from devstack.paths import API
from devstack.process_guard import is_claimed
from devstack.stack import Stack

NEXT = """
Ready in {seconds:.1f} s.

  gateway   {url}        documentation {url}/docs
  mail      {mailbox}
  logs      {folder}/logs   (follow them: make logs)
  traces    make trace ID=<X-Request-ID of a response>

Next: `make demo` in another terminal plays a whole interview, or begin by hand:

  curl -X POST {api}/auth/register -H 'Content-Type: application/json' \\
       -d '{{"email": "you@example.com", "password": "Practice-makes-better-1", "full_name": "You"}}'

Ctrl-C stops everything. The data stays in {folder} until `make clean`.
"""


def say(line: str) -> None:
    """Print a line at once, also into a pipe. Once nobody reads any more (a closed terminal, a pager that was left),
    it is nobody's loss: the stack goes on, or stops in order.
    """
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def run(stack: Stack, *, note: str = "") -> None:
    """Run a stack until Ctrl-C or SIGTERM; `note` is said after what to do next."""
    async with stop_signal() as stopped:
        began = time.monotonic()
        starting = asyncio.create_task(stack.start())
        if not await finished_first(starting, stopped):
            say("stopping before it was ready")
            return
        say(
            NEXT.format(
                seconds=time.monotonic() - began,
                url=stack.gateway_url,
                api=stack.gateway_url + API,
                mailbox=stack.mailbox_url,
                folder=_short(stack.folder),
            )
            + note
        )
        await stopped.wait()
        say("stopping")
        began = time.monotonic()
        await stack.stop()
        say(f"stopped in {time.monotonic() - began:.1f} s")


async def finished_first(job: "asyncio.Task[None]", stopped: asyncio.Event) -> bool:
    """Wait for a job, or cancel it when the signal to stop comes; what the job raises is raised."""
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({job, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if job.done():
        job.result()
        return True
    job.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await job
    return False


@contextlib.asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """An event that is set by Ctrl-C, SIGTERM or the closing of the terminal, unless `nohup` keeps that away."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def clean(folder: Path) -> None:
    """Remove the folder with all data, logs and keys. Raises AlreadyRunning while a stack uses it."""
    if is_claimed(folder):
        raise AlreadyRunning(f"a stack is running in {folder}; stop it first")
    shutil.rmtree(folder, ignore_errors=True)
    say(f"removed {_short(folder)}")


def _short(folder: Path) -> Path:
    with contextlib.suppress(ValueError):
        return folder.resolve().relative_to(Path.cwd())
    return folder
