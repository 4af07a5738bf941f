"""A played cluster, and a played container engine."""

import json
import os
import sys
from pathlib import Path

import pytest

from devstack.kubernetes.kubectl import Kubectl

HERE = Path(__file__).parent


class Cluster:
    """What `kubectl` answers, and what it was asked."""

    def __init__(self, folder):
        self.folder = folder
        self.kubectl = Kubectl()

    def plays(self, *replies):
        """Set what is answered: pairs of a pattern and a reply, or a list of replies that follow each other."""
        pairs = [(pattern, reply if isinstance(reply, list) else [reply]) for pattern, reply in replies]
        (self.folder / "replies.json").write_text(json.dumps(pairs))
        for counter in self.folder.glob("count-*"):
            counter.unlink()

    @property
    def calls(self):
        """The commands, without the namespace, in order."""
        return [call["command"].removeprefix("--namespace ").partition(" ")[2] for call in self._calls]

    def stdin_of(self, pattern):
        return [call["stdin"] for call in self._calls if pattern in call["command"]]

    @property
    def _calls(self):
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def command(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Return a played cluster that answers nothing yet."""
    (tmp_path / "bin").mkdir()
    script = f'#!/bin/sh\nexec {sys.executable} {HERE / "played_kubectl.py"} "$@"\n'
    command(tmp_path / "bin", "kubectl", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PLAYED", str(tmp_path))
    for name in ("KUBECONTEXT", "K8S_LOAD"):
        monkeypatch.delenv(name, raising=False)
    played = Cluster(tmp_path)
    played.plays()
    return played


@pytest.fixture
def engine(cluster):
    """Play the container engine: it has our images, each with an id of its own."""
    command(
        cluster.folder / "bin",
        "docker",
        '#!/bin/sh\ncase "$5" in interviewace-*) echo "id of $5";; *) exit 1;; esac\n',
    )
    return cluster


@pytest.fixture
def pod():
    """Make a pod as the API server shows it."""

    def make(name, /, *, ready=True, ending=False, address="", **labels):
        metadata = {
            "name": name,
            "labels": {f"app.kubernetes.io/{key}": value for key, value in labels.items()},
        }
        if ending:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        conditions = [{"type": "Ready", "status": str(ready)}]
        return {"metadata": metadata, "status": {"podIP": address, "conditions": conditions}}

    return make


@pytest.fixture
def items():
    """Make a list as the API server gives it."""
    return lambda *resources: {"items": list(resources)}
