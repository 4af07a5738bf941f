"""The three servers from wheels: data that stays, ports that stay, nothing that outlives its parent."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis

from devstack import kafka_broker
from devstack.errors import AlreadyRunning, PortTaken
from devstack.infrastructure import Addresses, Infrastructure
from devstack.probes import kafka_ok, redis_ok

pytestmark = pytest.mark.slow

CHILD = """
import asyncio, pathlib, sys, time
from devstack.infrastructure import Infrastructure
servers = Infrastructure(pathlib.Path(sys.argv[1]), postgres_port=0, redis_port=0, kafka_port=0)
addresses = asyncio.run(servers.start())
print(addresses.kafka_bootstrap, flush=True)
time.sleep(60)
"""


def on_free_ports(folder: Path) -> Infrastructure:
    return Infrastructure(folder, postgres_port=0, redis_port=0, kafka_port=0, durable=False)


@pytest.fixture
async def wheels(tmp_path: Path) -> AsyncIterator[Infrastructure]:
    async with on_free_ports(tmp_path / "stack") as started:
        yield started


async def execute(addresses: Addresses, query: str) -> object:
    connection = await asyncpg.connect(addresses.postgres_admin_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def make_topic(addresses: Addresses) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("greetings", 1, 1)])
    finally:
        await admin.close()


async def send(addresses: Addresses, value: bytes) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap, acks="all")
    await producer.start()
    try:
        sent = await producer.send_and_wait("greetings", value, key=b"k", headers=[("ce_id", b"1")])
        return int(sent.offset)
    finally:
        await producer.stop()


async def first_message(addresses: Addresses) -> bytes:
    consumer = AIOKafkaConsumer(
        "greetings",
        bootstrap_servers=addresses.kafka_bootstrap,
        group_id="readers",
        auto_offset_reset="earliest",
        session_timeout_ms=1500,
        heartbeat_interval_ms=300,
    )
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            return bytes((await consumer.getone()).value)
    finally:
        await consumer.stop()


async def test_rows_and_keys_survive_a_stop_and_a_start(tmp_path: Path) -> None:
    lines: list[str] = []
    servers = on_free_ports(tmp_path / "stack")
    addresses = await servers.start(lines.append)
    await execute(addresses, "CREATE TABLE kept AS SELECT 42 AS number")
    async with Redis.from_url(addresses.redis_url) as redis:
        await redis.set("kept", "yes")
    await servers.stop()
    addresses = await servers.start()
    try:
        assert await execute(addresses, "SELECT number FROM kept") == 42
        assert str(await execute(addresses, "SHOW server_version")).startswith("18")
        async with Redis.from_url(addresses.redis_url, decode_responses=True) as redis:
            assert await redis.get("kept") == "yes"
    finally:
        await servers.stop()
    assert [line.split()[0] for line in lines if "ready in" in line].sort() == [
        "kafka",
        "postgres",
        "redis",
    ].sort()


async def test_nothing_around_keeps_the_servers_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OTEL_EXPORTER_OTLP_ENDPOINT=\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGSSLMODE", "require")
    (tmp_path / "private").mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    async with on_free_ports(tmp_path / "stack") as servers:
        assert len(servers.processes) == 3


async def test_each_server_comes_back_on_its_port_after_a_crash(wheels: Infrastructure) -> None:
    addresses = wheels.addresses
    await execute(addresses, "CREATE TABLE kept AS SELECT 42 AS number")
    await asyncio.gather(*(wheels.restart(name) for name in ("postgres", "redis", "kafka")))
    assert await execute(addresses, "SELECT number FROM kept") == 42
    async with Redis.from_url(addresses.redis_url) as redis:
        assert await redis.ping()


async def test_a_restarted_broker_has_lost_its_log_and_serves_again(wheels: Infrastructure) -> None:
    addresses = wheels.addresses
    await make_topic(addresses)
    assert [await send(addresses, b"before"), await send(addresses, b"before")] == [0, 1]
    await wheels.restart("kafka")
    await make_topic(addresses)
    assert await send(addresses, b"after") == 0
    assert await first_message(addresses) == b"after"


async def test_redis_runs_scripts_that_ask_for_the_time(wheels: Infrastructure) -> None:
    script = (
        "redis.call('SET', KEYS[1], redis.call('TIME')[1], 'PX', 60000) return redis.call('PTTL', KEYS[1])"
    )
    async with Redis.from_url(wheels.addresses.redis_url) as redis:
        assert await redis.eval(script, 1, "now") == 60000


async def test_passwords_are_kept_from_others_and_needed(wheels: Infrastructure) -> None:
    assert stat.S_IMODE((wheels.folder / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((wheels.folder / "redis" / "redis.conf").stat().st_mode) == 0o600
    assert not await redis_ok(int(wheels.addresses.redis_url.split(":")[-1].split("/")[0]), "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wheels.addresses.postgres_admin_url, password="guess")


async def test_a_taken_port_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        servers = Infrastructure(tmp_path / "stack", postgres_port=0, redis_port=port, kafka_port=0)
        with pytest.raises(PortTaken, match="DEVSTACK_REDIS_PORT"):
            await servers.start()
    assert servers.processes == {}
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = servers.addresses


async def test_a_folder_in_use_is_refused(wheels: Infrastructure) -> None:
    with pytest.raises(AlreadyRunning, match="already running"):
        await on_free_ports(wheels.folder).start()
    assert await execute(wheels.addresses, "SELECT 1") == 1


def test_the_servers_can_be_started_and_stopped_from_code_without_a_loop(tmp_path: Path) -> None:
    servers = on_free_ports(tmp_path / "stack")
    addresses = asyncio.run(servers.start())
    try:
        assert asyncio.run(execute(addresses, "SELECT 1")) == 1
    finally:
        asyncio.run(servers.stop())


async def test_nothing_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path / "stack")]
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    port = int((await parent.stdout.readline()).rsplit(b":", 1)[1])
    assert await kafka_ok(port)
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(10):
        while await kafka_ok(port):
            await asyncio.sleep(0.02)
    async with on_free_ports(tmp_path / "stack") as again:
        assert await execute(again.addresses, "SELECT 1") == 1


async def test_a_pid_file_that_names_another_program_does_not_keep_postgres_from_starting(
    tmp_path: Path,
) -> None:
    servers = on_free_ports(tmp_path / "stack")
    await servers.start()
    await servers.stop()
    (servers.folder / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{servers.folder}\n1\n")
    addresses = await servers.start()
    try:
        assert await execute(addresses, "SELECT 1") == 1
    finally:
        await servers.stop()


async def test_an_interrupted_start_leaves_no_half_made_data_folder(tmp_path: Path) -> None:
    unfinished = tmp_path / "stack" / "postgres.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    async with on_free_ports(tmp_path / "stack") as servers:
        assert await execute(servers.addresses, "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_broker_that_cannot_be_run_where_it_is_installed_is_copied(tmp_path: Path) -> None:
    installed = tmp_path / "tansu"
    installed.write_text("#!/bin/sh\necho hello\n")
    installed.chmod(0o644)
    copy = kafka_broker.runnable(installed, tmp_path / "stack")
    assert copy == tmp_path / "stack" / "bin" / "tansu"
    assert subprocess.run([copy], capture_output=True, check=True).stdout == b"hello\n"
    assert kafka_broker.runnable(copy, tmp_path / "stack") == copy
