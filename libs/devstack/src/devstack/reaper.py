"""Runs on its own: once its parent is gone, however it went, kills the process groups it was told of."""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Read `+pgid` and `-pgid` lines until the pipe from the parent closes, then kill what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
