"""The local overlay on a cluster: up, the demo on it, down."""

import asyncio
import time
from pathlib import Path

import httpx

from devstack.cli_run import say
from devstack.demo import play
from devstack.errors import DevstackError
from devstack.kubernetes import images, secrets
from devstack.kubernetes.kubectl import NAMESPACE, Kubectl, names, path

OVERLAY = "deploy/k8s/overlays/local"
IS_LOCAL = "interviewace/overlay"
BUILT = "interviewace/images"
PATIENCE = 600.0
PAUSE = 2.0


class NotOurs(DevstackError):
    """The namespace is there, and is not the local overlay's."""


class NotReady(DevstackError):
    """The platform did not become ready in time; the message says what was not."""


def up(kubectl: Kubectl) -> float:
    """Apply the local overlay and wait until all of it is ready; return the seconds it took. Safe to repeat."""
    began = time.monotonic()
    built = images.fingerprint()
    _refuse_what_is_not_local(kubectl)
    images.load(kubectl.context)
    before = _annotation(kubectl)
    # the namespace comes first: secrets are made in it
    if before is None:
        kubectl("create", "namespace", NAMESPACE)
    kubectl("label", "namespace", NAMESPACE, f"{IS_LOCAL}=local", "--overwrite")
    if made := secrets.ensure(kubectl):
        say(f"made the secrets {', '.join(made)}")
    if before not in ("", built):
        kubectl("delete", "jobs", "--all", "--ignore-not-found")
    kubectl("apply", "-k", OVERLAY)
    if before not in (None, "", built):
        kubectl("rollout", "restart", "deployment")
    kubectl("annotate", "namespace", NAMESPACE, f"{BUILT}={built}", "--overwrite")
    wait_until_ready(kubectl)
    return time.monotonic() - began


def down(kubectl: Kubectl) -> None:
    """Remove the local overlay with all its data."""
    _refuse_what_is_not_local(kubectl)
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=PATIENCE)


def demo(kubectl: Kubectl, reports: Path) -> None:
    """Play the demo through the cluster's gateway."""
    with kubectl.forwarded("service/gateway", 8000) as url:
        asyncio.run(play.interview(url, reports))


def wait_for_rollouts(kubectl: Kubectl, kind: str) -> list[str]:
    """Wait until every workload of a kind (`deployments`, `statefulsets`) runs as applied; return their names."""
    workloads = names(kubectl.items(kind))
    for name in workloads:
        target = f"{kind.removesuffix('s')}/{name}"
        kubectl("rollout", "status", target, f"--timeout={PATIENCE:g}s", timeout=PATIENCE + 10)
    return workloads


def wait_until_ready(kubectl: Kubectl) -> None:
    """Wait for every process, then until the gateway says that all work together."""
    for kind in ("statefulsets", "deployments"):
        wait_for_rollouts(kubectl, kind)
    with kubectl.forwarded("service/gateway", 8000) as url:
        _until_ready(url)


def _until_ready(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (answer := _readiness(url)) is not None:
        if time.monotonic() > deadline:
            raise NotReady(f"the gateway's /ready says: {answer}")
        time.sleep(PAUSE)


def _readiness(url: str) -> str | None:
    try:
        response = httpx.get(f"{url}/ready", timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if response.is_success else response.text


def _annotation(kubectl: Kubectl) -> str | None:
    """Return which images the namespace was last made with; None where there is no namespace."""
    present = kubectl.items("namespaces", f"--field-selector=metadata.name={NAMESPACE}")
    return str(path(present[0], "metadata", "annotations", BUILT, default="")) if present else None


def _refuse_what_is_not_local(kubectl: Kubectl) -> None:
    """Let nobody's production be changed because a context was left at it."""
    for namespace in kubectl.items("namespaces", f"--field-selector=metadata.name={NAMESPACE}"):
        if path(namespace, "metadata", "labels", IS_LOCAL) != "local":
            raise NotOurs(
                f"context {kubectl.context}: the namespace {NAMESPACE} is not the local overlay's"
                f" (it has no label {IS_LOCAL}=local); nothing was changed"
            )
