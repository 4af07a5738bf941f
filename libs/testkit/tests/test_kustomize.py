"""The renderer against kubectl's own, where that is installed, and what it refuses."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from testkit import kustomize
from testkit.strategic_merge import in_order, merged

K8S = Path(__file__).parents[3] / "deploy" / "k8s"
COMPONENTS = sorted((K8S / "components").iterdir())
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


def by_identity(resources):
    return {kustomize.identity(resource): in_order(resource) for resource in resources}


def rendered_by_kubectl(folder):
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True)
    return by_identity(yaml.safe_load_all(done.stdout))


@needs_kubectl
@pytest.mark.slow
@pytest.mark.parametrize("overlay", ["base", "overlays/local", "overlays/production"])
def test_it_renders_what_kubectl_renders(overlay):
    resources = by_identity(kustomize.render(K8S / overlay))
    assert len(resources) > 50
    assert resources == rendered_by_kubectl(K8S / overlay)


@needs_kubectl
@pytest.mark.slow
def test_it_renders_all_components_as_kubectl_does(tmp_path):
    def relative(path):
        return os.path.relpath(path.resolve(), tmp_path.resolve())

    production = relative(K8S / "overlays" / "production")
    content = {"resources": [production], "components": [relative(component) for component in COMPONENTS]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(content))
    assert by_identity(kustomize.render(tmp_path)) == rendered_by_kubectl(tmp_path)


def kustomization(folder, **content):
    (folder / "config.yaml").write_text(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {a: b}}"
    )
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["config.yaml"], **content}))
    return folder


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"helmCharts": []}, "helmCharts"),
        ({"configMapGenerator": [{"name": "x", "literals": ["a=b"]}]}, "literals"),
        ({"patches": [{"patch": "{kind: Pod, metadata: {name: nobody}}"}]}, "Pod nobody meets nothing"),
        (
            {
                "patches": [
                    {"patch": "{kind: Pod, metadata: {name: x}}", "target": {"annotationSelector": "a"}}
                ]
            },
            "annotationSelector",
        ),
    ],
)
def test_what_it_can_not_render_is_refused_by_name(tmp_path, content, word):
    with pytest.raises(kustomize.NotKnown, match=word):
        kustomize.render(kustomization(tmp_path, **content))


def test_a_patch_without_a_target_is_for_the_resource_it_names(tmp_path):
    patch = "{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {a: null, c: d}}"
    (resource,) = kustomize.render(kustomization(tmp_path, patches=[{"patch": patch}], nameSuffix="-1"))
    assert resource["metadata"] == {"name": "config-1"}
    assert resource["data"] == {"c": "d"}


def test_lists_of_named_things_are_merged_and_others_replaced():
    base = {"containers": [{"name": "a", "args": ["x", "y"]}, {"name": "b"}]}
    patch = {"containers": [{"name": "a", "args": ["z"]}, {"name": "c"}]}
    assert merged(base, patch) == {"containers": [{"name": "a", "args": ["z"]}, {"name": "b"}, {"name": "c"}]}
