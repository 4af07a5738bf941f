"""Load for the gateway, sent from a pod by people who look at what they have; a Python runs it from standard input.

`python load.py URL PEOPLE REQUESTS_A_SECOND FILE` says BEGUN when everybody is signed in, goes on until FILE is there,
then writes what happened as JSON.
"""

import asyncio
import json
import secrets
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import httpx

API = "/api/v1"
LOOKS = ("/auth/me", "/resume", "/interview", "/interview/questions?limit=5")
SLOWEST = 30.0
BEGUN = "begun"


class Load:
    """What was sent and what became of it. A refusal by a limit is counted, and is no failure."""

    def __init__(self, url: str, stop: Path) -> None:
        self._url = url
        self._stop = stop
        self._password = f"Aa1!{secrets.token_urlsafe(12)}"
        self.statuses: Counter[str] = Counter()
        self.failures: list[str] = []
        self.seconds: list[float] = []
        self.began = time.monotonic()

    async def run(self, people: int, rate: float) -> dict[str, object]:
        """Send until the file is there; return the summary."""
        clients = [
            httpx.AsyncClient(
                base_url=self._url,
                timeout=SLOWEST,
                trust_env=False,
                # each person has an address, as behind an Ingress controller
                headers={"X-Forwarded-For": f"198.51.100.{number + 1}", "Host": "127.0.0.1"},
            )
            for number in range(people)
        ]
        # one after another: passwords are hashed
        for number, client in enumerate(clients):
            await self._sign_in(client, number)
        self.began = time.monotonic()
        print(BEGUN, flush=True)
        await asyncio.gather(*(self._look(client, people / rate) for client in clients))
        for client in clients:
            await client.aclose()
        return self.summary()

    async def _sign_in(self, client: httpx.AsyncClient, number: int) -> None:
        email = f"load-{time.time_ns()}-{number}@example.com"
        body = {"email": email, "password": self._password, "full_name": "Load"}
        (await client.post(f"{API}/auth/register", json=body)).raise_for_status()
        body = {"email": email, "password": self._password}
        response = (await client.post(f"{API}/auth/login", json=body)).raise_for_status()
        client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    async def _look(self, client: httpx.AsyncClient, pause: float) -> None:
        looks = 0
        while not self._stop.exists():
            began = time.monotonic()
            await self._send(client, LOOKS[looks % len(LOOKS)])
            looks += 1
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))

    async def _send(self, client: httpx.AsyncClient, path: str) -> None:
        began = time.monotonic()
        try:
            response = await client.get(API + path)
        except httpx.HTTPError as error:
            self._fail(type(error).__name__, f"{type(error).__name__} {error}", path)
            return
        self.seconds.append(time.monotonic() - began)
        if response.is_success or response.status_code == 429:
            self.statuses[str(response.status_code)] += 1
        else:
            self._fail(str(response.status_code), response.text[:200], path)

    def _fail(self, kind: str, reason: str, path: str) -> None:
        self.statuses[kind] += 1
        self.failures.append(f"{time.monotonic() - self.began:.1f} s {path}: {reason}")

    def summary(self) -> dict[str, object]:
        """Say how much was sent, how much of it failed and how, and how long answers took."""
        took = time.monotonic() - self.began
        sent = sum(self.statuses.values())
        ordered = sorted(self.seconds) or [0.0]
        return {
            "sent": sent,
            "failed": len(self.failures),
            "statuses": dict(self.statuses),
            "failures": self.failures[:20],
            "seconds": round(took, 1),
            "rate": round(sent / took, 1) if took else 0.0,
            "median_ms": round(statistics.median(ordered) * 1000, 1),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
        }


if __name__ == "__main__":
    url, people, rate, stop = sys.argv[1:]
    summary = asyncio.run(Load(url, Path(stop)).run(int(people), float(rate)))
    print(json.dumps(summary), flush=True)
