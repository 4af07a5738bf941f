"""What the app of every process of a service is built on: probes, problem documents, telemetry, engine and Redis."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, TypeVar, runtime_checkable

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from redis.asyncio import Redis
from sqlalchemy import text

from common import build, telemetry
from common.db import engine, pool_metrics, tracing
from common.db.engine import SessionMaker
from common.redis_errors import CountingRetry
from common.security.revocations import RevocationList
from common.settings import ServiceSettings
from common.web import database_problems, probes, problems
from common.web.middleware import DrainRequestBody, NoStore, RequestContext
from common.web.probes import Check

T = TypeVar("T")


@runtime_checkable
class Closing(Protocol):
    """A resource that wants to be closed when the process stops."""

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


def resource(kind: type[T]) -> Callable[[Request], T]:
    """Return a dependency that gives a route the process's resource of that type."""

    def find(request: Request) -> T:
        instance = request.app.state.resources[kind]
        if not isinstance(instance, kind):
            raise TypeError(f"{kind.__name__} is not a resource of this process")
        return instance

    return find


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function, as client generators expect."""
    return route.name


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": problems.Problem, "description": "What is wrong with the request, and what to do."},
    "5XX": {"model": problems.Problem, "description": "What does not work at the moment."},
}


def create_app(settings: ServiceSettings, lifespan: Callable[[FastAPI], Any], **options: Any) -> FastAPI:
    """Return an app with what every process of a service has."""
    telemetry.configure(settings)
    app = FastAPI(
        title=f"InterviewAce {settings.service}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={
            "metrics": True,
            "logs": False,
            "operation_spans": False,
            "exclude": lambda scope: scope["path"] in ("/health", "/ready"),
        },
        **options,
    )
    app.state.build = build.of(settings)
    problems.install(app)
    database_problems.install(app)
    app.add_middleware(DrainRequestBody)
    app.add_middleware(NoStore)
    app.add_middleware(RequestContext)
    app.include_router(probes.router)
    return app


@asynccontextmanager
async def open_foundation(
    app: FastAPI, settings: ServiceSettings, resources: Sequence[object]
) -> AsyncIterator[None]:
    """Open what both kinds of process need: the engine, Redis, the service's own resources."""
    async with AsyncExitStack() as stack:
        database_engine = engine.create_engine(
            settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
        )
        stack.push_async_callback(database_engine.dispose)
        tracing.observe(database_engine)
        stack.enter_context(pool_metrics.observed(database_engine))
        redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=1,
            socket_connect_timeout=1,
            decode_responses=True,
            retry=CountingRetry(),
        )
        stack.push_async_callback(redis.aclose)
        held: dict[type, object] = {type(instance): instance for instance in resources} | {Redis: redis}
        for instance in resources:
            if isinstance(instance, Closing):
                stack.push_async_callback(instance.close)
        app.state.settings = settings
        app.state.sessions = engine.create_sessionmaker(database_engine, event_bytes=settings.event_bytes)
        app.state.resources = held
        app.state.revocations = RevocationList(redis)
        app.state.checks = {
            "postgres": postgres_check(app.state.sessions),
            "redis": probes.redis_check(redis),
        }
        stack.callback(telemetry.flush)
        yield


def postgres_check(sessions: SessionMaker) -> Check:
    """Return a check that Postgres answers a query."""

    async def check() -> None:
        async with sessions() as session:
            await session.execute(text("SELECT 1"))

    return check
