"""The restricted Pod Security admission: it lets ours in and a privileged pod not."""

import json

from devstack.kubernetes.kubectl import Kubectl, path
from devstack.kubernetes.trial import pods
from devstack.kubernetes.trial.table import Outcome

REFUSED = 'violates PodSecurity "restricted'


def ours_are_let_in(kubectl: Kubectl) -> Outcome:
    """Nothing of ours was refused: every workload has its pods, and no event or warning says otherwise."""
    refusals = [
        str(path(event, "message"))
        for event in kubectl.items("events")
        if REFUSED in str(path(event, "message", default=""))
    ]
    enforcing = kubectl.get("namespace", kubectl.namespace)
    level = path(enforcing, "metadata", "labels", "pod-security.kubernetes.io/enforce")
    count = len(pods.running(kubectl))
    held = not refusals and level == "restricted" and count >= 10
    return Outcome(
        "restricted admission refuses nothing of ours",
        held,
        "; ".join(refusals) or f"{count} pods run, level {level}",
    )


def a_privileged_pod_is_refused(kubectl: Kubectl) -> Outcome:
    """A pod that asks for privileges is refused by the API server."""
    pod = pods.waiting_pod("privileged", privileged=True, allowPrivilegeEscalation=True)
    done = kubectl.attempt("apply", "-f", "-", stdin=json.dumps(pod))
    seen = next(
        (line for line in done.stderr.splitlines() if REFUSED in line), done.stderr or "it was let in"
    )
    return Outcome(
        "restricted admission refuses a privileged pod", REFUSED in done.stderr, seen.strip()[-160:]
    )
