"""The two kinds of process a service has: `create_api` answers requests, `create_worker` reacts, relays and works."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from redis.asyncio import Redis

from common import database, probes, problems, telemetry, tombstones
from common.consumer import create_broker
from common.events import Dispatcher, EventRouter
from common.identity import JwksKeys, KeySource, Verifier
from common.kafka import producer_opener
from common.keep import Keeper
from common.live import Bulletin
from common.middleware import ReadOn, RequestContext
from common.outbox import Relay
from common.parking import ParkingLot
from common.settings import ServiceSettings
from common.task_worker import GRACE_SECONDS, TaskWorker
from common.tasks import TaskRouter

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
        found = request.app.state.resources[kind]
        if not isinstance(found, kind):
            raise TypeError(f"{kind.__name__} is not a resource of this process")
        return found

    return find


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function, as client generators expect."""
    return route.name


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": problems.Problem, "description": "What is wrong with the request, and what to do."},
    "5XX": {"model": problems.Problem, "description": "What does not work at the moment."},
}


def _base(settings: ServiceSettings, lifespan: Callable[[FastAPI], Any], **options: Any) -> FastAPI:
    telemetry.configure(settings)
    app = FastAPI(
        title=f"InterviewAce {settings.service}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "exclude": lambda scope: scope["path"] in ("/health", "/ready"),
        },
        **options,
    )
    problems.install(app)
    app.add_middleware(ReadOn)
    app.add_middleware(RequestContext)
    app.include_router(probes.router)
    return app


@asynccontextmanager
async def _foundation(
    app: FastAPI, settings: ServiceSettings, resources: Sequence[object]
) -> AsyncIterator[None]:
    """Open what both kinds of process need: the engine, Redis, the service's own resources."""
    async with AsyncExitStack() as stack:
        engine = database.create_engine(
            settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
        )
        stack.push_async_callback(engine.dispose)
        telemetry.watch_engine(engine)
        redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=1,
            socket_connect_timeout=1,
            decode_responses=True,
        )
        stack.push_async_callback(redis.aclose)
        held: dict[type, object] = {type(each): each for each in resources} | {Redis: redis}
        for each in resources:
            if isinstance(each, Closing):
                stack.push_async_callback(each.close)
        app.state.settings = settings
        app.state.sessions = database.create_sessions(engine)
        app.state.resources = held
        app.state.checks = {
            "postgres": probes.postgres_check(app.state.sessions),
            "redis": probes.redis_check(redis),
        }
        stack.callback(telemetry.flush)
        yield


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
    bulletin = Bulletin(settings.database_url.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _foundation(app, settings, resources):
            listening = asyncio.create_task(bulletin.run())
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    app = _base(settings, lifespan, responses=PROBLEM_RESPONSES, generate_unique_id_function=operation_id)
    app.state.bulletin = bulletin
    app.state.verifier = Verifier(
        verifier_keys or JwksKeys(str(settings.jwks_url)), settings.token_issuer, settings.token_audience
    )
    for router in routers:
        app.include_router(router)
    return app


def create_worker(
    settings: ServiceSettings,
    reactions: EventRouter,
    tasks: TaskRouter,
    *,
    resources: Sequence[object] = (),
) -> FastAPI:
    """Return the app of a service's background process: reactions to events, the outbox relay, the tasks."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _foundation(app, settings, resources):
            parts = Background(settings, reactions, tasks, app.state.sessions, app.state.resources)
            app.state.checks |= parts.checks
            async with parts.running():
                yield

    return _base(settings, lifespan, openapi_url=None)


class Background:
    """The parts of a worker, each kept running and each able to say whether it works."""

    def __init__(
        self,
        settings: ServiceSettings,
        reactions: EventRouter,
        tasks: TaskRouter,
        sessions: database.Sessions,
        resources: Mapping[type, object],
    ) -> None:
        url = settings.database_url.get_secret_value()
        self._lot = ParkingLot(settings)
        self._broker = create_broker(settings, reactions, Dispatcher(reactions, sessions), self._lot)
        self._relay = Relay(url, producer_opener(settings), keep_seconds=settings.outbox_keep)
        self._tasks = TaskWorker(url, tasks, sessions, resources, concurrency=settings.task_concurrency)
        self._listens = bool(reactions.topics)
        self._listening = asyncio.Event()
        self._sessions = sessions

    @property
    def checks(self) -> dict[str, probes.Check]:
        """What `/ready` asks besides Postgres and Redis."""
        return {"kafka": self._check_kafka, "tasks": self._check_tasks}

    async def _check_kafka(self) -> None:
        if not self._listens:
            return
        if not self._listening.is_set() or not await self._broker.ping(timeout=1.0):
            raise probes.NotReady("not connected")
        for subscriber in self._broker.subscribers:
            consumer = getattr(subscriber, "consumer", None)
            if consumer is None or not consumer.subscription():
                raise probes.NotReady("not subscribed")

    async def _check_tasks(self) -> None:
        if not self._tasks.active:
            raise probes.NotReady("not connected")

    async def _listen(self) -> None:
        try:
            await self._broker.start()
            self._listening.set()
            await asyncio.Event().wait()
        finally:
            self._listening.clear()
            await self._broker.stop()
            for (
                subscriber
            ) in self._broker.subscribers:  # one that was still joining is not stopped by the broker
                consumer = getattr(subscriber, "consumer", None)
                if consumer is not None:
                    await consumer.stop()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep every part running, and on the way out let each finish what it has in hand."""
        keeper = Keeper()
        parts: list[tuple[str, Callable[[], Awaitable[None]]]] = [("relay", self._relay.run)]
        if self._listens:
            parts.append(("consumers", self._listen))
        parts.append(("tombstones", partial(tombstones.prune_hourly, self._sessions)))
        kept = [asyncio.create_task(keeper.keep(name, run)) for name, run in parts]
        working = asyncio.create_task(keeper.keep("tasks", self._tasks.run))
        try:
            yield
        finally:
            keeper.stopping = True
            self._tasks.stop()
            await asyncio.wait({working}, timeout=GRACE_SECONDS)
            for each in (working, *kept):
                each.cancel()
            await asyncio.gather(working, *kept, return_exceptions=True)
            await self._lot.close()
