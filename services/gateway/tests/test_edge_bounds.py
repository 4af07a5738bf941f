"""What is too large, too long or ambiguous is refused, and the refusal is seen by who sent it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/login/../me",
        "/api/v1/auth/./me",
        "/api/v1/auth/%2e%2e/me",
        "/api/v1/auth/.%2E/me",
        "/api/v1/resume/a%2fb",
        "/api/v1/resume/a%5Cb",
        "/api/v1/resume/a\\b",
        "/api/v1//auth/me",
        "//api/v1/auth/me",
        "/api/v1/resume/a%00",
        "/api/v1/resume/a%0d%0aSet-Cookie:x",
        "/api/v1/resume/a%7f",
        "/api/v1/resume/%zz",
        "/api/v1/resume/%2",
        "/api/v1/resume/%ff",
    ],
)
async def test_a_path_that_could_be_read_in_two_ways_is_refused(
    gateway: Any, upstream: Any, signer: Any, path: str
) -> None:
    token = signer.token(uuid4())
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    response = await gateway.raw(request.encode())
    assert response.startswith(b"HTTP/1.1 400 ")
    assert upstream.seen == []


async def test_routing_sees_the_path_that_the_service_sees(gateway: Any, upstream: Any) -> None:
    request = b"POST /api/v1/auth/%6cogin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    response = await gateway.raw(request)
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b'"credentials"' in response
    assert upstream.last.path == "/api/v1/auth/login"


@pytest.mark.parametrize(
    "lines",
    [
        b"Host: localhost\r\nHost: localhost\r\n",
        b"",
        b"Host:\r\n",
        b"Host: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        b"Host: localhost\r\nContent-Length: x\r\n",
    ],
)
async def test_ambiguous_framing_is_refused(gateway: Any, upstream: Any, lines: bytes) -> None:
    request = b"POST /api/v1/auth/login HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n0\r\n\r\n"
    response = await gateway.raw(request)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert upstream.seen == []


@pytest.mark.parametrize("chunks", [b"ZZ\r\n{}\r\n0\r\n\r\n", b"2\r\n{}no end of it", b"\x00"])
async def test_chunks_that_are_none_are_the_senders_mistake(gateway: Any, chunks: bytes) -> None:
    request = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    response = await gateway.raw(request)
    assert response.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"malformed_request"' in response


async def test_a_body_with_a_length_and_chunks_reaches_the_service_with_one_framing(
    gateway: Any, upstream: Any
) -> None:
    request = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /internal/x HTTP/1.1\r\n\r\n"
    )
    request = request.replace(b"Connection: close\r\n", b"")
    response = await gateway.raw(
        request
    )  # the server under us closes the connection by itself, as RFC 9112 asks
    assert response.count(b"HTTP/1.1 ") == 1
    [seen] = upstream.seen
    assert (seen.body, seen.values("content-length"), seen.values("transfer-encoding")) == (b"{}", ["2"], [])


async def test_an_address_of_more_than_8_kb_is_a_414(client: Any, problem: Any) -> None:
    assert (await client.get("/api/v1/resume/" + "a" * 8_000)).status_code == 200
    problem(await client.get("/api/v1/resume/" + "a" * 8_200), 414, "address_too_long")
    problem(await client.get("/api/v1/resume/1?q=" + "a" * 8_200), 414, "address_too_long")


async def test_too_many_or_too_long_headers_are_a_431(client: Any, problem: Any) -> None:
    problem(await client.get("/health", headers={"X-Long": "a" * 33_000}), 431, "headers_too_large")
    many = {f"X-{number}": "a" for number in range(101)}
    assert (await client.get("/api/v1/resume/1", headers=many)).status_code == 431


async def parts(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield b"x" * 65_536


async def test_json_of_more_than_1_mb_is_a_413_by_its_length(
    client: Any, upstream: Any, problem: Any
) -> None:
    assert (await client.post("/api/v1/interview/start", content=b"x" * MEGABYTE)).status_code == 200
    response = await client.post("/api/v1/interview/start", content=b"x" * (MEGABYTE + 1))
    assert "1 MB" in problem(response, 413, "body_too_large")["detail"]
    assert len(upstream.seen) == 1


async def test_json_of_more_than_1_mb_is_a_413_while_it_streams(
    client: Any, upstream: Any, problem: Any
) -> None:
    response = await client.post("/api/v1/interview/start", content=parts(2 * MEGABYTE))
    problem(response, 413, "body_too_large")
    response = await client.post("/api/v1/interview/start", content=parts(MEGABYTE))
    assert response.json()["size"] == MEGABYTE
    framing = upstream.last.values("transfer-encoding"), upstream.last.values("content-length")
    assert framing == ([], [str(MEGABYTE)])


async def test_an_upload_may_have_6_mb(client: Any, upstream: Any, problem: Any) -> None:
    file = {"file": ("cv.pdf", b"x" * (5 * MEGABYTE), "application/pdf")}
    assert (await client.post("/api/v1/resume/upload", files=file)).json()["size"] > 5 * MEGABYTE
    file = {"file": ("cv.pdf", b"x" * (6 * MEGABYTE), "application/pdf")}
    document = problem(await client.post("/api/v1/resume/upload", files=file), 413, "body_too_large")
    assert "6 MB" in document["detail"]
    assert "5 MB" in document["detail"]
    problem(await client.post("/api/v1/resume/upload", content=parts(7 * MEGABYTE)), 413, "body_too_large")


async def test_a_refusal_is_seen_by_a_client_that_is_still_sending(anonymous: Any, problem: Any) -> None:
    for size in (3 * MEGABYTE, 12 * MEGABYTE):
        response = await anonymous.post("/api/v1/resume/upload", content=b"x" * size)
        problem(response, 401, "not_authenticated")


async def test_a_client_that_asks_before_it_sends_is_spared_the_sending(gateway: Any, signer: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"POST /api/v1/resume/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n"
        + f"Authorization: Bearer {signer.token(uuid4())}\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 1)
    assert head.startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_of_a_body_that_is_never_whole_no_service_hears(
    gateway: Any, upstream: Any, signer: Any, caplog: pytest.LogCaptureFixture, eventually: Any
) -> None:
    caplog.set_level(logging.INFO)
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"POST /api/v1/interview/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        + f"Authorization: Bearer {signer.token(uuid4())}\r\n\r\npart".encode()
    )
    await writer.drain()
    writer.close()

    async def ended() -> list[Any]:
        return [record.msg for record in caplog.records if record.name == "gateway.edge"]

    [line] = await eventually(ended)
    assert (line["method"], line["prefix"]) == ("POST", "/api/v1/interview")
    assert upstream.seen == []
