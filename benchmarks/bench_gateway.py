"""What the gateway costs a request: the same request straight to auth and through the gateway, in turn, in one run."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from devstack.ports import Ports
from devstack.stack import Stack

PATH = "/api/v1/auth/.well-known/jwks.json"
ROUNDS = 400
NO_LIMIT = {"LIMIT_GENERAL_ADDRESS": "1000000/60"}


async def timed(client: httpx.AsyncClient) -> float:
    """Return the milliseconds one request takes."""
    began = time.perf_counter()
    response = await client.get(PATH)
    response.raise_for_status()
    return (time.perf_counter() - began) * 1000


async def main() -> None:
    """Start a stack of its own, measure, print the table."""
    with tempfile.TemporaryDirectory(prefix="interviewace-") as folder:
        async with Stack(Path(folder), ports=Ports.free(), env=NO_LIMIT) as stack:
            direct_url = f"http://127.0.0.1:{stack.ports.auth}"
            async with (
                httpx.AsyncClient(base_url=direct_url) as direct,
                httpx.AsyncClient(base_url=stack.gateway_url) as through,
            ):
                pairs = [(await timed(direct), await timed(through)) for _ in range(ROUNDS)][ROUNDS // 10 :]
    straight, proxied = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(proxied_ms / direct_ms for direct_ms, proxied_ms in pairs)
    print("| request | median ms |\n| --- | --- |")
    print(f"| straight to auth | {straight:.2f} |\n| through the gateway | {proxied:.2f} |")
    print(f"\nthrough / straight: {ratio:.1f}, the median of {len(pairs)} pairs")


if __name__ == "__main__":
    asyncio.run(main())
