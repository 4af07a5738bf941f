"""The command `kubectl`, on its current context unless KUBECONTEXT names another, and always in our namespace."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import cast

from devstack.errors import DevstackError

NAMESPACE = "interviewace"
Resource = dict[str, object]
"""A resource as JSON."""


class KubectlFailed(DevstackError):
    """What kubectl had to say, and with which arguments."""


class Kubectl:
    """Runs `kubectl` in a namespace. Raises KubectlFailed where it is not installed, or where a command fails."""

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self.namespace = namespace
        self._command = [
            "kubectl",
            *(["--context", context] if (context := os.environ.get("KUBECONTEXT")) else []),
        ]

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 300) -> str:
        """Return what the command writes."""
        done = self.attempt(*arguments, stdin=stdin, timeout=timeout)
        if done.returncode:
            raise KubectlFailed(f"kubectl {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: str | None = None, timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Return how the command ended, whatever it was."""
        if shutil.which("kubectl") is None:
            raise KubectlFailed("kubectl is not installed")
        command = [*self._command, "--namespace", self.namespace, *arguments]
        try:
            return subprocess.run(
                command, input=stdin, capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlFailed(f"kubectl {' '.join(arguments)}: no end after {timeout:g} s") from error

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that goes on beside us."""
        command = [*self._command, "--namespace", self.namespace, *arguments]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def get(self, *arguments: str) -> Resource:
        """Return a resource, or a list of them, as JSON."""
        resource: Resource = json.loads(self("get", *arguments, "-o", "json"))
        return resource

    def items(self, *arguments: str) -> list[Resource]:
        """Return the resources of a list."""
        return cast("list[Resource]", self.get(*arguments)["items"])

    @property
    def context(self) -> str:
        """The name of the context that is used."""
        return os.environ.get("KUBECONTEXT") or self("config", "current-context").strip()

    def is_reachable(self) -> bool:
        """Tell whether a cluster answers."""
        try:
            return self.attempt("get", "--raw", "/readyz", "--request-timeout=5s").returncode == 0
        except KubectlFailed:
            return False

    @contextlib.contextmanager
    def forwarded(self, target: str, port: int) -> Iterator[str]:
        """Give the URL of a port of a pod or Service, as seen from here."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            local = free.getsockname()[1]
        forwarding = self.start("port-forward", target, f"{local}:{port}")
        try:
            _wait_for_port(local, forwarding)
            yield f"http://127.0.0.1:{local}"
        finally:
            forwarding.terminate()
            forwarding.communicate()


def _wait_for_port(port: int, forwarding: "subprocess.Popen[str]", patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while forwarding.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise KubectlFailed("kubectl port-forward did not get through to the pod")


def path(resource: object, *keys: str | int, default: object = None) -> object:
    """Return what stands in a resource at keys and indexes, the default where one of them is missing."""
    value = resource
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif not isinstance(value, list) or not isinstance(key, int) or key >= len(value):
            return default
        else:
            value = value[key]
    return value


def names(resources: Sequence[Resource]) -> list[str]:
    """Return the names of resources."""
    return [str(path(resource, "metadata", "name")) for resource in resources]
