"""`python -m devstack.kubernetes test`: every trial, one after another, and the table of what was seen."""

import time
from collections.abc import Callable, Iterable

from devstack.cli_run import say
from devstack.errors import DevstackError
from devstack.kubernetes import cluster
from devstack.kubernetes.kubectl import Kubectl
from devstack.kubernetes.trial import admission, connections, dying, pods, replacing, scaling
from devstack.kubernetes.trial.table import Outcome, render

Trial = tuple[str, Callable[[], Iterable[Outcome]]]


def run(kubectl: Kubectl, *, keep: bool) -> bool:
    """Run every trial on the local overlay, from nothing unless it is to be kept; tell whether all held."""
    outcomes = [] if keep else [_from_nothing(kubectl)]
    place = pods.open_place(kubectl)
    try:
        for name, trial in _trials(kubectl, place):
            outcomes += _outcomes(name, trial)
            say(f"  {outcomes[-1].name}: {'held' if outcomes[-1].held else 'DID NOT HOLD'}")
    finally:
        pods.close_place(kubectl)
    say("\n" + render(outcomes))
    return all(outcome.held for outcome in outcomes)


def _trials(kubectl: Kubectl, place: Kubectl) -> list[Trial]:
    return [
        ("admission of ours", lambda: [admission.ours_are_let_in(kubectl)]),
        ("a privileged pod", lambda: [admission.a_privileged_pod_is_refused(kubectl)]),
        ("edges", lambda: connections.tried(kubectl, place)),
        ("rollout restart", lambda: [replacing.every_deployment(kubectl, place)]),
        ("evictions", lambda: [replacing.evictions(kubectl, place)]),
        ("autoscaling", lambda: [scaling.up_and_down(kubectl, place)]),
        ("a worker killed", lambda: [dying.a_worker(kubectl)]),
        ("Postgres deleted", lambda: [dying.postgres(kubectl)]),
    ]


def _from_nothing(kubectl: Kubectl) -> Outcome:
    cluster.down(kubectl)
    seconds = cluster.up(kubectl)
    return Outcome("from nothing to ready", held=True, seen=f"{seconds:.0f} s")


def _outcomes(name: str, trial: Callable[[], Iterable[Outcome]]) -> list[Outcome]:
    began = time.monotonic()
    try:
        return list(trial())
    except DevstackError as error:
        return [Outcome(name, held=False, seen=f"after {time.monotonic() - began:.0f} s: {error}")]
