"""Every session is ended by a command: for after a restore, when what was revoked since the backup is open again."""

import asyncio
import os
import sys

import pytest
from sqlalchemy import func, select

from auth.models import LoginSession


@pytest.fixture
def end_sessions(services, service, service_environment):
    async def run():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "auth", "end-sessions"),
            env=os.environ | services.settings_environment("auth") | service_environment,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode()

    return run


async def test_every_token_of_everybody_is_refused_afterwards(end_sessions, make_account, anonymous):
    people = [await make_account() for _ in range(3)]
    pairs = [await person.sign_in() for person in people for _ in range(2)]
    out = await end_sessions()
    assert int(out.split()[0]) >= len(pairs)
    for pair in pairs:
        headers = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await anonymous.get("/api/v1/auth/me", headers=headers)).status_code == 401
        refreshed = await anonymous.post(
            "/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}
        )
        assert refreshed.status_code == 401
    assert "access_token" in await people[0].sign_in()


async def test_it_goes_on_in_batches_until_none_is_open(end_sessions, make_account, sessions):
    for _ in range(3):
        await (await make_account()).sign_in()
    await end_sessions()
    assert await end_sessions() == "0 sessions have ended; everybody signs in anew\n"
    async with sessions() as session:
        open_sessions = select(func.count()).where(~LoginSession.ended())
        assert await session.scalar(open_sessions) == 0
