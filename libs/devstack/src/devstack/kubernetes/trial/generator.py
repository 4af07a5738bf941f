"""The pod that sends load to the gateway through its Service, as an Ingress controller would."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from devstack.kubernetes import load
from devstack.kubernetes.kubectl import NAMESPACE, Kubectl
from devstack.kubernetes.trial import pods
from devstack.kubernetes.trial.table import TrialFailed

GATEWAY = f"http://gateway.{NAMESPACE}:8000"
SIGN_IN_SECONDS = 120.0


@dataclass
class Summary:
    """What a load came to, once it has ended."""

    sent: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    rate: float = 0.0
    median_ms: float = 0.0
    p99_ms: float = 0.0

    def __str__(self) -> str:
        """Say it in a few words."""
        times = f"{self.rate:g} a second, median {self.median_ms:g} ms, p99 {self.p99_ms:g} ms"
        text = f"{self.failed} of {self.sent} requests failed ({times})"
        return f"{text}: {'; '.join(self.failures[:3])}" if self.failures else text


@contextlib.contextmanager
def under_load(place: Kubectl, people: int, rate: float) -> Iterator[Summary]:
    """Send load while the block runs; what it came to stands in the summary afterwards."""
    stop, summary = f"{pods.FOLDER}/stop-{time.time_ns()}", Summary()
    arguments = ["exec", "-i", "load", "--", "python", "-", GATEWAY, str(people), str(rate), stop]
    sending = place.start(*arguments)
    if sending.stdin is None or sending.stdout is None or sending.stderr is None:
        raise TrialFailed("the load has no pipes")
    with sending.stdin as stdin:
        stdin.write(Path(load.__file__).read_text(encoding="utf-8"))
    sending.stdin = None
    if sending.stdout.readline().strip() != load.BEGUN:
        raise TrialFailed(f"the load did not begin: {sending.communicate()[1][-500:]}")
    try:
        yield summary
    finally:
        place("exec", "load", "--", "touch", stop)
        output, errors = sending.communicate(timeout=SIGN_IN_SECONDS)
    if sending.returncode:
        raise TrialFailed(f"the load ended with {errors[-500:]}")
    seen = json.loads(output)
    for name in ("sent", "failed", "failures", "rate", "median_ms", "p99_ms"):
        setattr(summary, name, seen[name])
