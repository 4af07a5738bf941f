"""`python -m common.provision`: gives each service its role and schema in Postgres, and the events their topics."""

import asyncio
import sys
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import asyncpg
from pydantic import Field, SecretStr
from sqlalchemy.engine import URL, make_url

from common import production, wait
from common.contracts import catalogue
from common.messaging import dead_letters, kafka
from common.production import Allowance, Problem
from common.settings import GuardedSettings, MessageSettings

TOPICS = tuple(event.topic for event in catalogue.PUBLISHERS.values())
ROLE_EXISTS = "SELECT true FROM pg_roles WHERE rolname = $1"
DATABASE_EXISTS = "SELECT true FROM pg_database WHERE datname = $1"


class ProvisionSettings(MessageSettings, GuardedSettings):
    """Where to provision what. `provision_database_urls` are the services' own URLs, separated by commas."""

    postgres_admin_url: SecretStr
    provision_database_urls: SecretStr
    kafka_bootstrap_servers: str | None = None
    kafka_partitions: int = Field(default=3, ge=1)
    kafka_replication: int = Field(default=1, ge=1)
    provision_patience: float = Field(
        default=0, ge=0, description="Seconds in which servers may still be starting."
    )

    @property
    def process(self) -> str:
        """What a refusal calls the process."""
        return "provision"

    @property
    def service_urls(self) -> list[str]:
        """The services' own URLs."""
        return [url for url in self.provision_database_urls.get_secret_value().split(",") if url]

    def production_problems(self) -> Iterator[Problem]:
        """Find out about the passwords that are asked for, and those that would be set."""
        admin = self.postgres_admin_url.get_secret_value()
        yield from production.password_problems("POSTGRES_ADMIN_URL", admin, Allowance.PASSWORDLESS_DATABASE)
        for url in self.service_urls:
            name = f"PROVISION_DATABASE_URLS, for {urlsplit(url).username},"
            yield from production.password_problems(name, url, Allowance.PASSWORDLESS_DATABASE)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def _connect(admin: URL, database: str | None) -> "asyncpg.Connection[asyncpg.Record]":
    url = admin.set(drivername="postgresql", database=database or admin.database)
    return await asyncpg.connect(url.render_as_string(hide_password=False), timeout=10)


async def provision_postgres(admin_url: str, service_urls: list[str]) -> list[str]:
    """Create the database, and for each URL a role (its user) that owns a schema of the same name and nothing else.

    Safe to repeat; passwords are set to what the URLs say. Returns the names of the roles.
    """
    admin = make_url(admin_url)
    services = [make_url(url) for url in service_urls]
    for name in sorted({service.database or "" for service in services}):
        connection = await _connect(admin, None)
        try:
            if not await connection.fetchval(DATABASE_EXISTS, name):
                await connection.execute(f"CREATE DATABASE {_quoted(name)}")
        finally:
            await connection.close()
        connection = await _connect(admin, name)
        try:
            await connection.execute(f"REVOKE ALL ON DATABASE {_quoted(name)} FROM PUBLIC")
            await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            for service in services:
                if service.database == name:
                    await _provision_role(connection, service)
        finally:
            await connection.close()
    return [str(service.username) for service in services]


async def _provision_role(connection: "asyncpg.Connection[asyncpg.Record]", service: URL) -> None:
    role, database = str(service.username), str(service.database)
    verb = "ALTER" if await connection.fetchval(ROLE_EXISTS, role) else "CREATE"
    password = unquote(str(service.password or ""))
    await connection.execute(f"{verb} ROLE {_quoted(role)} LOGIN NOSUPERUSER PASSWORD {_literal(password)}")
    await connection.execute(f"GRANT CONNECT ON DATABASE {_quoted(database)} TO {_quoted(role)}")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(role)} AUTHORIZATION {_quoted(role)}")
    await connection.execute(f"REVOKE ALL ON SCHEMA {_quoted(role)} FROM PUBLIC")
    await connection.execute(f"ALTER ROLE {_quoted(role)} SET search_path = {_quoted(role)}")


async def provision_topics(settings: ProvisionSettings, services: list[str]) -> list[str]:
    """Create the events' topics and each service's dead-letter topic where they are missing; return the new ones.

    Those that are there are given the limits and the retention that the settings say.
    """
    if not settings.kafka_bootstrap_servers:
        return []
    events = kafka.topic_config(settings, kafka.topic_bytes(settings))
    dead_letter_topics = kafka.topic_config(settings, kafka.dead_letter_bytes(settings))
    topics = dict.fromkeys(TOPICS, events) | {
        dead_letters.topic_of(service): dead_letter_topics for service in services
    }
    return await kafka.ensure_topics(
        settings.kafka_bootstrap_servers, topics, settings.kafka_partitions, settings.kafka_replication
    )


async def provision(settings: ProvisionSettings) -> None:
    """Provision Postgres, then Kafka."""
    admin = settings.postgres_admin_url.get_secret_value()
    services = await provision_postgres(admin, settings.service_urls)
    topics = await provision_topics(settings, services)
    sys.stdout.write(
        f"provisioned roles and schemas: {', '.join(services)}; new topics: {', '.join(topics) or 'none'}\n"
    )


async def main(settings: ProvisionSettings) -> None:
    """Provision, and again where a server is not up yet, for as long as the settings have patience."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.provision_patience
    while True:
        try:
            return await provision(settings)
        except wait.AWAY:
            if loop.time() >= deadline:
                raise
        await asyncio.sleep(wait.PAUSE_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(ProvisionSettings()))
