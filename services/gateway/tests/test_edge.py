"""What every answer carries, whatever became of the request."""

import logging
from typing import Any
from uuid import UUID

import pytest

SECURITY = ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy")
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_a_sane_request_id_is_kept_all_the_way(client: Any, upstream: Any) -> None:
    response = await client.get("/api/v1/resume/1", headers={"X-Request-ID": "order-66.A_b"})
    assert response.headers.get_list("x-request-id") == ["order-66.A_b"]
    assert upstream.last.values("x-request-id") == ["order-66.A_b"]


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "é", "x;y"])
async def test_another_one_is_replaced(client: Any, upstream: Any, given: str) -> None:
    response = await client.get("/api/v1/resume/1", headers={"X-Request-ID": given.encode()})
    made = UUID(response.headers["x-request-id"])
    assert made.version == 7
    assert upstream.last.values("x-request-id") == [str(made)]


async def test_a_services_own_request_id_does_not_replace_ours(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"theirs")]})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    response = await client.get("/api/v1/resume/1", headers={"X-Request-ID": "ours"})
    assert response.headers.get_list("x-request-id") == ["ours"]


@pytest.mark.parametrize(
    "path", ["/", "/health", "/ready", "/docs", "/nothing", "/api/v1/resume/1", "/api/v1//x"]
)
async def test_security_headers_are_on_every_status(gateway: Any, anonymous: Any, path: str) -> None:
    response = await anonymous.get(path)
    assert all(name in response.headers for name in (*SECURITY, "x-request-id")), response.headers
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in response.headers


async def test_strict_transport_is_asked_for_in_production_only(gateways: Any) -> None:
    running = await gateways(environment="production")
    async with running.anonymous() as client:
        assert (await client.get("/health")).headers["strict-transport-security"].startswith("max-age=")


async def test_a_policy_of_a_services_own_page_is_kept(client: Any, upstream: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        headers = [(b"content-security-policy", b"default-src 'self'"), (b"x-frame-options", b"SAMEORIGIN")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    response = await client.get("/api/v1/interview/1/report")
    assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert response.headers.get_list("x-frame-options") == ["DENY"]


def ask(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }


async def test_a_listed_site_may_call_from_a_browser(gateways: Any, upstream: Any) -> None:
    running = await gateways(cors_origins="https://a.example, https://b.example")
    async with running.anonymous() as client:
        response = await client.options("/api/v1/resume/upload", headers=ask("https://a.example"))
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "https://a.example"
        assert "POST" in response.headers["access-control-allow-methods"]
        assert "Authorization" in response.headers["access-control-allow-headers"]
        assert upstream.seen == []
        refused = await client.get("/api/v1/resume/1", headers={"Origin": "https://b.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (
            401,
            "https://b.example",
        )
        assert "X-Request-ID" in refused.headers["access-control-expose-headers"]
        assert "Origin" in refused.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://a.example.evil", "https://a.example:8443"]
)
async def test_another_site_may_not(gateways: Any, problem: Any, origin: str) -> None:
    running = await gateways(cors_origins="https://a.example")
    async with running.anonymous() as client:
        response = await client.options("/api/v1/resume/upload", headers=ask(origin))
        problem(response, 403, "origin_not_allowed")
        assert "access-control-allow-origin" not in response.headers
        plain = await client.get("/health", headers={"Origin": origin})
        assert "access-control-allow-origin" not in plain.headers
        assert "Origin" in plain.headers["vary"]


async def test_nobody_is_listed_by_default(anonymous: Any) -> None:
    assert (await anonymous.options("/health", headers=ask("https://a.example"))).status_code == 403
    assert "vary" not in (await anonymous.get("/health")).headers


@pytest.fixture
def finished(spans: Any, upstream: Any, eventually: Any) -> Any:
    """Wait for the span that belongs to what the service saw last; it ends a moment after the answer."""

    async def find() -> Any:
        trace_id = upstream.last.values("traceparent")[0].split("-")[1]
        ended = spans.get_finished_spans()
        return next((span for span in ended if f"{span.context.trace_id:032x}" == trace_id), None)

    return lambda: eventually(find)


async def test_a_clients_trace_goes_on_through_the_gateway_to_the_service(
    client: Any, upstream: Any, finished: Any
) -> None:
    await client.get("/api/v1/resume/1", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    passed = upstream.last.values("traceparent")
    span = await finished()
    assert passed == [f"00-{TRACE}-{span.context.span_id:016x}-01"]
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert span.name == "GET /api/v1/resume"
    assert span.kind.name == "SERVER"
    assert span.attributes["http.response.status_code"] == 200


async def test_a_request_without_a_trace_begins_one(client: Any, upstream: Any, finished: Any) -> None:
    async def act(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    upstream.act = act
    await client.get("/api/v1/resume/1", headers={"traceparent": "nonsense"})
    span = await finished()
    [passed] = upstream.last.values("traceparent")
    assert passed.startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")
    assert span.status.status_code.name == "ERROR"


async def test_each_request_leaves_one_line_without_token_body_or_query(
    client: Any, caplog: pytest.LogCaptureFixture, eventually: Any
) -> None:
    caplog.set_level(logging.INFO)
    await client.post("/api/v1/resume/secret-path?token=secret-query", json={"text": "secret-body"})
    await client.get("/health")

    async def logged() -> Any:
        return [record.msg for record in caplog.records if record.name == "gateway.edge"]

    lines = await eventually(logged)
    assert len(lines) == 1
    assert isinstance(lines[0], dict)
    assert {key: lines[0][key] for key in ("event", "method", "prefix", "status")} == {
        "event": "request",
        "method": "POST",
        "prefix": "/api/v1/resume",
        "status": 200,
    }
    assert lines[0]["milliseconds"] > 0
    assert UUID(lines[0]["request_id"])
    assert "secret" not in caplog.text
    assert client.headers["authorization"].split()[1] not in caplog.text


async def test_a_websocket_is_turned_away(gateway: Any) -> None:
    request = (
        b"GET /api/v1/interview/1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    response = await gateway.raw(request)
    assert response.startswith(b"HTTP/1.1 4")
