"""What crosses the gateway, both ways, and what becomes of calls that go wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest


async def test_a_request_reaches_its_service_with_method_path_query_and_body(
    client: Any, upstream: Any
) -> None:
    response = await client.patch("/api/v1/resume/a%20b?x=%2F&y=1", json={"title": "é"})
    assert response.json()["path"] == "/api/v1/resume/a b"
    seen = upstream.last
    assert (seen.method, seen.raw_path, seen.query) == ("PATCH", "/api/v1/resume/a%20b", "x=%2F&y=1")
    assert seen.body == '{"title":"é"}'.encode()
    assert seen.values("content-length") == [str(len(seen.body))]
    assert seen.values("host") == [upstream.url.removeprefix("http://")]


@pytest.mark.parametrize(
    "path", ["/api/v1/auth/me", "/api/v1/resume", "/api/v1/tasks/1", "/api/v1/interview/progress"]
)
async def test_every_prefix_leads_to_a_service(client: Any, path: str) -> None:
    assert (await client.get(path)).json()["path"] == path


@pytest.mark.parametrize(
    "path",
    ["/api/v1/other", "/api/v1/authentic", "/internal/sessions/1", "/api/v2/auth/login", "/nothing", "/api"],
)
async def test_anything_else_is_not_found(client: Any, upstream: Any, problem: Any, path: str) -> None:
    problem(await client.get(path), 404, "not_found")
    assert upstream.seen == []
    assert upstream.asked == 0


async def test_a_status_and_body_of_a_service_come_back_as_they_are(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 418, "headers": [(b"x-kind", b"a"), (b"x-kind", b"b")]}
        )
        await send({"type": "http.response.body", "body": b"short"})

    upstream.act = act
    response = await client.get("/api/v1/resume/1")
    assert (response.status_code, response.content) == (418, b"short")
    assert response.headers.get_list("x-kind") == ["a", "b"]


async def test_claims_of_a_client_never_reach_a_service(client: Any, upstream: Any) -> None:
    claims = {
        "X-User-Id": "1",
        "x_user_role": "admin",
        "X-USER-EMAIL": "a@b",
        "X-Internal-Key": "k",
        "x_internal": "k",
        "Forwarded": "for=1.1.1.1",
        "X-Forwarded-For": "1.1.1.1",
        "X-Forwarded-Host": "evil",
        "X_Forwarded_Proto": "https",
        "X-Forwarded-Prefix": "/x",
        "X-Real-IP": "1.1.1.1",
        "X_Real_Ip": "1.1.1.1",
        "baggage": "user=1",
    }
    await client.get("/api/v1/resume/1", headers=claims)
    names = {name for name, _ in upstream.last.headers}
    assert not {
        name for name in names if name.replace("_", "-").startswith(("x-user", "x-internal", "x-real"))
    }
    assert names.isdisjoint({"forwarded", "x-forwarded-prefix", "x_forwarded_proto", "baggage"})
    assert upstream.last.values("x-forwarded-for") == ["127.0.0.1"]
    assert upstream.last.values("x-forwarded-proto") == ["http"]
    assert upstream.last.values("x-forwarded-host") == [client.base_url.netloc.decode()]


async def test_headers_of_one_connection_stop_at_the_gateway(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        headers = [
            (b"connection", b"x-secret"),
            (b"x-secret", b"1"),
            (b"keep-alive", b"timeout=5"),
            (b"x-kept", b"1"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    upstream.act = act
    mine = {
        "Connection": "close, X-Secret, X-Request-ID",
        "X-Secret": "1",
        "TE": "trailers",
        "Proxy-Authorization": "p",
    }
    response = await client.get("/api/v1/resume/1", headers=mine)
    names = {name for name, _ in upstream.last.headers}
    assert names.isdisjoint({"connection", "x-secret", "te", "proxy-authorization"})
    assert len(upstream.last.values("x-request-id")) == 1
    assert response.headers["x-kept"] == "1"
    assert not {"x-secret", "keep-alive"} & set(response.headers)


async def test_a_redirection_to_the_service_becomes_one_to_the_gateway(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        location = f"{upstream.url}/api/v1/resume/".encode()
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", location)]})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    response = await client.get("/api/v1/resume")
    assert (response.status_code, response.headers["location"]) == (307, "/api/v1/resume/")


async def test_server_sent_events_arrive_one_by_one(client: Any, upstream: Any) -> None:
    go_on = asyncio.Event()

    async def act(_: Any, __: Any, send: Any) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/event-stream")],
            }
        )
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    upstream.act = act
    async with client.stream("GET", "/api/v1/interview/1/events") as response:
        parts = response.aiter_raw()
        assert await anext(parts) == b"data: 1\n\n"
        go_on.set()
        assert await anext(parts) == b"data: 2\n\n"


@pytest.mark.parametrize("begun", [False, True])
async def test_a_client_that_leaves_cancels_the_call(client: Any, upstream: Any, begun: bool) -> None:
    arrived = asyncio.Event()

    async def act(_: Any, receive: Any, send: Any) -> None:
        await receive()
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        arrived.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        upstream.cancelled.set()

    upstream.act = act

    async def ask() -> None:
        async with client.stream("POST", "/api/v1/interview/1/answer", json={}) as response:
            await response.aread()

    asking = asyncio.create_task(ask())
    await asyncio.wait_for(arrived.wait(), 5)
    asking.cancel()
    await asyncio.wait_for(upstream.cancelled.wait(), 5)


@pytest.mark.parametrize("length", [None, b"1000"])
async def test_an_answer_cut_in_the_middle_is_not_a_whole_one(
    client: Any, upstream: Any, length: bytes | None
) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        headers = [(b"content-length", length)] if length else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise ConnectionResetError

    upstream.act = act
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/api/v1/resume/1")


async def test_a_service_that_is_gone_is_a_503_that_says_when_to_come_back(
    gateways: Any, problem: Any
) -> None:
    running = await gateways(resume_url="http://127.0.0.1:9")
    async with running.client() as client:
        response = await client.post("/api/v1/resume/upload", content=b"x" * 2_000_000)
    document = problem(response, 503, "service_unavailable")
    assert response.headers["retry-after"] == "2"
    assert "127.0.0.1" not in document["detail"]


async def test_a_slow_service_is_a_504_at_the_deadline(gateways: Any, upstream: Any, problem: Any) -> None:
    async def act(_: Any, receive: Any, __: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        upstream.cancelled.set()

    upstream.act = act
    running = await gateways(upstream_deadline=0.3)
    async with running.client() as client:
        problem(await client.post("/api/v1/interview/start", json={}), 504, "service_too_slow")
    await asyncio.wait_for(upstream.cancelled.wait(), 5)
    assert len(upstream.seen) == 1


async def test_a_slow_body_is_a_408(gateways: Any, upstream: Any, problem: Any) -> None:
    running = await gateways(upstream_deadline=0.3)

    async def body() -> AsyncIterator[bytes]:
        yield b"begin"
        await asyncio.sleep(1)
        yield b"end"

    async with running.client() as client:
        problem(await client.post("/api/v1/interview/start", content=body()), 408, "body_too_slow")


async def _half_deaf(requests: list[bytes]) -> asyncio.Server:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    return await asyncio.start_server(hang_up, "127.0.0.1", 0)


@pytest.mark.parametrize(("method", "calls"), [("POST", 1), ("DELETE", 1), ("GET", 2)])
async def test_only_a_call_that_changes_nothing_is_made_again(
    gateways: Any, problem: Any, method: str, calls: int
) -> None:
    requests: list[bytes] = []
    async with await _half_deaf(requests) as server:
        port = server.sockets[0].getsockname()[1]
        running = await gateways(resume_url=f"http://127.0.0.1:{port}")
        async with running.client() as client:
            problem(await client.request(method, "/api/v1/resume/1"), 503, "service_unavailable")
    assert len(requests) == calls


async def test_cookies_and_redirections_are_left_to_the_client(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"a=1")]})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    await client.get("/api/v1/resume/1")
    client.cookies.clear()
    await client.get("/api/v1/resume/1")
    assert upstream.last.values("cookie") == []


async def test_a_head_request_and_an_empty_answer_pass(client: Any, upstream: Any) -> None:
    async def act(seen: Any, __: Any, send: Any) -> None:
        status, headers = (204, []) if seen.method == "DELETE" else (200, [(b"content-length", b"7")])
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    assert (await client.delete("/api/v1/resume/1")).status_code == 204
    assert (await client.head("/api/v1/resume/1")).headers["content-length"] == "7"


async def test_a_failure_of_our_own_is_a_500_without_details(
    gateways: Any, problem: Callable[..., Any], upstream: Any
) -> None:
    running = await gateways()
    object.__setattr__(running.edge.proxy, "_targets", {})
    async with running.client() as client:
        document = problem(await client.get("/api/v1/resume/1"), 500, "internal_error")
    assert "KeyError" not in str(document)
