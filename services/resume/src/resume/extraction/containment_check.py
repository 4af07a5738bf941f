"""Says once in each worker which layers contain the children that read documents, and why others do not."""

import asyncio
import ctypes
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import APIRouter, FastAPI
from pydantic import TypeAdapter, ValidationError

from resume.extraction.containment import PR_SET_DUMPABLE, Containment

COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "resume.extraction.containment")
PATIENCE_SECONDS = 20.0
GUARDING_FILES_AND_MEMORY = {"landlock", "seccomp"}

log = structlog.get_logger()


async def check(command: tuple[str, ...] = COMMAND) -> Containment:
    """Return what holds in a child that is started and contained as a reader is; empty where it can't say."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, cwd="/", env={}
    )
    try:
        report, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        return TypeAdapter(Containment).validate_json(report)
    except (TimeoutError, ValidationError):
        return Containment(missing={"all": "the check gave no result"})
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def tell(containment: Containment) -> None:
    """Log one line; where a child is not kept from this process's memory, close it to the same user's processes."""
    missing = sorted(f"{layer}: {reason}" for layer, reason in containment.missing.items())
    if set(containment.active) >= GUARDING_FILES_AND_MEMORY:
        log.info("reader_contained", active=containment.active, missing=missing)
        return
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    log.warning("reader_partly_contained", active=containment.active, missing=missing)


@asynccontextmanager
async def _at_the_start(_: FastAPI) -> AsyncIterator[None]:
    tell(await check())
    yield


router = APIRouter(lifespan=_at_the_start)
