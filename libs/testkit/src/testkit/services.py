"""Services under test: provisioned and migrated on real servers, run in this process through their own lifespans."""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from pydantic_core import to_json
from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import JSONB

from common import provision
from common.contracts.event import Event
from common.db import engine, migrations
from common.db.engine import SessionMaker
from common.db.tables import outbox
from common.ids import uuid7
from common.messaging import envelope
from common.messaging.dispatcher import Dispatcher
from common.messaging.envelope import Envelope
from common.messaging.router import EventRouter
from common.security.tokens import Role
from devstack.infrastructure import Addresses
from testkit.tokens import Signer

PASSWORD = "test"
DATABASE = "interviewace_test"


def database_url(admin_url: str, service: str) -> str:
    """Return a service's own database URL on the server of `admin_url`."""
    server = admin_url.split("@", 1)[1].split("/", 1)[0]
    return f"postgresql://{service}:{PASSWORD}@{server}/{DATABASE}"


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Put `values` into the environment for as long as settings are read."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Client(httpx.AsyncClient):
    """A client of one service, signed in as somebody or as nobody."""

    def __init__(self, app: FastAPI, user_id: UUID | None = None, token: str | None = None) -> None:
        super().__init__(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://service",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
        )
        self.user_id = user_id


@dataclass
class ServiceUnderTest:
    """One service: its main module with `app` and `worker`, its database, and who calls it."""

    name: str
    url: str
    sessions: SessionMaker
    signer: Signer
    main: ModuleType
    api: FastAPI

    def client(self, user_id: UUID | None = None, role: Role = Role.USER) -> Client:
        """Return a client signed in as that user, or as somebody new."""
        caller = user_id or uuid7()
        return Client(self.api, caller, self.signer.token(caller, role))

    def anonymous(self) -> Client:
        """Return a client that is not signed in."""
        return Client(self.api)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[FastAPI]:
        """Run the service's worker: reactions, relay and tasks."""
        worker: FastAPI = self.main.worker
        async with worker.router.lifespan_context(worker):
            yield worker

    async def published(self, subject: UUID | None = None) -> list[dict[str, Any]]:
        """Return the events in the outbox, oldest first, as `{"ce_type", "subject", "payload"}`."""
        query = select(outbox.c.ce_type, outbox.c.subject, cast(outbox.c.payload, JSONB).label("payload"))
        if subject:
            query = query.where(outbox.c.subject == subject)
        async with self.sessions() as session:
            rows = await session.execute(query.order_by(outbox.c.position))
            return [dict(row) for row in rows.mappings()]


class Services:
    """Makes services ready for tests on first use, and runs their APIs until the session ends."""

    def __init__(self, addresses: Addresses, signer: Signer, stack: AsyncExitStack) -> None:
        self.addresses = addresses
        self.signer = signer
        self._stack = stack
        self._ready: dict[str, ServiceUnderTest] = {}
        self._producer: AIOKafkaProducer | None = None

    def settings_environment(self, name: str) -> dict[str, str]:
        """Return the environment a service of that name is configured with."""
        return {
            "SERVICE": name,
            "ENVIRONMENT": "local",
            "DATABASE_URL": database_url(self.addresses.postgres_admin_url, name),
            "DATABASE_POOL_SIZE": "5",
            "REDIS_URL": self.addresses.redis_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.addresses.kafka_bootstrap,
            "KAFKA_IDEMPOTENCE": str(self.addresses.kafka_idempotence),
            "KAFKA_SESSION_TIMEOUT_MS": "6000" if self.addresses.kafka_idempotence else "2000",
            "JWKS_URL": self.signer.jwks_url,
            "LOG_LEVEL": "WARNING",
        }

    async def provisioned(self, name: str) -> str:
        """Create role, schema and topics for a service of that name; return its database URL."""
        url = database_url(self.addresses.postgres_admin_url, name)
        settings = provision.ProvisionSettings.model_validate(
            {
                "environment": "local",
                "postgres_admin_url": self.addresses.postgres_admin_url,
                "provision_database_urls": url,
                "kafka_bootstrap_servers": self.addresses.kafka_bootstrap,
                "kafka_partitions": 1,
            }
        )
        await provision.provision_postgres(self.addresses.postgres_admin_url, [url])
        await provision.provision_topics(settings, [name])
        return url

    async def get(self, name: str, extra: dict[str, str]) -> ServiceUnderTest:
        """Return the service of that name, provisioned, migrated, imported and with its API running."""
        if name not in self._ready:
            self._ready[name] = await self._make(name, extra)
        return self._ready[name]

    async def _make(self, name: str, extra: dict[str, str]) -> ServiceUnderTest:
        url = await self.provisioned(name)
        await _in_thread(migrations.upgrade, url, migrations.folder_of(importlib.import_module(name)))
        with environment(self.settings_environment(name) | extra):
            main = importlib.import_module(f"{name}.main")
        api: FastAPI = main.app
        await self._stack.enter_async_context(api.router.lifespan_context(api))
        database_engine = engine.create_engine(url, pool_size=2)
        self._stack.push_async_callback(database_engine.dispose)
        return ServiceUnderTest(
            name, url, engine.create_sessionmaker(database_engine), self.signer, main, api
        )

    async def deliver(
        self, event: Event, *, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> None:
        """Put an event on Kafka as another service's relay would."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(bootstrap_servers=self.addresses.kafka_bootstrap, acks="all")
            await self._producer.start()
            self._stack.push_async_callback(self._producer.stop)
        message = Envelope.of(event, envelope.source_of("tests"))
        await self._producer.send_and_wait(
            event.topic,
            key=message.key,
            value=to_json(event) if body is None else body,
            headers=message.headers(headers or {}),
        )


async def hear(sessions: SessionMaker, router: EventRouter, *events: Event) -> None:
    """Have a service react to events as it does to messages, written and read again."""
    dispatcher = Dispatcher(router, sessions)
    for event in events:
        await dispatcher.dispatch(envelope.read(type(event), to_json(event)), {})


async def _in_thread(call: Any, *arguments: Any) -> None:
    """Run a command that starts an event loop of its own."""
    await asyncio.to_thread(call, *arguments)
