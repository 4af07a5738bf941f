"""Starting: what production asks for, and what only local runs show."""

import asyncio
import os
import sys

import pytest

from auth.keys import make_key_file

pytestmark = pytest.mark.slow

PATHS = "import json, auth.main; print(json.dumps(list(auth.main.app.openapi()['paths'])))"
SECRET = "mail-server-secret"


@pytest.fixture
def start(tmp_path):
    async def run(**values):
        environment = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "local",
            "DATABASE_URL": "postgresql://auth:database-secret@127.0.0.1/x",
            "REDIS_URL": "redis://:redis-secret@127.0.0.1",
            "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
            "PUBLIC_URL": "https://practice.example",
            "SIGNING_KEY_FILE": str(tmp_path / "auth.pem"),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PATHS),
            env=environment | values,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return run


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"SIGNING_KEY_FILE": ""}, "SIGNING_KEY or SIGNING_KEY_FILE is not set"),
        ({"SIGNING_KEY_FILE": "none.pem"}, "SIGNING_KEY_FILE names none.pem, which does not exist"),
        ({"RETIRED_KEY_FILE": "old.pem"}, "RETIRED_KEY_FILE names old.pem, which does not exist"),
        ({"SMTP_URL": ""}, "SMTP_URL is not set"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
    ],
)
async def test_production_names_what_is_missing_and_tells_no_secret(start, tmp_path, values, reason):
    make_key_file(tmp_path / "auth.pem")
    usual = {"ENVIRONMENT": "production", "SMTP_URL": f"smtps://auth:{SECRET}@mail"}
    code, _, err = await start(**usual | values)
    assert code == 1
    assert reason in err
    assert "secret" not in err


async def test_the_mailbox_is_shown_in_local_runs_without_a_mail_server_only(start, tmp_path):
    make_key_file(tmp_path / "auth.pem")
    mail = {"SMTP_URL": f"smtps://auth:{SECRET}@mail"}
    local = {"ENVIRONMENT": "local", "MAILBOX_TOKEN": "a-token-of-this-run"}
    unset = {"ENVIRONMENT": "", "MAILBOX_TOKEN": "a-token-of-this-run"}
    shown = []
    for values in (local, local | {"MAILBOX_TOKEN": ""}, local | mail, unset | mail, unset):
        _, out, _ = await start(**values)
        shown.append("/api/v1/auth/mailbox" in out)
    assert shown == [True, False, False, False, False]
