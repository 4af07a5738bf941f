"""Our images: built by `make images`, and brought into a cluster by whatever its kind needs."""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

from devstack.cli_run import say
from devstack.errors import DevstackError
from devstack.services import SERVICES

SERVERS = ("postgres:18", "redis:8", "apache/kafka:4.1.1")
LOADERS = {
    r"kind-(.+)": "kind load docker-image --name {0} {images}",
    r"k3d-(.+)": "k3d image import --cluster {0} {images}",
    r"minikube": "minikube image load {images}",
}
"""By the context's name: what takes images of the local Docker engine into the cluster."""


class ImagesMissing(DevstackError):
    """An image was not built, or could not be loaded."""


def ours() -> list[str]:
    """Return the names of our images, of the version that pyproject.toml says."""
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return [f"interviewace-{name}:{version}" for name in (*SERVICES, "gateway")]


def fingerprint() -> str:
    """Return what changes whenever one of our images was built anew.

    Raises:
        ImagesMissing: one of them was not built.
    """
    ids = [identity(image) for image in ours()]
    if missing := [image for image, content in zip(ours(), ids, strict=True) if content is None]:
        raise ImagesMissing(f"{', '.join(missing)}: run `make images` first")
    return hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]


def identity(image: str) -> str | None:
    """Return the id of an image of the local engine, None where it has none of that name."""
    engine = shutil.which("docker")
    if engine is None:
        return None
    command = [engine, "image", "inspect", "--format", "{{.Id}}", image]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def load(context: str) -> None:
    """Bring our images into the cluster, and those of the servers that the local engine has.

    Raises:
        ImagesMissing: the command that does it failed.
    """
    images = [*ours(), *(image for image in SERVERS if identity(image))]
    command = load_command(context, images)
    if command is None:
        say(f"context {context}: images are taken from where the cluster finds them (else set K8S_LOAD)")
        return
    say(f"loading images: {' '.join(command[:3])} ...")
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImagesMissing(f"{shlex.join(command)}: {getattr(error, 'stderr', None) or error}") from error


def load_command(context: str, images: Sequence[str]) -> list[str] | None:
    """Return what loads images: K8S_LOAD with their names behind it, or what the context's name calls for."""
    if given := os.environ.get("K8S_LOAD"):
        return [*shlex.split(given), *images]
    for pattern, template in LOADERS.items():
        if match := re.fullmatch(pattern, context):
            return shlex.split(template.format(*match.groups(), images=shlex.join(images)))
    return None
