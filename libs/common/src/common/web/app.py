"""The app that answers a service's requests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from common.db.notifications import Notifier
from common.security.tokens import JwksKeys, KeySource, Verifier
from common.settings import ServiceSettings
from common.web import base
from common.web.base import PROBLEM_RESPONSES


def create_api(
    settings: ServiceSettings,
    *routers: APIRouter,
    resources: Sequence[object] = (),
    verifier_keys: KeySource | None = None,
) -> FastAPI:
    """Return the app that answers a service's requests.

    Args:
        settings: the service's settings, read from the environment.
        routers: the service's routes.
        resources: objects that routes ask for by type with `resource(...)`; closed at shutdown.
        verifier_keys: where access tokens' keys come from; auth's published ones unless given.
    """
    notifier = Notifier(settings.database_url.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with base.open_foundation(app, settings, resources):
            listening = asyncio.create_task(notifier.run())
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    app = base.create_app(
        settings, lifespan, responses=PROBLEM_RESPONSES, generate_unique_id_function=base.operation_id
    )
    app.state.notifier = notifier
    app.state.verifier = Verifier(
        verifier_keys or JwksKeys(str(settings.jwks_url)), settings.token_issuer, settings.token_audience
    )
    for router in routers:
        app.include_router(router)
    return app
