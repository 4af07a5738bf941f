"""Kubernetes' strategic merge: maps are merged, lists of named things by name, other lists are replaced."""

from typing import cast

Node = dict[str, "Node"] | list["Node"] | str | int | float | bool | None
Resource = dict[str, Node]

KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
    "topologySpreadConstraints": ("topologyKey",),
}
"""By the field's name: what tells the elements of a list apart."""


def merged(base: Node, patch: Node) -> Node:
    """Return the base with the patch on it; a null takes away what it stands for."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    result: dict[str, Node] = dict(base)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif name in KEYS and isinstance(value, list):
            result[name] = _merged_lists(result.get(name), value, KEYS[name])
        else:
            result[name] = merged(result.get(name), value)
    return result


def _merged_lists(base: Node, patch: list[Node], keys: tuple[str, ...]) -> Node:
    elements = list(cast("list[dict[str, Node]]", base or []))
    for change in cast("list[dict[str, Node]]", patch):
        key = next((key for key in keys if key in change), keys[0])
        for position, element in enumerate(elements):
            if element.get(key) == change.get(key):
                elements[position] = cast("dict[str, Node]", merged(element, change))
                break
        else:
            elements.append(change)
    return cast("Node", elements)


def in_order(node: Node) -> Node:
    """Return a resource with its lists of named things in the order of their names: kubectl puts new ones first."""
    if isinstance(node, dict):
        return {name: _sorted(name, in_order(value)) for name, value in node.items()}
    return [in_order(value) for value in node] if isinstance(node, list) else node


def _sorted(name: str, value: Node) -> Node:
    if name not in KEYS or not isinstance(value, list):
        return value
    return sorted(value, key=lambda element: str([cast("Resource", element).get(key) for key in KEYS[name]]))
