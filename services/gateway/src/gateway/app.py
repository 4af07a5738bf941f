"""Puts the gateway together from its settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from common import build, telemetry
from common.security.tokens import JwksKeys, Verifier
from common.web import problems
from gateway.access import redis_limiter
from gateway.access.access_control import AccessControl
from gateway.access.concurrency import Bounds, Concurrency
from gateway.access.rate_limits import LocalLimiter
from gateway.access.redis_limiter import RedisLimiter
from gateway.access.session_check import SessionClient
from gateway.access.token_cache import TokenCache
from gateway.cors import Cors
from gateway.edge import Edge
from gateway.forwarding.body import BodyPace, Intake, Sizes
from gateway.forwarding.proxy import Pace, Proxy
from gateway.forwarding.target import Patience, Target
from gateway.hosts import Hosts
from gateway.portal import api
from gateway.portal.upstreams import Upstreams
from gateway.settings import Settings


def create_gateway(settings: Settings) -> Edge:
    """Return the gateway as an ASGI app."""
    telemetry.configure(settings)
    redis = redis_limiter.connect(settings.redis_url.get_secret_value(), settings.redis_timeout)
    limiter = RedisLimiter(redis, settings.redis_pause)
    sessions = SessionClient(settings.upstreams["auth"])
    services = Upstreams(settings.upstreams, settings.workers)
    forward = _proxy(settings)
    own = _own(services, limiter, [limiter, sessions, services, forward])
    own.state.build = build.of(settings)
    return Edge(
        own=own,
        hosts=Hosts(settings.hosts),
        access_control=AccessControl(_tokens(settings), limiter, LocalLimiter(), sessions, settings.limits),
        concurrency=Concurrency(
            Bounds(settings.concurrency_person, settings.concurrency_uploads, settings.concurrency_address)
        ),
        proxy=forward,
        cors=Cors(settings.cors_origins),
        trusts=settings.trusted_proxies,
        secure_only=settings.environment == "production",
    )


def _tokens(settings: Settings) -> TokenCache:
    keys = JwksKeys(str(settings.jwks_url))
    return TokenCache(keys, Verifier(keys, settings.token_issuer, settings.token_audience))


def _proxy(settings: Settings) -> Proxy:
    pace = Pace(settings.connect_timeout, settings.upstream_deadline, settings.stream_silence)
    patience = Patience(settings.circuit_failures, settings.circuit_suspicion)
    targets = {name: Target(name, base, patience) for name, base in settings.upstreams.items()}
    intake = Intake(
        Sizes(settings.max_body, settings.max_upload),
        BodyPace(settings.body_grace, settings.body_rate, settings.upstream_deadline),
        settings.max_buffered,
    )
    return Proxy(targets, intake, pace, settings.trusted_proxies)


def _own(
    services: Upstreams,
    limiter: RedisLimiter,
    closing: list[RedisLimiter | SessionClient | Upstreams | Proxy],
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(telemetry.flush)
            for client in closing:
                stack.push_async_callback(client.close)
            yield

    app = FastAPI(
        title="InterviewAce gateway",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    app.include_router(api.router)
    app.state.services = services
    app.state.checks = {"redis": limiter.ping}
    return app
