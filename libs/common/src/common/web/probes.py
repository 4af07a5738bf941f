"""`/health` says the process is alive, `/ready` whether each thing it needs answers, `/version` what it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from redis.asyncio import Redis

from common.build import Build

Check = Callable[[], Awaitable[None]]
Detail = Callable[[], Awaitable[Mapping[str, object]]]
CHECK_SECONDS = 2.0
RECOVERY_SECONDS = 1.5
LOOK_SECONDS = 0.05

router = APIRouter(tags=["probes"], include_in_schema=False)


class NotReady(Exception):
    """A part does not work at the moment; the message says which way."""


class Health(BaseModel):
    """The process is alive."""

    status: str = "ok"


def redis_check(redis: Redis) -> Check:
    """Return a check that Redis answers a ping."""

    async def check() -> None:
        await redis.ping()

    return check


def after_recovery(check: Check) -> Check:
    """Return a check that gives a part whose connection broke a moment to make it again before it says so."""

    async def recovered() -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RECOVERY_SECONDS
        while True:
            try:
                return await check()
            except NotReady:
                if loop.time() >= deadline:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    return recovered


async def _outcome(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except NotReady as error:
        return str(error)
    except TimeoutError:
        return "no answer in time"
    except Exception as error:
        return type(error).__name__
    return "ok"


async def outcomes(checks: Mapping[str, Check]) -> dict[str, str]:
    """Run all checks at once and return what each says, `ok` or what is wrong."""
    results = await asyncio.gather(*(_outcome(check) for check in checks.values()))
    return dict(zip(checks, results, strict=True))


async def _shown(detail: Detail) -> Mapping[str, object] | None:
    """Return a detail, or None where it can't be had now: that something is wrong is for the checks to say."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await detail()
    except Exception:
        return None


@router.get("/health")
async def health() -> Health:
    """Answer 200 as long as the process is alive."""
    return Health()


@router.get("/ready")
async def ready(request: Request, without: Annotated[list[str] | None, Query()] = None) -> JSONResponse:
    """Answer 200 when everything the process needs works, else 503 with what does not.

    Whoever decides whether it gets requests may leave checks out: a service goes on `?without=redis`.
    """
    checks = {name: check for name, check in request.app.state.checks.items() if name not in (without or ())}
    results = await outcomes(checks)
    fine = all(result == "ok" for result in results.values())
    content: dict[str, object] = {"status": "ready" if fine else "not ready", "checks": results}
    details: Mapping[str, Detail] = getattr(request.app.state, "details", {})
    for name, detail in details.items():
        content[name] = await _shown(detail)
    return JSONResponse(content, 200 if fine else 503)


@router.get("/version")
async def version(request: Request) -> Build:
    """Say which program this is."""
    build: Build = request.app.state.build
    return build
