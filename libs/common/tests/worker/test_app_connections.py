"""A connection that died while nobody used it fails nobody: neither a request, nor a probe, nor who watches."""

import asyncio
import os
import socket

import asyncpg
import httpx
import psutil
import pytest
from redis.asyncio import Redis

from common.contracts.user import UserRegistered
from common.messaging.router import EventRouter
from common.tasks.queue import TaskRouter, enqueue

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'interviewace-sample'"


@pytest.fixture
def kill_postgres(sample):
    """End every connection of the service's, at the server's side."""

    async def kill():
        connection = await asyncpg.connect(sample.services.addresses.postgres_admin_url)
        ended = await connection.fetch(KILL)
        await connection.close()
        assert ended

    return kill


@pytest.fixture
def kill_redis(sample):
    async def kill():
        async with Redis.from_url(sample.services.addresses.redis_url) as redis:
            assert await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    return kill


@pytest.fixture
def kill_kafka(sample):
    """End every connection of this process with the broker, the worker's as well."""
    port = int(sample.services.addresses.kafka_bootstrap.rpartition(":")[2])

    async def kill():
        ended = [
            _end(net_connection.fd)
            for net_connection in psutil.Process().net_connections("tcp")
            if net_connection.raddr[1:] == (port,)
        ]
        assert ended

    return kill


def _end(descriptor):
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


async def at_once(client, count=8):
    """Use as many connections as there are."""
    return await asyncio.gather(*(client.get("/notes") for _ in range(count)))


async def test_the_next_requests_after_postgres_ended_every_connection_are_answered(
    sample, client, kill_postgres
):
    for _ in range(3):
        assert {response.status_code for response in await at_once(client)} == {200}
        await kill_postgres()
        ready = await client.get("/ready")
        assert ready.json()["checks"]["postgres"] == "ok"
        assert ready.status_code == 200
        await kill_postgres()
        assert {response.status_code for response in await at_once(client)} == {200}
        await kill_postgres()
        assert (await client.post("/notes", json={"text": "one"})).status_code == 201


async def test_the_next_requests_after_redis_ended_every_connection_are_answered(
    sample, client, kill_redis, caplog
):
    for _ in range(3):
        assert {response.status_code for response in await at_once(client)} == {200}
        await kill_redis()
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["checks"]["redis"]) == (200, "ok")
        await kill_redis()
        assert {response.status_code for response in await at_once(client)} == {200}
    assert "revocations_not_read" not in caplog.text


async def test_a_worker_whose_connections_ended_is_ready_and_goes_on(
    sample, client, kill_postgres, kill_redis, kill_kafka, remember_payload, note_model
):
    tasks, reactions = TaskRouter(), EventRouter()

    @tasks.task(remember_payload)
    async def remember(work, task):
        async with work.sessions.begin() as session:
            session.add(note_model(owner_id=task.owner_id, text=task.text))

    @reactions.on(UserRegistered)
    async def note(session, event):
        session.add(note_model(owner_id=event.user_id, text="heard"))

    async with sample.working(reactions, tasks) as worker:
        transport = httpx.ASGITransport(worker)
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as probe:
            async with asyncio.timeout(30):
                while (await probe.get("/ready")).status_code != 200:
                    await asyncio.sleep(0.05)
            for kill in (kill_postgres, kill_redis, kill_kafka, kill_postgres, kill_kafka):
                await kill()
                ready = await probe.get("/ready")
                assert (ready.status_code, ready.json()["status"]) == (200, "ready"), ready.text
        await sample.services.deliver(UserRegistered(user_id=client.user_id, role="user"))
        async with sample.sessions.begin() as session:
            await enqueue(
                session, remember_payload(owner_id=client.user_id, text="done"), owner=client.user_id
            )
        async with asyncio.timeout(30):
            while sorted(await sample.notes(client.user_id)) != ["done", "heard"]:
                await asyncio.sleep(0.05)


async def test_who_watches_is_woken_as_soon_as_the_lost_connection_is_made_again(
    sample, client, kill_postgres
):
    notifier = sample.app.state.notifier
    async with notifier.watch(str(client.user_id)) as subscription:
        await kill_postgres()
        assert await subscription.wait(3), "whatever was announced in between is looked up now"
    waiting = asyncio.create_task(client.get("/wait"))
    while not waiting.done():
        await client.post("/notes", json={"text": "now"})
    assert (await waiting).json() == {"woken": True}
