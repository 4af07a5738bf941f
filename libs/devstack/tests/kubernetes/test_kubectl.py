"""kubectl as a function."""

import httpx
import pytest

from devstack.kubernetes.kubectl import Kubectl, KubectlFailed, names, path


def test_a_command_runs_in_our_namespace_and_its_output_is_returned(cluster):
    cluster.plays(("get pods", "two pods"))
    assert cluster.kubectl("get", "pods") == "two pods"
    assert (
        (cluster.folder / "calls.jsonl")
        .read_text()
        .startswith('{"command": "--namespace interviewace get pods"')
    )


def test_another_context_is_named(cluster, monkeypatch):
    monkeypatch.setenv("KUBECONTEXT", "kind-other")
    kubectl = Kubectl()
    kubectl("get", "pods")
    assert kubectl.context == "kind-other"
    assert '"--context kind-other --namespace' in (cluster.folder / "calls.jsonl").read_text()


def test_what_fails_says_what_and_why(cluster):
    cluster.plays(("delete", {"code": 1, "stderr": "forbidden"}))
    with pytest.raises(KubectlFailed, match="kubectl delete pod x: forbidden"):
        cluster.kubectl("delete", "pod", "x")


def test_a_command_without_an_end_is_ended(cluster):
    with pytest.raises(KubectlFailed, match="no end after 1 s"):
        cluster.kubectl("port-forward", "pod/x", "0:1", timeout=1)


def test_a_machine_without_kubectl_has_no_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Kubectl().is_reachable() is False
    with pytest.raises(KubectlFailed, match="not installed"):
        Kubectl()("get", "pods")


def test_a_cluster_that_answers_is_reachable_and_one_that_does_not_is_not(cluster):
    cluster.plays(("readyz", ["ok", {"code": 1, "stderr": "refused"}]), ("current-context", "kind-x\n"))
    assert [cluster.kubectl.is_reachable(), cluster.kubectl.is_reachable()] == [True, False]
    assert cluster.kubectl.context == "kind-x"


def test_a_forwarded_port_answers_while_it_is_forwarded(cluster):
    with cluster.kubectl.forwarded("service/gateway", 8000) as url:
        assert httpx.get(f"{url}/ready", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ready", trust_env=False)


def test_a_port_that_can_not_be_forwarded_is_said(cluster):
    cluster.plays(("port-forward", {"code": 1, "stderr": "no such pod"}))
    with pytest.raises(KubectlFailed, match="port-forward"), cluster.kubectl.forwarded("pod/x", 1):
        pass


def test_what_stands_deep_in_a_resource_is_found_or_not(items, pod):
    resource = items(pod("x"))
    assert path(resource, "items", 0, "metadata", "name") == "x"
    assert path(resource, "items", 1, "metadata") is None
    assert path(resource, "items", "metadata", default="none") == "none"
    assert names([pod("x"), pod("y")]) == ["x", "y"]
