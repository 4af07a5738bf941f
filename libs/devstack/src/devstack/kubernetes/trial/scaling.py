"""The gateway's autoscaler: up under load, down without."""

import time

from devstack.kubernetes.kubectl import Kubectl, path
from devstack.kubernetes.trial import pods
from devstack.kubernetes.trial.generator import under_load
from devstack.kubernetes.trial.table import Outcome

PEOPLE, RATE = 40, 120.0
PATIENCE = 420.0


def up_and_down(kubectl: Kubectl, place: Kubectl, *, settle: float = 10) -> Outcome:
    """More gateways under load, which goes on for `settle` seconds with all of them; one again afterwards."""
    pods.until(lambda: _count(kubectl) == 1, PATIENCE, "one gateway at first")
    with under_load(place, PEOPLE, RATE) as summary:
        up = pods.until(lambda: _count(kubectl) > 1, PATIENCE, "a second gateway under load")
        cpu = path(
            kubectl.get("hpa", "gateway"),
            "status",
            "currentMetrics",
            0,
            "resource",
            "current",
            "averageUtilization",
        )
        pods.until(lambda: len(pods.running(kubectl, name="gateway")) > 1, 120, "the second gateway is ready")
        time.sleep(settle)
        most = _count(kubectl)
    down = pods.until(lambda: _count(kubectl) == 1, PATIENCE, "one gateway again")
    seen = (
        f"1 -> {most} after {up:.0f} s at {cpu}% of its request, -> 1 {down:.0f} s after the load; {summary}"
    )
    return Outcome("the autoscaler adds gateways under load and takes them away", summary.failed == 0, seen)


def _count(kubectl: Kubectl) -> int:
    count = path(kubectl.get("deployment", "gateway"), "spec", "replicas")
    return count if isinstance(count, int) else 0
