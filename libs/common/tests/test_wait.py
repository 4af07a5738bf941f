"""What a process waits for before it starts: a login, a schema that is new enough, the topics."""

import asyncio
import shutil
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest
from pydantic import SecretStr

from common import cli, provision, wait
from common.db import migrations

FOLDER = Path(__file__).parent / "sample_migrations"
NOBODY = "127.0.0.1:9"


@pytest.fixture
async def settings(sample, services):
    """Return the sample's settings with a role of its own, in whose schema there is nothing."""
    url = await services.provisioned("waiting")
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA waiting CASCADE")
    await connection.close()
    await services.provisioned("waiting")
    return sample.settings.model_copy(update={"service": "waiting", "database_url": SecretStr(url)})


async def check(settings, kind, folder=FOLDER):
    (only,) = wait.checks_of(settings, folder, [kind])
    return await only()


async def migrate(settings):
    await asyncio.to_thread(migrations.upgrade, settings.database_url.get_secret_value(), FOLDER)


async def test_an_empty_schema_is_waited_for_and_a_migrated_one_is_not(settings):
    assert await check(settings, "schema") == "the schema's newest revision"
    await migrate(settings)
    assert await check(settings, "schema") is None


async def test_the_version_before_starts_on_a_schema_that_a_newer_one_made(settings, tmp_path):
    older = shutil.copytree(FOLDER, tmp_path / "migrations")
    newest = max((older / "versions").glob("0*.py"))
    await migrate(settings)
    newest.unlink()
    assert await check(settings, "schema", older) is None


async def test_the_version_before_migrates_nothing_where_a_newer_one_did(settings, tmp_path, capsys):
    older = shutil.copytree(FOLDER, tmp_path / "migrations")
    await migrate(settings)
    max((older / "versions").glob("0*.py")).unlink()
    package = ModuleType("sample")
    package.__file__ = str(tmp_path / "__init__.py")
    await asyncio.to_thread(cli.main, package, lambda: settings, ["migrate"])
    assert capsys.readouterr().out == "waiting: the schema is of a later version and stays as it is\n"
    assert await check(settings, "schema") is None


async def test_a_schema_of_the_version_before_is_waited_for(settings, tmp_path):
    newer = shutil.copytree(FOLDER, tmp_path / "migrations")
    newest = max((newer / "versions").glob("0*.py"))
    text = newest.read_text()
    revision = newest.stem.partition("_")[0]
    following = text.replace(f'revision = "{revision}"', 'revision = "9999"')
    (newer / "versions" / "9999_following.py").write_text(
        "\n".join(
            f'down_revision = "{revision}"' if line.startswith("down_revision") else line
            for line in following.splitlines()
        )
    )
    await migrate(settings)
    assert await check(settings, "schema", newer) == "the schema's newest revision"


async def test_topics_that_are_missing_are_named(settings, services):
    stranger = settings.model_copy(update={"service": "never-provisioned"})
    assert await check(stranger, "topics") == "topics interviewace.never-provisioned.parked"
    assert await check(settings, "topics") is None


async def test_a_login_that_is_made_meanwhile_is_waited_for(settings):
    url = settings.database_url.get_secret_value()
    refused = settings.model_copy(update={"database_url": SecretStr(url.replace(":test@", ":changed@"))})
    waiting = asyncio.create_task(wait.until(wait.checks_of(refused, FOLDER, ["login"]), 30))
    await asyncio.sleep(0)
    admin = await asyncpg.connect(url)
    await admin.execute("ALTER ROLE waiting PASSWORD 'changed'")
    await waiting
    await admin.execute("ALTER ROLE waiting PASSWORD 'test'")
    await admin.close()


@pytest.fixture
def command(tmp_path):
    """Run `python -m sample wait ...`."""
    (tmp_path / "migrations").symlink_to(FOLDER)

    def run(settings, *argv):
        package = ModuleType("sample")
        package.__file__ = str(tmp_path / "__init__.py")
        cli.main(package, lambda: settings, ["wait", *argv])

    return run


@pytest.mark.parametrize(
    ("kind", "names"), [("login", "login: "), ("schema", "schema: "), ("topics", "topics: Kafka")]
)
def test_a_server_that_never_comes_ends_the_command_with_one_line(sample, command, kind, names):
    away = sample.settings.model_copy(
        update={
            "database_url": SecretStr(f"postgresql://waiting:test@{NOBODY}/test"),
            "kafka_bootstrap_servers": NOBODY,
        }
    )
    with pytest.raises(SystemExit, match=f"still missing after 0 s: {names}"):
        command(away, kind, "--patience", "0")


def test_what_is_there_is_said(sample, command, capsys):
    command(sample.settings, "login", "topics")
    assert capsys.readouterr().out == "sample: login, topics: there\n"


async def test_provision_gives_a_server_that_starts_its_time(services):
    settings = provision.ProvisionSettings.model_validate(
        {
            "environment": "local",
            "postgres_admin_url": f"postgresql://postgres:postgres@{NOBODY}/postgres",
            "provision_database_urls": f"postgresql://waiting:test@{NOBODY}/test",
            "provision_patience": 1.5,
        }
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(OSError, match="Connect call failed"):
        await provision.main(settings)
    assert loop.time() - began >= settings.provision_patience
