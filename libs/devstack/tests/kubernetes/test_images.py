"""Our images, and how they get into a cluster."""

import pytest

from devstack.kubernetes import images


@pytest.mark.parametrize(
    ("context", "command"),
    [
        ("kind-one", "kind load docker-image --name one a:1 b:1"),
        ("k3d-two", "k3d image import --cluster two a:1 b:1"),
        ("minikube", "minikube image load a:1 b:1"),
    ],
)
def test_the_contexts_name_says_how_images_get_in(cluster, context, command):
    assert images.load_command(context, ["a:1", "b:1"]) == command.split()


def test_another_command_wins_and_an_unknown_context_loads_nothing(cluster, monkeypatch):
    assert images.load_command("production", ["a:1"]) is None
    monkeypatch.setenv("K8S_LOAD", "my load --fast")
    assert images.load_command("kind-one", ["a:1"]) == ["my", "load", "--fast", "a:1"]


def test_ours_and_what_the_engine_has_of_the_servers_are_loaded(engine, monkeypatch):
    monkeypatch.setenv("K8S_LOAD", f"sh -c 'echo \"$@\" > {engine.folder}/loaded' load")
    images.load("anything")
    assert (engine.folder / "loaded").read_text().split() == images.ours()


def test_an_unknown_context_is_told_how_to_load(engine, capsys):
    images.load("anything")
    assert "K8S_LOAD" in capsys.readouterr().out


def test_a_command_that_fails_is_said(engine, monkeypatch):
    monkeypatch.setenv("K8S_LOAD", "false")
    with pytest.raises(images.ImagesMissing, match="false interviewace-auth"):
        images.load("anything")


def test_images_that_were_not_built_are_named(cluster, engine):
    assert images.fingerprint() == images.fingerprint()
    (cluster.folder / "bin" / "docker").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(images.ImagesMissing, match=r"interviewace-auth:.*make images"):
        images.fingerprint()


def test_a_machine_without_an_engine_has_no_images(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert images.identity("redis:8") is None
