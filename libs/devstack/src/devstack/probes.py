"""Cheap questions to a port: does a server answer there in its own language yet?"""

import asyncio
import struct

TIMEOUT = 3.0
"""Seconds a server has for one answer; the gateway waits 2.5 s for a worker that is stopped."""


async def talk(port: int, request: bytes, enough: int) -> bytes:
    """Send and return the first `enough` bytes of the response, or what came; nothing when nobody listens."""
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                return await reader.readexactly(enough)
            finally:
                writer.close()
    except asyncio.IncompleteReadError as short:
        return short.partial
    except (OSError, TimeoutError):
        return b""


async def http_ok(port: int, path: str = "/ready") -> bool:
    """Whether a GET is answered 200."""
    return (await talk(port, _get(port, path), 12))[8:] == b" 200"


async def http_response(port: int, path: str = "/ready") -> str:
    """What a GET is answered, status line and body, for a person to read."""
    response = (await talk(port, _get(port, path), 10_000)).decode(errors="replace")
    head, _, body = response.partition("\r\n\r\n")
    return f"{path} answers {head.splitlines()[0]} {body}" if head else f"nothing answers on port {port}"


def _get(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()


async def redis_ok(port: int, password: str) -> bool:
    """Whether Redis takes the password and has finished loading."""
    expected = b"+OK\r\n+PONG\r\n"
    return await talk(port, f"AUTH {password}\r\nPING\r\n".encode(), len(expected)) == expected


async def postgres_ok(port: int) -> bool:
    """Whether Postgres takes connections: it asks for the password, and while it starts up it refuses instead."""
    version_3 = 196608
    who = b"user\0postgres\0\0"
    request = struct.pack(">ii", 8 + len(who), version_3) + who
    return await talk(port, request, 1) == b"R"


async def kafka_ok(port: int) -> bool:
    """Whether a broker answers ApiVersions, the first request of every client."""
    api_versions, version, correlation, no_client = 18, 0, 1, -1
    request = struct.pack(">ihhih", 10, api_versions, version, correlation, no_client)
    return len(await talk(port, request, 8)) == 8
