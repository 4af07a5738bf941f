"""Pods that trials start themselves, and what trials ask of all pods."""

import json
import time
from collections.abc import Callable
from typing import cast

from devstack.kubernetes import images
from devstack.kubernetes.kubectl import Kubectl, Resource, path
from devstack.kubernetes.trial.table import TrialFailed

PLACE = "interviewace-trial"
"""The namespace from which requests come, as from that of an Ingress controller."""
FOLDER = "/scratch"
"""Where such a pod may write."""
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"


def open_place(kubectl: Kubectl) -> Kubectl:
    """Make the trials' own namespace anew, let in at the gateway; return kubectl for it."""
    close_place(kubectl)
    labels = {"interviewace/edge": "true", "pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE, "labels": labels}}
    kubectl("apply", "-f", "-", stdin=json.dumps(namespace))
    place = Kubectl(PLACE)
    start(place, "load")
    return place


def close_place(kubectl: Kubectl) -> None:
    """Remove the trials' namespace with all that runs in it."""
    kubectl("delete", "namespace", PLACE, "--ignore-not-found")


def start(kubectl: Kubectl, name: str) -> None:
    """Start a restricted pod that only waits, and wait for it."""
    kubectl("apply", "-f", "-", stdin=json.dumps(waiting_pod(name)))
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")


def waiting_pod(name: str, **privileges: bool) -> Resource:
    """Return a pod that does nothing; what it asks for beyond nothing is given by name."""
    image = next(image for image in images.ours() if "gateway" in image)
    container = {
        "name": "process",
        "image": image,
        "command": ["sleep", "3600"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            **privileges,
        },
        "volumeMounts": [{"name": "scratch", "mountPath": FOLDER}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def running(kubectl: Kubectl, **labels: str) -> list[Resource]:
    """Return the pods that run, are ready and are not about to end; labels by `name` and `component`."""
    keys = {"name": NAME, "component": COMPONENT}
    selector = ",".join(f"{keys[key]}={value}" for key, value in labels.items())
    return [pod for pod in kubectl.items("pods", *(["-l", selector] if selector else [])) if _is_ready(pod)]


def _is_ready(pod: Resource) -> bool:
    conditions = cast("list[dict[str, str]]", path(pod, "status", "conditions", default=[]))
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and path(pod, "metadata", "deletionTimestamp") is None


def until(condition: Callable[[], bool], patience: float, what: str) -> float:
    """Wait until something holds; return the seconds it took.

    Raises:
        TrialFailed: it did not hold in time.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TrialFailed(f"not within {patience:g} s: {what}")
        time.sleep(0.5)
    return time.monotonic() - began
