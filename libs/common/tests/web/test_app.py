"""A request is a transaction, an error is a problem document, and the probes tell the truth."""

import asyncio
import socket
import traceback
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common import provision
from common.db import notifications


async def test_a_request_commits_its_row_its_event_and_its_task_together(sample, client):
    response = await client.post("/notes", json={"text": "one"})
    assert response.status_code == 201
    assert await sample.notes(client.user_id) == ["one"]
    async with sample.sessions() as session:
        events = await session.scalar(
            text("SELECT count(*) FROM outbox WHERE subject = :user"), {"user": client.user_id}
        )
        jobs = await session.scalar(
            text("SELECT count(*) FROM task WHERE owner_id = :user"), {"user": client.user_id}
        )
    assert (events, jobs) == (1, 1)


async def test_an_error_rolls_back_row_event_and_task(sample, client):
    async with sample.sessions() as session:
        queued = await session.scalar(text("SELECT count(*) FROM pgqueuer"))
    response = await client.post("/notes", json={"text": "refused"})
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "3"
    problem = response.json()
    assert problem["code"] == "conflict"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert await sample.notes(client.user_id) == []
    async with sample.sessions() as session:
        for table in ("outbox WHERE subject", "task WHERE owner_id"):
            count = await session.scalar(
                text(f"SELECT count(*) FROM {table} = :user"), {"user": client.user_id}
            )
            assert count == 0
        assert await session.scalar(text("SELECT count(*) FROM pgqueuer")) == queued


async def test_an_unexpected_error_tells_nothing_of_its_inside(sample, client):
    response = await client.post("/notes", json={"text": "broken"})
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text
    assert await sample.notes(client.user_id) == []


@pytest.mark.parametrize(
    "broken",
    [
        "INSERT INTO secret (word) SELECT word FROM secret",
        "SELECT CAST(max(word) AS integer) FROM secret",
        "SELECT CAST(:word AS integer)",
    ],
)
async def test_an_error_of_the_database_tells_no_value_of_a_row(sample, broken):
    word = f"word-{uuid4().hex}"
    async with sample.sessions() as session:
        await session.execute(text("CREATE TABLE secret (word text UNIQUE)"))
        await session.execute(text("INSERT INTO secret (word) VALUES (:word)"), {"word": word})
        with pytest.raises(DBAPIError) as raised:
            await session.execute(text(broken), {"word": word} if ":word" in broken else {})
    traceback_text = "".join(traceback.format_exception(raised.value))
    assert type(raised.value.orig).__name__ in traceback_text
    assert word not in traceback_text


async def test_malformed_json_names_the_place(client):
    response = await client.post("/notes", content="{", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["code"] == "validation_failed"
    assert response.json()["errors"][0]["location"][0] == "body"


async def test_an_unknown_address_and_method_are_problems_too(client):
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    assert (await client.delete("/notes")).json()["code"] == "method_not_allowed"


async def test_a_sane_request_id_is_kept_and_a_strange_one_replaced(client):
    kept = await client.get("/greeting", headers={"X-Request-ID": "abc-1"})
    assert kept.headers["x-request-id"] == "abc-1"
    replaced = await client.get("/greeting", headers={"X-Request-ID": "a b\tc"})
    assert replaced.headers["x-request-id"] not in ("", "a b\tc")


async def test_a_resource_is_given_by_its_type(client):
    assert (await client.get("/greeting")).json() == "hello"


async def test_pages_are_newest_first_and_end(client):
    for number in range(5):
        await client.post("/notes", json={"text": str(number)})
    first = (await client.get("/notes")).json()
    second = (await client.get("/notes", params={"cursor": first["next_cursor"]})).json()
    third = (await client.get("/notes", params={"cursor": second["next_cursor"]})).json()
    assert [first["items"], second["items"], third["items"]] == [["4", "3"], ["2", "1"], ["0"]]
    assert third["next_cursor"] is None


async def test_a_cursor_of_somebody_elses_making_is_refused(client):
    response = await client.get("/notes", params={"cursor": "nonsense!"})
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_cursor"


async def test_a_watcher_is_woken_by_the_commit(client):
    waiting = asyncio.create_task(client.get("/wait"))
    while not waiting.done():
        await client.post("/notes", json={"text": "now"})
    assert (await waiting).json() == {"woken": True}


async def test_the_probes_answer(client):
    assert (await client.get("/health")).json() == {"status": "ok"}
    ready = await client.get("/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"postgres": "ok", "redis": "ok"}
    assert (await client.get("/ready?without=redis")).json()["checks"] == {"postgres": "ok"}


async def test_a_task_is_seen_by_its_owner_only(sample, client):
    task_id = (await client.post("/notes", json={"text": "work"})).json()["task_id"]
    mine = await client.get(f"/api/v1/tasks/{task_id}")
    assert mine.json()["status"] == "queued"
    assert mine.json()["links"]["result"] is None
    async with sample.client() as stranger:
        assert (await stranger.get(f"/api/v1/tasks/{task_id}")).status_code == 404
    assert (await client.get(f"/api/v1/tasks/{uuid4()}")).json()["code"] == "task_not_found"


async def test_an_unexpected_error_carries_the_id_it_was_recorded_under(client, caplog):
    response = await client.post("/notes", json={"text": "broken"}, headers={"X-Request-ID": "lost-1"})
    assert response.headers["x-request-id"] == response.json()["request_id"] == "lost-1"
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [line["request_id"] for line in lines if line["event"] == "unexpected_error"] == ["lost-1"]


async def test_a_character_the_database_cannot_keep_is_the_callers_mistake(sample, client):
    response = await client.post("/notes", json={"text": "a\x00b"})
    assert response.status_code == 422
    assert response.json()["code"] == "validation_failed"
    assert await sample.notes(client.user_id) == []


async def test_progress_is_heard_of_even_where_the_database_is_made_after_the_start(sample, client, caplog):
    admin = sample.services.addresses.postgres_admin_url
    url = sample.settings.database_url.get_secret_value() + uuid4().hex
    notifier = notifications.Notifier(url)
    listening = asyncio.create_task(notifier.run())
    async with notifier.watch(str(client.user_id)) as subscription, asyncio.timeout(30):
        while "notifier_failed" not in caplog.text:
            await asyncio.sleep(0.01)
        await provision.provision_postgres(admin, [url])
        assert await subscription.wait(20)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def _connected(port):
    async with asyncio.timeout(10):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def served(app):
    """The app, whose lifespan runs already, on a real socket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)
    running = asyncio.create_task(server.serve())
    try:
        yield await _connected(port)
    finally:
        server.stop()
        await asyncio.wait({running}, timeout=10)


@pytest.mark.parametrize("path", ["/notes", "/notes-once", "/raw"])
async def test_a_client_that_hangs_up_within_its_body_is_no_error_of_ours(sample, client, caplog, path):
    caplog.set_level("INFO")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: {client.headers['authorization']}\r\n\r\n"
    )

    def lines():
        return [record.msg for record in caplog.records if isinstance(record.msg, dict)]

    async with served(sample.app) as (_, writer):
        writer.write(head.encode() + b'{"text": "half a')
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            while not any(line["event"] == "request" for line in lines()):
                await asyncio.sleep(0.01)
    assert [(line["route"], line["status"]) for line in lines() if line["event"] == "request"] == [
        (path, 499)
    ]
    assert not [line for line in lines() if line["event"] == "unexpected_error"]
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
    assert await sample.notes(client.user_id) == []
