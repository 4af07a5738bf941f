"""What the gateway asks the services for on its own account: whether they are ready, and what they offer."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from gateway.portal import openapi
from gateway.portal.openapi import Document

ASK_SECONDS = 2.5
SPECIFICATION_SECONDS = 60.0
INCOMPLETE_SECONDS = 2.0
READINESS_SECONDS = 0.5
TITLE = "InterviewAce"
DESCRIPTION = (
    "Practise job interviews: upload a résumé, start an interview fitted to it, answer, and get scored feedback."
    " Sign in with *Authorize*; every error is a problem document (RFC 9457)."
)

SLOW = "does not answer in time"

log = structlog.get_logger()


@dataclass(frozen=True)
class PlatformReadiness:
    """What each service and each worker says of itself, with `ready` as the short answer."""

    services: Mapping[str, Document]
    workers: Mapping[str, Document]


class Upstreams:
    """The services as a whole, asked all at once; answers are kept for a moment."""

    def __init__(
        self,
        upstreams: Mapping[str, str],
        workers: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstreams = upstreams
        self._workers = workers
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False)
        self._specification: tuple[float, Document] = (float("-inf"), {})
        self._readiness: tuple[float, PlatformReadiness] = (float("-inf"), PlatformReadiness({}, {}))
        self._specifying = asyncio.Lock()
        self._readying = asyncio.Lock()

    async def readiness(self) -> PlatformReadiness:
        """Return each service's and each worker's own account of its readiness."""
        async with self._readying:
            until, readiness = self._readiness
            if self._clock() >= until:
                services, workers = await asyncio.gather(self._all(self._upstreams), self._all(self._workers))
                readiness = PlatformReadiness(services, workers)
                self._readiness = (self._clock() + READINESS_SECONDS, readiness)
        return readiness

    async def _all(self, bases: Mapping[str, str]) -> dict[str, Document]:
        documents = await asyncio.gather(*(self._ready(base) for base in bases.values()))
        return dict(zip(bases, documents, strict=True))

    async def _ready(self, base: str) -> Document:
        first = await self._readiness_of(base)
        # a connection that died while idle, or a replica about to end, which closes it: the next goes elsewhere
        return first if first["ready"] or first.get("error") == SLOW else await self._readiness_of(base)

    async def _readiness_of(self, base: str) -> Document:
        try:
            response = await self._client.get(f"{base}/ready")
            document = response.json()
        except (httpx.HTTPError, ValueError) as error:
            return {"ready": False, "error": _reason(error)}
        detail: Document = document if isinstance(document, dict) else {}
        return {"ready": response.is_success, **({"checks": detail["checks"]} if "checks" in detail else {})}

    async def specification(self, own: Document) -> Document:
        """Return one OpenAPI document of the gateway's and all services' that answer; the rest is named in it."""
        async with self._specifying:
            until, document = self._specification
            if self._clock() >= until:
                document, whole = await self._merged(own)
                kept = SPECIFICATION_SECONDS if whole else INCOMPLETE_SECONDS
                self._specification = (self._clock() + kept, document)
        return document

    async def _merged(self, own: Document) -> tuple[Document, bool]:
        responses = await asyncio.gather(*(self._offers(base) for base in self._upstreams.values()))
        by_service = dict(zip(self._upstreams, responses, strict=True))
        missing = [name for name, document in by_service.items() if document is None]
        description = DESCRIPTION
        if missing:
            description += f"\n\nNot available at the moment, and therefore left out: {', '.join(missing)}."
        documents = {"gateway": own} | {
            name: document for name, document in by_service.items() if document is not None
        }
        merged = openapi.merge(TITLE, description, documents)
        if missing:
            merged["info"]["x-missing-services"] = missing
        return merged, not missing

    async def _offers(self, base: str) -> dict[str, Any] | None:
        try:
            response = await self._client.get(f"{base}/openapi.json")
            document = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            log.warning("specification_missing", error=_reason(error))
            return None
        return document if isinstance(document, dict) and "paths" in document else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _reason(error: Exception) -> str:
    return SLOW if isinstance(error, httpx.TimeoutException) else "does not answer"
