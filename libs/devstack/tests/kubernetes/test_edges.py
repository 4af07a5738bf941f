"""What network policies let through."""

import pytest

from devstack.kubernetes.edges import Place, allows, selects

CLIENT, SERVER = Place("client", {"app": "client"}), Place("server", {"app": "server"})
OUTSIDE = Place("outside", {}, "elsewhere", {"edge": "yes"})


def policy(of, namespace="interviewace", **rules):
    types = [direction.capitalize() for direction in rules]
    return {"metadata": {"namespace": namespace}, "spec": {"podSelector": of, "policyTypes": types, **rules}}


def to(labels, port=80):
    return [{"to": [{"podSelector": {"matchLabels": labels}}], "ports": [{"port": port}]}]


def by(peer, port=80):
    return [{"from": [peer], "ports": [{"port": port}]}]


DENY = policy({}, ingress=[], egress=[])


def test_without_a_policy_everything_passes_and_under_a_deny_nothing():
    assert allows([], CLIENT, SERVER, 80)
    assert not allows([DENY], CLIENT, SERVER, 80)


def test_an_edge_needs_both_its_ends_and_its_port():
    out = policy({"matchLabels": {"app": "client"}}, egress=to({"app": "server"}))
    into = policy(
        {"matchLabels": {"app": "server"}}, ingress=by({"podSelector": {"matchLabels": {"app": "client"}}})
    )
    assert not allows([DENY, out], CLIENT, SERVER, 80)
    assert not allows([DENY, into], CLIENT, SERVER, 80)
    assert allows([DENY, out, into], CLIENT, SERVER, 80)
    assert not allows([DENY, out, into], CLIENT, SERVER, 81)
    assert not allows([DENY, out, into], SERVER, CLIENT, 80)


def test_another_namespace_comes_in_by_its_labels_alone():
    edge = {"namespaceSelector": {"matchLabels": {"edge": "yes"}}}
    into = policy({"matchLabels": {"app": "server"}}, ingress=by(edge))
    assert allows([DENY, into], OUTSIDE, SERVER, 80)
    assert not allows([DENY, into], Place("other", {}, "elsewhere"), SERVER, 80)
    assert not allows([DENY, policy({}, ingress=by({"podSelector": {}}))], OUTSIDE, SERVER, 80)


def test_a_block_of_addresses_is_nobodys_pod():
    assert not allows(
        [policy({}, egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 80}]}])],
        CLIENT,
        SERVER,
        80,
    )


def test_a_selector_is_all_of_its_parts():
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["client", "server"]}]}
    assert selects(selector, CLIENT.labels)
    assert not selects(selector, {"app": "other"})
    with pytest.raises(ValueError, match="operator In"):
        selects({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {})
