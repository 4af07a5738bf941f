"""Pods that die while people practise: everything comes back by itself, and no answer is lost."""

import asyncio
from collections.abc import Callable

from devstack.kubernetes.cluster import wait_until_ready
from devstack.kubernetes.kubectl import Kubectl, names
from devstack.kubernetes.trial import people, pods
from devstack.kubernetes.trial.table import Outcome

PEOPLE = 4


def a_worker(kubectl: Kubectl) -> Outcome:
    """Kill the worker that judges answers, without a warning."""

    def kill() -> float:
        (pod,) = names(pods.running(kubectl, name="interview", component="worker"))
        kubectl("delete", "pod", pod, "--grace-period=0", "--force")
        return pods.until(
            lambda: names(pods.running(kubectl, name="interview", component="worker")) not in ([], [pod]),
            180,
            "another worker is ready",
        )

    return _while_people_practise(kubectl, "a worker killed while people answer", kill)


def postgres(kubectl: Kubectl) -> Outcome:
    """Delete the database's pod."""

    def kill() -> float:
        kubectl("delete", "pod", "postgres-0", "--wait=true")
        return pods.until(lambda: bool(pods.running(kubectl, name="postgres")), 180, "Postgres is ready")

    return _while_people_practise(kubectl, "the Postgres pod deleted while people answer", kill)


def _while_people_practise(kubectl: Kubectl, name: str, kill: Callable[[], float]) -> Outcome:
    with kubectl.forwarded("service/gateway", 8000) as url:
        seconds, answers, lost, retries = asyncio.run(_practise(url, kill))
    wait_until_ready(kubectl)
    seen = (
        f"back after {seconds:.0f} s; {answers} answers given, {len(lost)} lost, {retries} requests repeated"
    )
    return Outcome(name, not lost and answers == PEOPLE * people.QUESTIONS, seen)


async def _practise(url: str, kill: Callable[[], float]) -> tuple[float, int, list[str], int]:
    begun = asyncio.Event()
    practising = asyncio.create_task(people.practise(url, PEOPLE, begun))
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({practising, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    seconds = await asyncio.to_thread(kill)
    return (seconds, *await practising)
