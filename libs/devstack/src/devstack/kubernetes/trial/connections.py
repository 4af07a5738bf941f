"""Every edge between two kinds of pods, tried from a pod: the named ones work, all others are refused."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from devstack.kubernetes.edges import Place, allows
from devstack.kubernetes.kubectl import Kubectl, Resource, path
from devstack.kubernetes.trial import pods
from devstack.kubernetes.trial.table import Outcome

PORTS = (8000, 9464, 5432, 6379, 9092, 9093)
STRANGER = "stranger"
TRY = """
for target in "$@"; do
  (timeout 3 bash -c "exec 3<>/dev/tcp/${target/:/\\/}" 2>/dev/null && echo "$target") &
done; wait
"""
"""Prints each target that a connection could be opened to."""


@dataclass(frozen=True)
class Pod:
    """A pod: what kind it is, where it runs, how to run something in it."""

    place: Place
    name: str
    address: str
    kubectl: Kubectl

    def reaches(self, targets: list[str]) -> set[str]:
        """Return those of the targets, `address:port`, that a connection can be opened to from here."""
        return set(self.kubectl("exec", self.name, "--", "bash", "-c", TRY, "try", *targets).split())

    def listens(self) -> list[int]:
        """Return the ports that something listens on, as the pod itself sees it."""
        heard = self.reaches([f"127.0.0.1:{port}" for port in PORTS])
        return [port for port in PORTS if f"127.0.0.1:{port}" in heard]


def tried(kubectl: Kubectl, place: Kubectl) -> Iterator[Outcome]:
    """Try every pair of pods and every port that is listened on."""
    policies = kubectl.items("networkpolicies")
    sources = [*_ours(kubectl), *_strangers(kubectl, place)]
    targets = [(pod, port) for pod in _ours(kubectl) for port in pod.listens()]
    named, wrong = 0, {True: [], False: []}  # type: tuple[int, dict[bool, list[str]]]
    pairs = 0
    for source in sources:
        others = [(pod, port) for pod, port in targets if pod.name != source.name]
        reached = source.reaches([f"{pod.address}:{port}" for pod, port in others])
        for pod, port in others:
            expected = allows(policies, source.place, pod.place, port)
            pairs, named = pairs + 1, named + expected
            if expected is not (f"{pod.address}:{port}" in reached):
                wrong[expected].append(f"{source.place.name} -> {pod.place.name}:{port}")
    kubectl("delete", "pod", STRANGER, "--ignore-not-found")
    yield Outcome(
        "each named edge works",
        not wrong[True],
        _seen(wrong[True], f"{named} of {named} connections were made"),
    )
    refused = pairs - named
    yield Outcome(
        "each edge that is not named is refused",
        not wrong[False],
        _seen(wrong[False], f"{refused} of {refused} were refused, tried from {len(sources)} pods"),
    )


def _seen(wrong: list[str], otherwise: str) -> str:
    return f"not as named: {', '.join(wrong)}" if wrong else otherwise


def _ours(kubectl: Kubectl) -> list[Pod]:
    """One running pod of each kind."""
    kinds = itertools.groupby(sorted(pods.running(kubectl), key=_kind), key=_kind)
    return [_pod(next(members), kubectl, "-".join(kind)) for kind, members in kinds if any(kind)]


def _strangers(kubectl: Kubectl, place: Kubectl) -> list[Pod]:
    """A pod without labels beside ours, one in a namespace that is let in at the gateway, and one in neither."""
    pods.start(kubectl, STRANGER)
    pods.start(place, STRANGER)
    labels = cast("dict[str, str]", path(place.get("namespace", place.namespace), "metadata", "labels"))
    outside = _pod(place.get("pod", STRANGER), place, "outside", labels)
    return [_pod(kubectl.get("pod", STRANGER), kubectl, "beside"), outside]


def _kind(pod: Resource) -> tuple[str, str]:
    labels = path(pod, "metadata", "labels", default={})
    return str(path(labels, pods.NAME, default="")), str(path(labels, pods.COMPONENT, default=""))


def _pod(
    resource: Resource, kubectl: Kubectl, kind: str, namespace_labels: dict[str, str] | None = None
) -> Pod:
    labels = cast("dict[str, str]", path(resource, "metadata", "labels", default={}))
    place = Place(kind, labels, kubectl.namespace, namespace_labels or {})
    return Pod(
        place, str(path(resource, "metadata", "name")), str(path(resource, "status", "podIP")), kubectl
    )
