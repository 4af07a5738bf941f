"""What network policies let through: which pod may open a connection to which port of which pod."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from devstack.kubernetes.kubectl import Resource, path

Rule = Mapping[str, object]
PEER_OF = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True)
class Place:
    """A kind of pod: its labels, its namespace, and that namespace's labels."""

    name: str
    labels: Mapping[str, str] = field(hash=False)
    namespace: str = "interviewace"
    namespace_labels: Mapping[str, str] = field(default_factory=dict, hash=False)


def allows(policies: Sequence[Resource], source: Place, target: Place, port: int) -> bool:
    """Tell whether policies let a connection out of its source and into its target."""
    return _passes(policies, "egress", source, target, port) and _passes(
        policies, "ingress", target, source, port
    )


def matching(policies: Iterable[Resource], place: Place) -> list[Resource]:
    """Return the policies that are about a kind of pod."""
    return [
        policy
        for policy in policies
        if path(policy, "metadata", "namespace", default=place.namespace) == place.namespace
        and selects(path(policy, "spec", "podSelector"), place.labels)
    ]


def selects(selector: object, labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector is about something with these labels; an empty one is about everything."""
    wanted = cast("dict[str, str]", path(selector, "matchLabels", default={}))
    expressions = cast("list[dict[str, object]]", path(selector, "matchExpressions", default=[]))
    if any(expression["operator"] != "In" for expression in expressions):
        raise ValueError("only expressions with the operator In are known here")
    return wanted.items() <= labels.items() and all(
        labels.get(str(expression["key"])) in cast("list[str]", expression["values"])
        for expression in expressions
    )


def _passes(policies: Sequence[Resource], direction: str, place: Place, other: Place, port: int) -> bool:
    applying = [
        policy
        for policy in matching(policies, place)
        if direction.capitalize() in cast("list[str]", path(policy, "spec", "policyTypes", default=[]))
    ]
    rules = [
        rule
        for policy in applying
        for rule in cast("list[Rule]", path(policy, "spec", direction, default=[]))
    ]
    return not applying or any(
        _has_port(rule, port)
        and any(
            _is_peer(peer, place, other) for peer in cast("list[Rule]", rule.get(PEER_OF[direction]) or [])
        )
        for rule in rules
    )


def _has_port(rule: Rule, port: int) -> bool:
    return port in [entry.get("port") for entry in cast("list[Rule]", rule.get("ports") or [])]


def _is_peer(peer: Rule, place: Place, other: Place) -> bool:
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], other.namespace_labels):
            return False
    elif other.namespace != place.namespace:
        return False
    return selects(peer.get("podSelector", {}), other.labels)
