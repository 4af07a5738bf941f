"""The table of routes against the services' own, and what is counted against what a service got."""

import importlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match

from auth.api import accounts, sessions, users
from common.web import tasks_api
from gateway.routes import BELOW, ROUTES, SERVICES, LimitClass, Route, resolve

SEVERAL = {"auth": (accounts, sessions, users)}
ROUTERS: dict[str, list[APIRouter]] = {
    name: [api.router for api in SEVERAL.get(name) or (importlib.import_module(f"{name}.api"),)]
    for name in SERVICES
}
ROUTERS["resume"].append(tasks_api.router)
CREDENTIALS = {
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/verify-email"),
    ("POST", "/api/v1/auth/resend-verification"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/forgot-password"),
    ("POST", "/api/v1/auth/reset-password"),
    ("POST", "/api/v1/auth/change-password"),
    ("DELETE", "/api/v1/auth/me"),
}
EXPENSIVE = {
    ("POST", "/api/v1/resume/upload"),
    ("POST", "/api/v1/resume/{}/reparse"),
    ("POST", "/api/v1/interview/start"),
    ("POST", "/api/v1/interview/{}/answer"),
}
TAKEN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _served() -> Iterator[tuple[str, APIRoute]]:
    for service, routers in ROUTERS.items():
        for router in routers:
            for route in router.routes:
                assert isinstance(route, APIRoute)
                yield service, route


def _pattern(route: APIRoute) -> str:
    return re.sub(r"\{[^}]+\}", "{}", route.path)


def _service_reads(method: str, path: str) -> tuple[str, str] | None:
    """Return the service and the pattern of its route that takes the request, None where none does."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    for service, route in _served():
        if route.matches(scope)[0] is Match.FULL:
            return service, _pattern(route)
    return None


def _class_of(method: str, pattern: str) -> str:
    known = (method, pattern)
    return "credentials" if known in CREDENTIALS else "costly" if known in EXPENSIVE else "general"


@pytest.mark.parametrize("route", [route for route in ROUTES if BELOW not in route.pattern], ids=str)
def test_each_route_of_the_table_is_one_of_its_service(route: Route) -> None:
    path = route.pattern.replace("{}", str(uuid4()))
    read = [_service_reads(method, path) for method in ([route.method] if route.method else TAKEN)]
    assert route.service in {reading[0] for reading in read if reading}


def test_each_route_of_the_services_has_its_class_in_the_table() -> None:
    names = {
        LimitClass.CREDENTIALS: "credentials",
        LimitClass.REAUTHENTICATION: "credentials",
        LimitClass.EXPENSIVE: "costly",
        LimitClass.GENERAL: "general",
    }
    known = set()
    for service, served in _served():
        for method in served.methods:
            route = resolve(method, _pattern(served).format("1"))
            assert route, served.path
            assert route.service == service
            assert names[route.limit] == _class_of(method, _pattern(served)), (method, served.path)
            known.add((method, _pattern(served)))
    assert known >= CREDENTIALS | EXPENSIVE, "what this test expects is there"


FORMS = [
    "/api/v1/auth/login",
    "/api/v1/auth/login/",
    "/api/v1/auth/%6cogin",
    "/api/v1/auth/%6Cogin",
    "/api/v1/auth/login?next=/api/v1/auth/me",
    "/api/v1/auth/login?",
    "/api/v1/auth/login??",
    "/api/v1/auth/login?a=1&a=2;b=3",
    "/api/v1/auth/login#/api/v1/auth/me",
    "/api/v1/auth/login%23",
    "/api/v1/auth/login%3f",
    "/api/v1/auth/login;x=1",
    "/api/v1/auth/login%3bx",
    "/api/v1/auth;x/login",
    "/api/v1/auth/login%20",
    "/api/v1/auth/login.",
    "/api/v1/auth/LOGIN",
    "/API/v1/auth/login",
    "/api/v1/auth/login//",
    "//api/v1/auth/login",
    "/api/v1/auth/x/../login",
    "/api/v1/auth/x/%2e%2e/login",
    "/api/v1/auth%2flogin",
    "/api/v1/auth/login%0a",
    "/api/v1/auth/login%00",
    "/api/v1/auth/login%c0%af",
    "/api/v1/auth/login%ff",
    "/api/v1/auth/login%e2%80%8b",
    "/api/v1/auth/l%c3%b6gin",
    "/api/v1/auth/%256cogin",
    "http://localhost/api/v1/auth/login",
    "http://elsewhere.example/api/v1/auth/login",
    "http://user:word@localhost/api/v1/auth/login",
    "/api/v1/auth/change-password",
    "/api/v1/auth/change%2dpassword",
    "/api/v1/auth/change-password/",
    "/api/v1/auth/me",
    "/api/v1/auth/%6de",
    "/api/v1/resume/upload",
    "/api/v1/resume/upload/",
    "/api/v1/resume/upload/x",
    "/api/v1/resume/%75pload",
    "/api/v1/resume/ID/reparse",
    "/api/v1/resume/%e2%82%ac/reparse",
    "/api/v1/resume//reparse",
    "/api/v1/resume/ID/reparse?x",
    "/api/v1/interview/start",
    "/api/v1/interview/st%61rt",
    "/api/v1/interview/ID/answer",
    "/api/v1/interview/ID/answer/",
    "/api/v1/interview/ID/%61nswer",
    "/api/v1/interview/ID/answer/x",
    "/api/v1/interview/a%0ab/answer",
    "/api/v1/interview/a;b/answer",
    "*",
    "",
    "api/v1/auth/login",
]
METHODS = [
    *TAKEN,
    "post",
    "Post",
    "pOST",
    "delete",
    "get",
    "TRACE",
    "CONNECT",
    "BREW",
    "PROPFIND",
    "POST1",
    "PRI",
]
HEADERS = [
    "",
    "X-HTTP-Method-Override: POST\r\n",
    "X-HTTP-Method: DELETE\r\nX_Method_Override: PUT\r\n",
    "X-Original-URL: /api/v1/auth/me\r\nX-Rewrite-URL: /api/v1/auth/me\r\n",
]


@pytest.fixture
async def open_gateway(gateways: Any) -> Any:
    limits = ("limit_credentials", "limit_costly", "limit_general_user", "limit_general_address")
    return await gateways(**dict.fromkeys(limits, "100000/60"))


@pytest.mark.parametrize("method", METHODS)
async def test_what_is_counted_is_what_the_service_gets(
    open_gateway: Any, upstream: Any, signer: Any, method: str
) -> None:
    token = signer.token(uuid4())
    forwarded = 0
    for number, form in enumerate(FORMS):
        upstream.seen.clear()
        target = form.replace("ID", str(uuid4()))
        request = (
            f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            f"{HEADERS[number % len(HEADERS)]}Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        response = (await open_gateway.raw(request.encode())).decode()
        status = int(response.split()[1])
        if not upstream.seen:
            assert status >= 400, (method, form, status)
            continue
        forwarded += 1
        [seen] = upstream.seen
        [policy] = [line for line in response.split("\r\n") if line.lower().startswith("ratelimit-policy")]
        counted = policy.split('"')[1]
        assert (seen.method, seen.path) == (method, unquote(seen.raw_path)), (method, form)
        assert not {name for name, _ in seen.headers if "method" in name or "url" in name}
        if read := _service_reads(seen.method, seen.path):
            assert counted == _class_of(seen.method, read[1]), (method, form, counted)
    assert (forwarded > 20) is (method in TAKEN), (
        "the corpus reaches the services with what is taken, and nothing else"
    )


@pytest.mark.parametrize("method", ["post", "Post", "get", "BREW", "PROPFIND", "PRI"])
async def test_a_method_that_nobody_knows_is_a_501(
    gateway: Any, upstream: Any, signer: Any, method: str
) -> None:
    path = "/api/v1/auth/change-password"
    token = signer.token(uuid4())
    for target in (path, "/health"):
        request = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        response = await gateway.raw(request.encode())  # returns because the connection is closed
        assert response.startswith(b"HTTP/1.1 501 ")
        assert b'"code":"method_unknown"' in response
    assert upstream.seen == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
async def test_a_method_that_is_never_taken_is_a_405_that_names_the_others(
    gateway: Any, upstream: Any, method: str
) -> None:
    target = "localhost:443" if method == "CONNECT" else "/api/v1/auth/login"
    response = await gateway.raw(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert response.startswith(b"HTTP/1.1 405 ")
    assert b"allow: get, head, post, put, patch, delete, options\r\n" in response.lower()
    assert upstream.seen == []
