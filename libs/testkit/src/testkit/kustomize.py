"""Renders what `kubectl kustomize` renders, of the part of kustomize that deploy/k8s uses, without kubectl.

Known are: resources, components, namespace, nameSuffix, images (newName, newTag), configMapGenerator (envs, merge),
and patches (strategic merges, with or without a target). Anything else in a kustomization is refused by name.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import yaml

from testkit.strategic_merge import Node, Resource, merged

KNOWN = {
    *("apiVersion", "kind", "resources", "components", "namespace", "nameSuffix", "images"),
    *("configMapGenerator", "patches"),
}
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition", "ClusterSecretStore", "ClusterRole", "StorageClass"}
HASHED = "testkit/hashed"
"""An annotation that a generated ConfigMap carries until its name gets its hash."""


class NotKnown(Exception):
    """A kustomization uses something that this module does not render."""


def render(folder: Path) -> list[Resource]:
    """Return the resources of an overlay.

    Raises:
        NotKnown: it uses what is not rendered here.
    """
    return _with_hashes(_build(folder, []))


def identity(resource: Resource) -> tuple[str, str, str]:
    """Return what tells a resource from others: its kind, namespace and name."""
    metadata = cast("dict[str, str]", resource["metadata"])
    return str(resource["kind"]), metadata.get("namespace", ""), metadata["name"]


def pod_of(resource: Resource) -> dict[str, Node] | None:
    """Return the pod that a workload makes, None where it makes none."""
    template = cast("dict[str, dict[str, Node]]", resource.get("spec") or {}).get("template")
    return template if isinstance(template, dict) and "containers" in str(template.get("spec")) else None


def _build(folder: Path, resources: list[Resource]) -> list[Resource]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if unknown := sorted(set(kustomization) - KNOWN):
        raise NotKnown(f"{folder}: {', '.join(unknown)}")
    for name in kustomization.get("resources", ()):
        resources = [*resources, *_read(folder / name)]
    for name in kustomization.get("components", ()):
        resources = _build(folder / name, resources)
    for generator in kustomization.get("configMapGenerator", ()):
        resources = _generate(folder, generator, resources)
    for patch in kustomization.get("patches", ()):
        resources = _patch(folder, patch, resources)
    for resource in resources:
        _transform(resource, kustomization)
    return resources


def _read(path: Path) -> list[Resource]:
    if path.is_dir():
        return _build(path, [])
    return [part for part in yaml.safe_load_all(path.read_text(encoding="utf-8")) if part]


def _generate(folder: Path, generator: dict[str, Node], resources: list[Resource]) -> list[Resource]:
    if unknown := sorted(set(generator) - {"name", "envs", "behavior", "options"}):
        raise NotKnown(f"{folder}: configMapGenerator {', '.join(unknown)}")
    data = {}
    for name in cast("list[str]", generator["envs"]):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.partition("=")
                data[key] = value
    if generator.get("behavior") == "merge":
        base = next(part for part in resources if identity(part)[::2] == ("ConfigMap", generator["name"]))
        cast("dict[str, str]", base["data"]).update(data)
        return resources
    options = cast("dict[str, bool]", generator.get("options") or {})
    metadata: dict[str, Node] = {"name": generator["name"]}
    if not options.get("disableNameSuffixHash"):
        metadata["annotations"] = {HASHED: "yes"}
    content = cast("Node", data)
    return [*resources, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": content}]


def _patch(folder: Path, patch: dict[str, Node], resources: list[Resource]) -> list[Resource]:
    text = (
        str(patch["patch"]) if "patch" in patch else (folder / str(patch["path"])).read_text(encoding="utf-8")
    )
    target = patch.get("target")
    for change in yaml.safe_load_all(text):
        chosen = [part for part in resources if _is_target(part, change, target)]
        if not chosen:
            raise NotKnown(
                f"{folder}: a patch of {change['kind']} {change['metadata']['name']} meets nothing"
            )
        if change.get("$patch") == "delete":
            resources = [part for part in resources if all(part is not other for other in chosen)]
            continue
        for part in chosen:
            names = {**cast("dict[str, Node]", change["metadata"]), "name": identity(part)[2]}
            changed = merged(part, {**change, "metadata": names})
            part.clear()
            part.update(cast("Resource", changed))
    return resources


def _is_target(resource: Resource, change: Resource, target: Node) -> bool:
    kind, _, name = identity(resource)
    if not isinstance(target, dict):
        return (kind, name) == (change["kind"], identity(change)[2])
    if unknown := sorted(set(target) - {"kind", "name", "labelSelector"}):
        raise NotKnown(f"target {', '.join(unknown)}")
    labels = cast("dict[str, dict[str, str]]", resource["metadata"]).get("labels", {})
    key, _, value = str(target.get("labelSelector", "")).partition("=")
    return (
        kind == target.get("kind", kind)
        and name == target.get("name", name)
        and (not key or labels.get(key) == value)
    )


def _transform(resource: Resource, kustomization: dict[str, Node]) -> None:
    metadata = cast("dict[str, str]", resource["metadata"])
    if "namespace" in kustomization and resource["kind"] not in CLUSTER_WIDE:
        metadata["namespace"] = str(kustomization["namespace"])
    if "nameSuffix" in kustomization:
        metadata["name"] += str(kustomization["nameSuffix"])
    for image in cast("list[dict[str, str]]", kustomization.get("images") or []):
        for container in _containers(resource):
            name, _, tag = str(container["image"]).partition(":")
            if name == image["name"]:
                container["image"] = ":".join(
                    filter(None, (image.get("newName", name), image.get("newTag", tag)))
                )


def _containers(resource: Resource) -> Iterator[dict[str, Node]]:
    spec = cast("dict[str, Node]", (pod_of(resource) or {}).get("spec") or {})
    for kind in ("initContainers", "containers"):
        yield from cast("list[dict[str, Node]]", spec.get(kind) or [])


def _with_hashes(resources: list[Resource]) -> list[Resource]:
    """Give each generated ConfigMap the name with its hash, wherever it is named."""
    for part in resources:
        metadata = cast("dict[str, dict[str, str]]", part["metadata"])
        if HASHED not in metadata.get("annotations", {}):
            continue
        del metadata["annotations"]
        old = str(metadata["name"])
        new = f"{old}-{_hash(part)}"
        part["metadata"] = {**cast("dict[str, Node]", part["metadata"]), "name": new}
        for container in (container for other in resources for container in _containers(other)):
            for source in cast("list[dict[str, dict[str, str]]]", container.get("envFrom") or []):
                if source.get("configMapRef", {}).get("name") == old:
                    source["configMapRef"]["name"] = new
    return resources


def _hash(config_map: Resource) -> str:
    """Return the hash that kustomize appends: of the content as JSON, without characters that could make a word."""
    content = {"data": config_map["data"], "kind": "ConfigMap", "name": ""}  # kustomize leaves the name out
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return digest.translate(str.maketrans("013ae", "ghkmt"))
