"""What two readers could take differently is refused, its connection is closed, and no service hears of it."""

import asyncio
import shutil
from typing import Any
from uuid import uuid4

import pytest

LOGIN = "POST /api/v1/auth/login HTTP/1.1"
HOST = "Host: localhost"


async def sent(gateway: Any, *lines: str, body: str = "") -> bytes:
    """Send a request that does not ask for an end, and return all that comes until the gateway ends it."""
    response: bytes = await gateway.raw(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))
    return response


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (400, [LOGIN]),
        (400, [LOGIN, "Host:"]),
        (400, [LOGIN, HOST, HOST]),
        (400, [LOGIN, "Host: localhost/path"]),
        (400, [LOGIN, "Host: user@localhost"]),
        (400, [LOGIN, "Host: localhost:port"]),
        (400, [LOGIN, "Host: localhost, localhost"]),
        (400, [LOGIN, "Host: localhost localhost"]),
        (400, [LOGIN, "Host: localhost?x"]),
        (421, [LOGIN, "Host: elsewhere.example"]),
        (421, [LOGIN, "Host: localhost.elsewhere.example"]),
        (421, [LOGIN, "Host: localhost."]),
        (421, [LOGIN, "Host: 127.0.0.2:80"]),
        (400, [LOGIN, HOST, "Content-Type: a/b", "Content-Type: c/d"]),
        (400, [LOGIN, HOST, "Idempotency-Key: a", "idempotency-key: b"]),
        (400, [LOGIN, HOST, "Content-Encoding: identity", "Content-Encoding: gzip"]),
        (415, [LOGIN, HOST, "Content-Encoding: gzip"]),
        (415, [LOGIN, HOST, "Content-Encoding: br, gzip"]),
        (400, [LOGIN, HOST, "Transfer-Encoding: gzip, chunked"]),
        (400, [LOGIN, HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
        (400, [LOGIN, HOST, "Transfer-Encoding : chunked"]),
        (400, [LOGIN, HOST, "Content-Length : 0"]),
        (400, [LOGIN, HOST, "Content-Length: 1", "Content-Length: 2"]),
        (400, [LOGIN, HOST, "Content-Length: +1"]),
        (400, [LOGIN, HOST, "X-Folded: a", " b"]),
        (400, [LOGIN, HOST, "X Name: a"]),
        (400, ["POST /api/v1/auth/login?x=\xff HTTP/1.1", HOST]),
        (400, ["POST /api/v1/auth/login?x=\xc3\xa9 HTTP/1.1", HOST]),
        (400, ["POST /api/v1//auth/login HTTP/1.1", HOST]),
        (400, ["OPTIONS * HTTP/1.1", HOST]),
        (414, [f"POST /api/v1/auth/login?{'x' * 9000} HTTP/1.1", HOST]),
        (431, [LOGIN, HOST, *(f"X-{number}: a" for number in range(101))]),
    ],
)
async def test_a_request_that_is_refused_ends_its_connection(
    gateway: Any, upstream: Any, status: int, lines: list[str]
) -> None:
    response = await sent(gateway, *lines, "X-End: 1", body="0\r\n\r\n" if "Encoding: " in lines[-1] else "")
    head = response.lower()
    assert head.startswith(b"http/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in head
    assert response.count(b"HTTP/1.1 ") == 1
    assert upstream.seen == []


async def test_what_follows_a_refused_request_is_not_read(gateway: Any, upstream: Any) -> None:
    refused = f"{LOGIN}\r\nHost: elsewhere.example\r\nContent-Length: 0\r\n\r\n"
    fine = f"{LOGIN}\r\n{HOST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    response = await gateway.raw((refused + fine).encode())
    assert response.startswith(b"HTTP/1.1 421 ")
    assert response.count(b"HTTP/1.1 ") == 1
    assert upstream.seen == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:9"]
)
async def test_locally_the_machine_itself_is_served_at_any_port(gateway: Any, host: str) -> None:
    response = await sent(gateway, LOGIN, f"Host: {host}", "Content-Length: 0", "Connection: close")
    assert response.startswith(b"HTTP/1.1 200 ")


