"""Several OpenAPI documents made into one that validates: each name means one thing."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from common import paths
from common.web.problems import MEDIA_TYPE, Problem
from gateway import routes

Document = dict[str, Any]

SCHEMAS = "#/components/schemas/"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEME = "OAuth2PasswordBearer"
SECURITY_SCHEMES = {
    SCHEME: {
        "type": "oauth2",
        "description": "Sign in with e-mail address and password; the access token goes into `Authorization: Bearer`.",
        "flows": {
            "password": {
                "tokenUrl": f"{paths.AUTH}/login",
                "refreshUrl": f"{paths.AUTH}/refresh",
                "scopes": {},
            }
        },
    }
}


def merge(title: str, description: str, documents: Mapping[str, Document]) -> Document:
    """Return one document of what the gateway serves of each service's, keyed by the service's name."""
    documents = {service: _with_problems(document) for service, document in documents.items()}
    parts = {
        service: _renamed(service, document, _clashes(documents)) for service, document in documents.items()
    }
    paths: Document = {}
    schemas: Document = {}
    for service, part in parts.items():
        for path, item in part.get("paths", {}).items():
            if _serves(service, path):
                paths[path] = _item(service, path, item)
        schemas |= part.get("components", {}).get("schemas", {})
    _tell_operations_apart(paths)
    used = sorted({tag for _, operation in _operations(paths) for tag in operation["tags"]})
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": description},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in used],
        "paths": paths,
        "components": {"schemas": _reachable(paths, schemas), "securitySchemes": SECURITY_SCHEMES},
    }


def _serves(service: str, path: str) -> bool:
    route = routes.resolve("GET", path)
    return route.service == service if route else service == "gateway"


def _item(service: str, path: str, item: Document) -> Document:
    """Return a path's item with tags, and with a token asked for where the gateway asks for one."""
    for method in METHODS:
        if operation := item.get(method):
            route = routes.resolve(method.upper(), path)
            open_to_all = route is None or route.public
            operation["tags"] = operation.get("tags") or [service]
            operation["security"] = [] if open_to_all else [{SCHEME: []}]
            operation["x-service"] = service
    return item


def _operations(paths: Document) -> Iterator[tuple[str, Document]]:
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def _tell_operations_apart(paths: Document) -> None:
    """Name each operation once: those whose name is taken twice get their service's, and if need be a number."""
    times = Counter(operation.get("operationId") for _, operation in _operations(paths))
    taken: set[str] = set()
    for where, operation in _operations(paths):
        service = operation.pop("x-service")
        name = operation.get("operationId") or where.replace("/", "_").replace(" ", "")
        wanted = f"{service}_{name}" if times[name] > 1 else name
        number = 1
        while (unique := wanted if number == 1 else f"{wanted}_{number}") in taken:
            number += 1
        taken.add(unique)
        operation["operationId"] = unique


def _with_problems(document: Document) -> Document:
    """Return a copy in which problems have their media type: FastAPI writes that of the route's own answer."""
    copied = copy.deepcopy(document)
    problem = {"schema": {"$ref": f"{SCHEMAS}{Problem.__name__}"}}
    for _, operation in _operations(copied.get("paths", {})):
        for response in operation.get("responses", {}).values():
            if problem in response.get("content", {}).values():
                response["content"] = {MEDIA_TYPE: problem}
    return copied


def _schemas(document: Document) -> Document:
    schemas: Document = document.get("components", {}).get("schemas", {})
    return schemas


def _clashes(documents: Mapping[str, Document]) -> set[str]:
    """Return the schema names that do not mean the same in all documents, themselves or in what they refer to."""
    meanings: dict[str, list[Document]] = {}
    for document in documents.values():
        for name, schema in _schemas(document).items():
            meanings.setdefault(name, []).append(schema)
    clashes = {name for name, all_of in meanings.items() if any(schema != all_of[0] for schema in all_of)}
    while True:
        more = {
            name
            for name, all_of in meanings.items()
            if name not in clashes and len(all_of) > 1 and clashes & set(_references(all_of[0]))
        }
        if not more:
            return clashes
        clashes |= more


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
    elif isinstance(node, str) and node.startswith(SCHEMAS):
        yield node.removeprefix(SCHEMAS)


def _renamed(service: str, document: Document, clashes: set[str]) -> Document:
    """Return a copy of the document in which clashing schemas carry the service's name."""
    own = _schemas(document)
    names: dict[str, str] = {}
    for name in clashes & set(own):
        new = f"{service.capitalize()}{name}"
        while new in own:
            new += "_"
        names[name] = new
    renamed: Document = _with_references(document, names)
    if own:
        schemas = _schemas(renamed)
        renamed["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas.items()}
    return renamed


def _with_references(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _with_references(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_references(value, names) for value in node]
    if isinstance(node, str) and node.startswith(SCHEMAS):
        name = node.removeprefix(SCHEMAS)
        return SCHEMAS + names.get(name, name)
    return node


def _reachable(paths: Document, schemas: Document) -> Document:
    """Return the schemas that the paths refer to, directly or through others, in order of name."""
    reachable: set[str] = set()
    waiting = set(_references(paths))
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in reachable:
            reachable.add(name)
            waiting |= set(_references(schemas[name]))
    return {name: schemas[name] for name in sorted(reachable)}
