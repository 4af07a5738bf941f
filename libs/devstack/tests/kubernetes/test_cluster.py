"""The local overlay: up, the demo on it, down."""

import pytest

from devstack.kubernetes import __main__ as command
from devstack.kubernetes import cluster as overlay
from devstack.kubernetes import images
from devstack.kubernetes.kubectl import Kubectl

pytestmark = pytest.mark.slow


def namespace(**annotations):
    return {
        "metadata": {
            "name": "interviewace",
            "labels": {"interviewace/overlay": "local"},
            "annotations": annotations,
        }
    }


def plays(cluster, items, *namespaces):
    cluster.plays(
        ("get namespaces", items(*namespaces)),
        ("current-context", "somewhere"),
        ("get statefulsets", items({"metadata": {"name": "postgres"}})),
        ("get deployments", items({"metadata": {"name": "gateway"}})),
        ("get secrets", items()),
        ("readyz", "ok"),
    )


def position(calls, start):
    return next(number for number, call in enumerate(calls) if call.startswith(start))


def test_on_an_empty_cluster_the_namespace_and_secrets_come_before_the_rest(engine, items):
    plays(engine, items)
    assert overlay.up(Kubectl()) > 0
    calls = engine.calls
    order = [
        "create namespace",
        "label namespace",
        "apply -f -",
        "apply -k",
        "annotate",
        "rollout status statefulset",
    ]
    positions = [position(calls, start) for start in order]
    assert positions == sorted(positions)
    assert "rollout restart deployment" not in calls


def test_the_same_images_again_restart_nothing_and_new_ones_everything(engine, items):
    built = images.fingerprint()
    plays(engine, items, namespace(**{overlay.BUILT: built}))
    overlay.up(Kubectl())
    assert "rollout restart deployment" not in engine.calls
    plays(engine, items, namespace(**{overlay.BUILT: "older"}))
    overlay.up(Kubectl())
    assert position(engine.calls, "delete jobs --all") < engine.calls.index("rollout restart deployment")


def test_a_namespace_that_is_not_the_local_overlays_is_left_alone(engine, items):
    other = namespace()
    other["metadata"]["labels"] = {}
    plays(engine, items, other)
    for act in (overlay.up, overlay.down):
        with pytest.raises(overlay.NotOurs, match="nothing was changed"):
            act(Kubectl())
    assert all(call.startswith(("get", "config")) for call in engine.calls)


def test_a_gateway_that_is_not_ready_yet_is_waited_for(engine, items):
    engine.plays(("get (statefulsets|deployments)", items()), ("GET /ready", [503, 200]))
    overlay.wait_until_ready(Kubectl())
    assert (engine.folder / "count-1").read_text() == "2"


def test_down_removes_the_namespace(engine, items, capsys):
    plays(engine, items, namespace())
    assert command.main(["down"]) == 0
    assert "delete namespace interviewace --ignore-not-found" in engine.calls


def test_up_says_how_long_it_took(engine, items, capsys):
    plays(engine, items)
    assert command.main(["up"]) == 0
    assert "ready in" in capsys.readouterr().out


def test_a_demo_that_fails_is_said_in_one_line(engine, items, tmp_path, capsys):
    plays(engine, items)
    assert command.main(["demo", "--reports", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("kubernetes: POST /api/v1/auth/register answered")


@pytest.mark.parametrize(("verb", "code"), [("up", 1), ("test", 0)])
def test_where_no_cluster_answers_one_line_says_so(engine, capsys, verb, code):
    engine.plays(("readyz", {"code": 1, "stderr": "refused"}))
    assert command.main([verb]) == code
    assert capsys.readouterr().out == "no Kubernetes cluster answers on the current context: skipped\n"
