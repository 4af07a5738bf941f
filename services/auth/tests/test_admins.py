"""The first admin is made by a command."""

import asyncio
import os
import sys

import pytest

from common.ids import uuid7

# a run that measures coverage measures the command as well
MEASURED = {"COVERAGE_PROCESS_START": "pyproject.toml"} if "COVERAGE_RUN" in os.environ else {}


@pytest.fixture
def command(services, service, service_environment):
    async def run(*arguments, password="Correct-horse-7"):
        environment = os.environ | MEASURED | services.settings_environment("auth") | service_environment
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "auth", *arguments),
            env=environment | {"AUTH_ADMIN_PASSWORD": password},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return run


async def test_an_admin_is_made_and_signs_in(command, anonymous):
    email = f"{uuid7()}@example.com"
    code, out, _ = await command("create-admin", "--email", email)
    assert (code, out) == (0, f"{email} is an admin now.\n")
    pair = (
        await anonymous.post("/api/v1/auth/login", json={"email": email, "password": "Correct-horse-7"})
    ).json()
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert (await anonymous.get("/api/v1/auth/me", headers=headers)).json()["role"] == "admin"
    assert (await anonymous.get("/api/v1/auth/users", headers=headers)).status_code == 200


async def test_an_existing_account_is_promoted_only_when_told(command, account):
    code, _, err = await command("create-admin", "--email", account.email)
    assert (code, "--promote" in err) == (1, True)
    code, out, _ = await command("create-admin", "--email", account.email, "--promote")
    assert (code, out) == (0, f"{account.email} is an admin now.\n")


async def test_a_weak_password_or_no_address_is_refused(command):
    code, _, err = await command("create-admin", "--email", f"{uuid7()}@example.com", password="weak")
    assert (code, "at least 8 characters" in err) == (1, True)
    code, _, err = await command("create-admin", "--email", "nobody")
    assert (code, "not an address" in err) == (1, True)


async def test_the_operator_is_told_what_is_wrong_besides_the_address(command):
    email = f"{uuid7()}@example.com"
    code, _, err = await command("create-admin", "--email", email, "--full-name", "")
    assert (code, err) == (1, "full_name: String should have at least 1 character.\n")
    code, _, err = await command("create-admin", "--email", email, password="Aa1-" * 300)
    assert (code, err) == (1, "password: String should have at most 1000 characters.\n")
    code, _, err = await command("create-admin", "--email", email, password="")
    assert (code, "Nobody is there to ask for a password; set AUTH_ADMIN_PASSWORD." in err) == (1, True)
    assert "Traceback" not in err


async def test_the_common_commands_work(command):
    code, out, _ = await command("migrate")
    assert (code, out) == (0, "auth: the schema is up to date\n")
