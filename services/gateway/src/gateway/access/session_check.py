"""Whether a session still lives, asked of auth when Redis can't say."""

import time
from collections.abc import Callable
from uuid import UUID

import httpx
import structlog
from cachetools import TTLCache

from common.errors import ServiceUnavailableError

REMEMBERED_SECONDS = 1.0
SESSIONS_KEPT = 10_000
ASK_SECONDS = 0.5

log = structlog.get_logger()


class SessionUnknown(ServiceUnavailableError):
    """Neither Redis nor auth says whether the session was ended."""

    code = "session_unknown"
    title = "Your session can't be checked at the moment; try again shortly"


class SessionClient:
    """Asks auth, and remembers the response for a second."""

    def __init__(self, auth_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = httpx.AsyncClient(base_url=auth_url, timeout=ASK_SECONDS, trust_env=False)
        self._known: TTLCache[UUID, bool] = TTLCache(SESSIONS_KEPT, REMEMBERED_SECONDS, clock)

    async def active(self, session: UUID) -> bool:
        """Return whether the session still lives.

        Raises:
            SessionUnknown: auth does not answer.
        """
        active = self._known.get(session)
        if active is None:
            active = self._known[session] = await self._ask(session)
        return active

    async def _ask(self, session: UUID) -> bool:
        try:
            response = await self._get(f"/internal/sessions/{session}")
            return response.raise_for_status().json()["active"] is True
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("session_not_checked", error=type(error).__name__)
            raise SessionUnknown(retry_after=2) from error

    async def _get(self, path: str) -> httpx.Response:
        try:
            return await self._client.get(path)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await self._client.get(
                path
            )  # on another connection: this one had died while nobody used it

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