async def test_in_production_only_the_published_and_the_listed_hosts_are_served(gateways: Any) -> None:
    running = await gateways(
        environment="production",
        public_url="https://practice.example",
        allowed_hosts="api.practice.example, 10.0.0.7:8000",
    )
    statuses = {}
    for host in (
        "practice.example",
        "Practice.Example:443",
        "api.practice.example",
        "10.0.0.7:8000",
        "10.0.0.7",
        "localhost",
        "127.0.0.1",
        "www.practice.example",
    ):
        response = await sent(running, LOGIN, f"Host: {host}", "Content-Length: 0", "Connection: close")
        statuses[host] = int(response.split()[1])
    assert statuses == {
        "practice.example": 200,
        "Practice.Example:443": 200,
        "api.practice.example": 200,
        "10.0.0.7:8000": 200,
        "10.0.0.7": 421,
        "localhost": 421,
        "127.0.0.1": 421,
        "www.practice.example": 421,
    }


async def test_a_probe_knows_only_an_address(gateways: Any) -> None:
    running = await gateways(environment="production", public_url="https://practice.example")
    response = await sent(running, "GET /health HTTP/1.1", "Host: 10.1.2.3:8000", "Connection: close")
    assert response.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("protocol", ["h2c", "websocket, h2c", "TLS/1.0", "HTTP/2.0"])
async def test_an_upgrade_is_not_made_and_not_passed_on(gateway: Any, upstream: Any, protocol: str) -> None:
    response = await sent(
        gateway,
        LOGIN,
        HOST,
        "Content-Length: 0",
        "Connection: Upgrade, HTTP2-Settings, close",
        f"Upgrade: {protocol}",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    )
    assert response.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 4"))
    for seen in upstream.seen:
        assert {name for name, _ in seen.headers}.isdisjoint({"upgrade", "http2-settings", "connection"})


async def test_a_fragment_reaches_neither_the_count_nor_the_service(gateway: Any, upstream: Any) -> None:
    """The server under us leaves it out before anybody sees it."""
    response = await sent(
        gateway,
        "POST /api/v1/auth/login?a=1#/api/v1/auth/me HTTP/1.1",
        HOST,
        "Content-Length: 0",
        "Connection: close",
    )
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b'"credentials"' in response
    assert (upstream.last.raw_path, upstream.last.query) == ("/api/v1/auth/login", "a=1")


async def test_lines_that_end_in_a_bare_lf_reach_the_service_as_they_were_read_here(
    gateway: Any, upstream: Any, signer: Any
) -> None:
    """The server under us takes them; what a service gets is written anew, so that it reads nothing else."""
    token = signer.token(uuid4())
    request = (
        f"POST /api/v1/auth/me HTTP/1.1\n{HOST}\nAuthorization: Bearer {token}\nX-A: 1\nX-User-Id: 2\r\n"
        "Content-Length: 2\nConnection: close\n\n{}"
    )
    assert (await gateway.raw(request.encode())).startswith(b"HTTP/1.1 200 ")
    [seen] = upstream.seen
    assert (seen.values("x-a"), seen.values("x-user-id"), seen.body) == (["1"], [], b"{}")
    assert all("\n" not in value and "\r" not in value for _, value in seen.headers)


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/resume", "/nothing", "/health"])
async def test_nothing_is_kept_by_a_cache_that_does_not_say_so(client: Any, path: str) -> None:
    assert (await client.post(path, json={})).headers["cache-control"] == "no-store"


async def test_what_may_be_kept_says_so(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        headers = [(b"cache-control", b"public, max-age=300")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    upstream.act = act
    response = await client.get("/api/v1/auth/.well-known/jwks.json")
    assert response.headers.get_list("cache-control") == ["public, max-age=300"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl speaks HTTP/2 here")
async def test_over_http_2_the_same_is_asked_of_a_host(gateway: Any, upstream: Any) -> None:
    async def status(url: str, *options: str) -> tuple[str, str]:
        process = await asyncio.create_subprocess_exec(
            "curl", "-s", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
            "--http2-prior-knowledge", "--noproxy", "*", *options, url,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        version, _, code = (await process.communicate())[0].decode().partition(" ")
        return version, code

    login = f"{gateway.url}/api/v1/auth/login"
    assert await status(login, "-d", "{}") == ("2", "200")
    assert await status(login, "-d", "{}", "-H", "Host: elsewhere.example") == ("2", "421")
    assert await status(login, "-X", "post", "-d", "{}") == ("2", "501")
    assert len(upstream.seen) == 1
