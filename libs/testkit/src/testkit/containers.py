"""Postgres, Redis and Kafka in containers, under the images that production and compose name."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import asyncpg
import docker
from aiokafka.admin import AIOKafkaAdminClient
from docker.errors import DockerException
from redis.asyncio import Redis
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from devstack.infrastructure import Addresses

IMAGES = ("postgres:18", "redis:8", "apache/kafka:4.1.1")
START_SECONDS = 60.0


def free_port() -> int:
    """Return a TCP port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def engine_answers() -> bool:
    """Return True where a container engine runs."""
    try:
        docker.from_env(timeout=3).ping()
    except (DockerException, OSError):
        return False
    return True


def _without_reaper() -> None:
    """Do without testcontainers' helper image where it is not at hand: the containers are removed by us anyway."""
    image = testcontainers_config.ryuk_image
    if not docker.from_env().images.list(name=image.split(":")[0]):
        testcontainers_config.ryuk_disabled = True
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")


async def _postgres_answers(url: str) -> None:
    await (await asyncpg.connect(url, timeout=2)).close()


async def _redis_answers(url: str) -> None:
    async with Redis.from_url(url, socket_connect_timeout=2) as client:
        await client.ping()


async def _kafka_answers(address: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2_000)
    try:
        await client.start()
        await client.list_topics()
    finally:
        await client.close()


async def _until(check: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                return await check()
            except Exception:
                await asyncio.sleep(0.2)


class Containers:
    """The three servers, each in a container with a port of its own on 127.0.0.1."""

    def __init__(self) -> None:
        _without_reaper()
        postgres, redis, kafka = free_port(), free_port(), free_port()
        self.addresses = Addresses(
            postgres_admin_url=f"postgresql://postgres:postgres@127.0.0.1:{postgres}/postgres",
            redis_url=f"redis://127.0.0.1:{redis}/0",
            kafka_bootstrap=f"localhost:{kafka}",
            kafka_idempotence=True,
        )
        self.by_name = {
            "postgres": self._container("postgres:18", 5432, postgres, {"POSTGRES_PASSWORD": "postgres"}),
            "redis": self._container("redis:8", 6379, redis, {}),
            "kafka": self._container("apache/kafka:4.1.1", 9092, kafka, _kafka_environment(kafka)),
        }

    @staticmethod
    def _container(image: str, inside: int, outside: int, environment: dict[str, str]) -> DockerContainer:
        container = DockerContainer(image)
        container.ports[f"{inside}/tcp"] = ("127.0.0.1", outside)  # type: ignore[assignment]  # the engine takes it
        for name, value in environment.items():
            container.with_env(name, value)
        return container

    async def start(self) -> Addresses:
        """Start all three and wait until each answers."""
        for container in self.by_name.values():
            await asyncio.to_thread(container.start)
        await self.until_all_answer()
        return self.addresses

    async def until_all_answer(self) -> None:
        """Wait until each of the three answers its own protocol."""
        at = self.addresses
        await asyncio.gather(
            _until(lambda: _postgres_answers(at.postgres_admin_url)),
            _until(lambda: _redis_answers(at.redis_url)),
            _until(lambda: _kafka_answers(at.kafka_bootstrap)),
        )

    async def kill(self, name: str) -> None:
        """Kill one server with SIGKILL and start it again on the same port with the same data."""
        wrapped = self.by_name[name].get_wrapped_container()
        await asyncio.to_thread(wrapped.kill, "SIGKILL")
        await asyncio.to_thread(wrapped.start)

    async def stop(self) -> None:
        """Remove the containers and their data."""
        for container in self.by_name.values():
            await asyncio.to_thread(container.stop)


def _kafka_environment(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m",
    }
