"""The command line of a service, the schema it migrates, and the servers it is provisioned on."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from common import cli, provision
from common.contracts.user import UserDeleted
from common.db import migrations
from common.ids import uuid7
from common.messaging import outbox
from common.settings import ServiceSettings


@pytest.fixture
def command(sample, tmp_path):
    """Run a command of the sample's, as `python -m sample ...` would."""

    async def run(*argv):
        package = ModuleType("sample")
        package.__file__ = str(tmp_path / "__init__.py")
        link = tmp_path / "migrations"
        if not link.exists():
            link.symlink_to(Path(__file__).parent / "sample_migrations")
        await asyncio.to_thread(cli.main, package, lambda: sample.settings, argv)

    return run


async def test_migrate_is_safe_to_repeat(command, capsys):
    await command("migrate")
    await command("migrate")
    assert capsys.readouterr().out.count("sample: the schema is up to date") == 2


async def test_a_checkout_lies_where_its_owner_wants_it(sample, tmp_path):
    folder = tmp_path / "100% mine (ü)" / "migrations"
    shutil.copytree(Path(__file__).parent / "sample_migrations", folder)
    await asyncio.to_thread(migrations.upgrade, sample.settings.database_url.get_secret_value(), folder)


async def test_republish_says_how_many(sample, command, capsys):
    async with sample.sessions.begin() as session:
        await outbox.publish(session, UserDeleted(user_id=uuid7()))
    await command("republish")
    assert "events will be published again" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["dead-letters", "parked"])
async def test_dead_letters_and_replay_answer(command, capsys, name):
    await command("replay")
    await command(name)
    output = capsys.readouterr().out
    assert "messages sent again" in output
    assert "events will be published again" in output
    assert output.rstrip().endswith("dead letters, 0 refused by Kafka")


@pytest.mark.slow
@pytest.mark.parametrize("service", ["auth", "resume", "interview"])
def test_help_needs_no_environment_and_what_is_missing_is_said_in_one_line(service):
    def run(*arguments):
        command = [sys.executable, "-m", service, *arguments]
        return subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)

    helped = run("--help")
    assert (helped.returncode, "migrate" in helped.stdout) == (0, True)
    missing = run("migrate")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith(f"python -m {service}: ")
    assert missing.stderr.count("\n") == 1
    assert "DATABASE_URL is not set" in missing.stderr


async def test_an_unknown_command_is_refused_with_a_hint(command, capsys):
    with pytest.raises(SystemExit):
        await command("dance")
    assert "invalid choice" in capsys.readouterr().err


async def test_a_service_says_which_setting_is_missing():
    with pytest.raises(ValueError, match="sample: DATABASE_URL is not set"):
        ServiceSettings(service="sample", database_url="")


def test_a_setting_that_is_refused_is_named_without_the_others():
    with pytest.raises(ValueError, match="log_level") as raised:
        ServiceSettings(
            service="sample", database_url="postgresql://sample:secret-word@x/x", log_level="LOUD"
        )
    assert "secret-word" not in str(raised.value)


async def test_a_role_reaches_its_own_schema_and_no_other(services):
    url = await services.provisioned("alpha")
    other = await services.provisioned("beta")
    connection = await asyncpg.connect(other)
    await connection.execute("CREATE TABLE IF NOT EXISTS secret (word text)")
    await connection.close()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_schema()") == "alpha"
    for attempt in (
        "SELECT * FROM beta.secret",
        "INSERT INTO beta.secret VALUES ('x')",
        "CREATE TABLE beta.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(attempt)
    await connection.close()


async def test_provisioning_again_changes_the_password_and_nothing_else(services):
    url = await services.provisioned("gamma")
    changed = url.replace(":test@", ":a'b\"c@").replace("'", "%27").replace('"', "%22")
    admin = services.addresses.postgres_admin_url
    assert await provision.provision_postgres(admin, [changed]) == ["gamma"]
    await (await asyncpg.connect(changed)).close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)


async def test_provision_makes_roles_and_topics_from_the_environment(services, capsys):
    settings = provision.ProvisionSettings.model_validate(
        {
            "postgres_admin_url": services.addresses.postgres_admin_url,
            "provision_database_urls": await services.provisioned("delta"),
            "kafka_bootstrap_servers": services.addresses.kafka_bootstrap,
        }
    )
    await provision.provision(settings)
    assert capsys.readouterr().out.startswith("provisioned roles and schemas: delta; new topics: none")
    without = settings.model_copy(update={"kafka_bootstrap_servers": None})
    assert await provision.provision_topics(without, ["delta"]) == []
