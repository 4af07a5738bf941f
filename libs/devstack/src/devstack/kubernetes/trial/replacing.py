"""Pods that are replaced on purpose, under load: rollouts and evictions."""

import json

from devstack.kubernetes.cluster import wait_for_rollouts
from devstack.kubernetes.kubectl import Kubectl, names, path
from devstack.kubernetes.trial import pods
from devstack.kubernetes.trial.generator import under_load
from devstack.kubernetes.trial.table import Outcome, TrialFailed

PEOPLE, RATE = 10, 20.0


def every_deployment(kubectl: Kubectl, place: Kubectl) -> Outcome:
    """`kubectl rollout restart` of every Deployment at once fails no request."""
    with under_load(place, PEOPLE, RATE) as summary:
        before = set(names(pods.running(kubectl)))
        kubectl("rollout", "restart", "deployment")
        deployments = wait_for_rollouts(kubectl, "deployments")
        _until_gone(kubectl, before)
        kept = before & set(names(pods.running(kubectl)))
    name = f"rollout restart of all {len(deployments)} Deployments under load"
    replaced = len(before) - len(kept)
    return Outcome(
        name,
        summary.sent > 0 == summary.failed and replaced >= len(deployments),
        f"{replaced} pods replaced; {summary}",
    )


def _until_gone(kubectl: Kubectl, before: set[str]) -> None:
    """Wait for the old pods' own end: until then they serve what they had begun."""

    def ending() -> list[str]:
        present = kubectl.items("pods")
        return [
            name
            for pod, name in zip(present, names(present), strict=True)
            if name in before and path(pod, "metadata", "deletionTimestamp")
        ]

    pods.until(lambda: not ending(), 120, "the old pods are gone")


def evictions(kubectl: Kubectl, place: Kubectl) -> Outcome:
    """Of two gateways, as a node's drain would do it, one goes; the other only once a new one is there."""
    _scale(kubectl, 2)
    try:
        pods.until(lambda: len(pods.running(kubectl, name="gateway")) == 2, 180, "two gateways are ready")
        with under_load(place, PEOPLE, RATE) as summary:
            first, second = names(pods.running(kubectl, name="gateway"))
            refusal = _evict_both(kubectl, first, second)
        held = summary.sent > 0 == summary.failed and "disruption budget" in refusal
        return Outcome(
            "a drain's evictions respect the budget, under load",
            held,
            f"the second was refused ({refusal[-60:]}), then went; {summary}",
        )
    finally:
        _scale(kubectl, 1)


def _evict_both(kubectl: Kubectl, first: str, second: str) -> str:
    """Evict one pod and then the other; return the refusal that came between."""
    if error := _evict(kubectl, first):
        raise TrialFailed(f"the first eviction was refused: {error}")
    refusal = _evict(kubectl, second)
    pods.until(lambda: _evict(kubectl, second) == "", 180, "the second pod may go")
    pods.until(lambda: not {first, second} & set(names(kubectl.items("pods"))), 120, "both pods are gone")
    return refusal


def _evict(kubectl: Kubectl, pod: str) -> str:
    """Ask for a pod's eviction, as `kubectl drain` does; return why it is refused, nothing where it is not."""
    metadata = {"name": pod, "namespace": kubectl.namespace}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    url = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
    done = kubectl.attempt("create", "--raw", url, "-f", "-", stdin=json.dumps(eviction))
    return "" if done.returncode == 0 or "NotFound" in done.stderr else done.stderr.strip()


def _scale(kubectl: Kubectl, replicas: int) -> None:
    change = json.dumps({"spec": {"minReplicas": replicas}})
    kubectl("patch", "hpa", "gateway", "--type=merge", "-p", change)
