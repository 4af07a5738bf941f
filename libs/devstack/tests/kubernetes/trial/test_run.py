"""The trials on a played cluster: what counts as held, and what as not."""

import json

import pytest

from devstack.errors import DevstackError
from devstack.kubernetes.kubectl import Kubectl
from devstack.kubernetes.trial import admission, connections, pods, replacing, run, scaling
from devstack.kubernetes.trial.table import Outcome, TrialFailed, render

SUMMARY = {"sent": 9, "failed": 0, "failures": [], "rate": 20.0, "median_ms": 5.0, "p99_ms": 9.0}
BUDGET = {"code": 1, "stderr": "Cannot evict pod as it would violate the pod's disruption budget."}


@pytest.fixture
def place(engine):
    return Kubectl(pods.PLACE)


def load(**changes):
    return ("exec -i load", json.dumps(SUMMARY | changes))


def test_a_table_has_a_line_for_each_outcome():
    lines = render([Outcome("one", True, "seen"), Outcome("two", False, "not seen")]).splitlines()
    assert [line.split() for line in lines[2:]] == [["one", "yes", "seen"], ["two", "NO", "not", "seen"]]


def test_a_trial_that_can_not_end_is_a_line_that_did_not_hold():
    def fails():
        raise TrialFailed("no second gateway")

    (outcome,) = run._outcomes("autoscaling", fails)
    assert (outcome.name, outcome.held) == ("autoscaling", False)
    assert "no second gateway" in outcome.seen


def test_a_pod_of_ours_that_was_refused_is_seen(engine, items, pod):
    level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    running = items(*(pod(f"pod-{number}") for number in range(10)))
    refusal = items({"message": 'pods "x" violates PodSecurity "restricted:latest"'})
    engine.plays(("get events", [items(), refusal]), ("get namespace", level), ("get pods", running))
    assert admission.ours_are_let_in(Kubectl()).held
    outcome = admission.ours_are_let_in(Kubectl())
    assert not outcome.held
    assert "violates" in outcome.seen


def test_a_privileged_pod_that_is_let_in_is_seen(engine):
    engine.plays(("apply", [{"code": 1, "stderr": 'violates PodSecurity "restricted:latest"'}, "created"]))
    assert admission.a_privileged_pod_is_refused(Kubectl()).held
    assert not admission.a_privileged_pod_is_refused(Kubectl()).held
    assert '"privileged": true' in engine.stdin_of("apply")[0]


def plays_edges(cluster, items, pod, reached):
    here = [pod("a-1", name="a", component="api", address="10.0.0.1")]
    here.append(pod("b-1", name="b", component="api", address="10.0.0.2"))

    def selector(name):
        return {"matchLabels": {"app.kubernetes.io/name": name}}

    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ports = [{"port": 8000}]
    out = {"podSelector": selector("a"), "policyTypes": ["Egress"]}
    out["egress"] = [{"to": [{"podSelector": selector("b")}], "ports": ports}]
    into = {"podSelector": selector("b"), "policyTypes": ["Ingress"]}
    into["ingress"] = [{"from": [{"podSelector": selector("a")}], "ports": ports}]
    cluster.plays(
        ("get networkpolicies", items(*({"spec": spec} for spec in (deny, out, into)))),
        ("get pods", items(*here)),
        ("get pod stranger", pod("stranger", address="10.0.0.9")),
        ("get namespace", {"metadata": {"labels": {"interviewace/edge": "true"}}}),
        ("(?s)exec [ab]-1 .*127.0.0.1:8000", "127.0.0.1:8000\n"),
        *reached,
    )


def test_the_edges_that_are_named_work_and_no_others(engine, place, items, pod):
    plays_edges(engine, items, pod, [("exec a-1", "10.0.0.2:8000\n")])
    works, refused = connections.tried(Kubectl(), place)
    assert (works.held, works.seen) == (True, "1 of 1 connections were made")
    assert refused.held
    assert refused.seen.startswith("5 of 5 were refused")


def test_an_edge_that_is_open_or_closed_against_its_name_is_named(engine, place, items, pod):
    plays_edges(engine, items, pod, [("exec b-1", "10.0.0.1:8000\n")])
    works, refused = connections.tried(Kubectl(), place)
    assert (works.held, works.seen) == (False, "not as named: a-api -> b-api:8000")
    assert (refused.held, refused.seen) == (False, "not as named: b-api -> a-api:8000")


@pytest.mark.parametrize("failed", [0, 1])
def test_a_rollout_holds_when_no_request_failed(engine, place, items, pod, failed):
    replies = [items(pod("old")), items(pod("old", ending=True), pod("new")), items(pod("new"))]
    deployment = items({"metadata": {"name": "gateway"}})
    engine.plays(
        ("get deployments", deployment), ("get pods", replies), load(failed=failed, failures=["503"] * failed)
    )
    outcome = replacing.every_deployment(Kubectl(), place)
    assert outcome.held is (failed == 0)
    assert outcome.seen.startswith(f"1 pods replaced; {failed} of 9 requests failed")


def test_the_second_eviction_is_refused_until_there_is_another(engine, place, items, pod):
    two = items(pod("g-1"), pod("g-2"))
    engine.plays(
        ("get pods -l", two),
        ("get pods", items(pod("g-3"))),
        ("g-1/eviction", ""),
        ("g-2/eviction", [BUDGET, BUDGET, ""]),
        load(),
    )
    outcome = replacing.evictions(Kubectl(), place)
    assert outcome.held
    patches = [call for call in engine.calls if call.startswith("patch hpa")]
    assert [patch.rpartition(" ")[2] for patch in patches] == ["2}}", "1}}"]


def test_an_eviction_that_goes_beyond_the_budget_is_seen(engine, place, items, pod):
    engine.plays(("get pods -l", items(pod("g-1"), pod("g-2"))), ("get pods", items()), load())
    assert not replacing.evictions(Kubectl(), place).held


def test_the_autoscaler_is_seen_going_up_and_down(engine, place, items, pod):
    counts = [{"spec": {"replicas": number}} for number in (1, 1, 2, 2, 1)]
    two = items(pod("g-1"), pod("g-2"))
    engine.plays(("get deployment", counts), ("get hpa", {}), ("get pods", two), load())
    outcome = scaling.up_and_down(Kubectl(), place, settle=0)
    assert outcome.held
    assert outcome.seen.startswith("1 -> 2 after")


def test_a_load_that_does_not_begin_is_said(engine, place, items):
    engine.plays(("exec -i load", {"code": 1, "stderr": "no such pod"}), ("get deployments", items()))
    with pytest.raises(DevstackError, match="the load did not begin: no such pod"):
        replacing.every_deployment(Kubectl(), place)


def test_what_does_not_come_is_not_waited_for_for_ever():
    with pytest.raises(TrialFailed, match="not within 0 s: a second gateway"):
        pods.until(lambda: False, 0, "a second gateway")


def test_the_trials_place_is_let_in_at_the_gateway_and_goes_afterwards(engine, monkeypatch, items):
    engine.plays()
    assert pods.open_place(Kubectl()).namespace == pods.PLACE
    assert '"interviewace/edge": "true"' in engine.stdin_of("apply")[0]
    pods.close_place(Kubectl())
    assert engine.calls[-1].startswith(f"delete namespace {pods.PLACE}")
