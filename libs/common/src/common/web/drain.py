"""A process that is about to end says so first, and goes on answering until nobody sends it requests any more."""

import asyncio
import signal

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DRAIN_SIGNAL = signal.SIGUSR1
STOPPING = {"status": "not ready", "checks": {"process": "stopping"}}

log = structlog.get_logger()


class Drain:
    """Surrounds an app. Once the signal came, `/ready` is a 503, and clients are asked to take new connections."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the process."""
        if scope["type"] == "lifespan":
            asyncio.get_running_loop().add_signal_handler(DRAIN_SIGNAL, self._begin)
        if not self._draining or scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["http_version"] == "1.1":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        respond = JSONResponse(STOPPING, 503) if scope["path"] == "/ready" else self._app
        await respond(scope, receive, send_and_close)

    def _begin(self) -> None:
        if not self._draining:
            log.info("draining")
        self._draining = True
