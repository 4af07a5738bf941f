"""What has ended does not stay, and what goes on still notices theft."""

from datetime import timedelta

import jwt
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql

from auth import tasks
from auth.models import LoginSession, MailPurpose, MailToken, RefreshToken
from common.clock import utcnow
from common.db import expiry
from common.ids import uuid7
from common.tasks.schedules import PRUNING
from testkit import schedules


@pytest.fixture
def count(service):
    async def rows(model, user_id):
        query = select(func.count()).select_from(model).where(model.user_id == user_id)
        async with service.sessions() as session:
            return await session.scalar(query)

    return rows


def session_of(pair):
    return jwt.decode(pair["access_token"], options={"verify_signature": False})["sid"]


@pytest.mark.parametrize("value", ["revoked_at", "last_used_at", "created_at"])
async def test_an_ended_idle_or_old_session_goes_with_its_tokens(service, prune, account, count, value):
    pair = await account.sign_in()
    going_on = session_of(await account.sign_in())
    change = update(LoginSession).where(LoginSession.id == session_of(pair))
    async with service.sessions.begin() as session:
        await session.execute(change.values(**{value: utcnow() - timedelta(days=31)}))
    await prune()
    async with service.sessions() as session:
        left = await session.scalars(select(LoginSession.id).where(LoginSession.user_id == account.id))
        assert [str(session_id) for session_id in left] == [going_on]
        tokens = select(func.count()).where(RefreshToken.session_id == session_of(pair))
        assert await session.scalar(tokens) == 0


async def test_a_spent_token_of_a_session_that_goes_on_still_ends_it(service, prune, anonymous, account):
    async def refresh(pair):
        body = {"refresh_token": pair["refresh_token"]}
        return await anonymous.post("/api/v1/auth/refresh", json=body)

    first = await account.sign_in()
    second = (await refresh(first)).json()
    third = (await refresh(second)).json()
    await prune()
    assert (await refresh(first)).status_code == 401
    assert (await refresh(third)).status_code == 401


async def test_a_removed_session_stays_refused(service, prune, client, anonymous):
    session_id = session_of({"access_token": client.headers["Authorization"].split()[1]})
    await client.post("/api/v1/auth/logout")
    await prune()
    assert (await anonymous.get(f"/internal/sessions/{session_id}")).json() == {"active": False}


async def test_any_number_of_sessions_is_removed(service, prune, account, count):
    async with service.sessions.begin() as session:
        for _ in range(expiry.BATCH + 1):
            session.add(LoginSession(user_id=account.id, chain_key=b"", revoked_at=utcnow()))
    await prune()
    assert await count(LoginSession, account.id) == 0


async def test_any_number_of_mail_tokens_is_removed(service, prune, account, count):
    async with service.sessions.begin() as session:
        for _ in range(expiry.BATCH + 1):
            session.add(
                MailToken(
                    hash=uuid7().bytes,
                    user_id=account.id,
                    purpose=MailPurpose.RESET,
                    created_at=utcnow() - timedelta(minutes=61),
                )
            )
    await prune()
    assert await count(MailToken, account.id) == 0


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("session", ("ix_session_revoked_at", "ix_session_last_used_at", "ix_session_created_at")),
        ("mail_token", ("ix_mail_token_created_at",)),
    ],
)
async def test_what_is_pruned_is_found_by_indexes(service, name, indexes):
    expiring = next(rows for rows in tasks.router.expiring if rows.table.name == name)
    statement = expiry.batch_of(expiring).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with service.sessions.begin() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(await session.scalars(text(f"EXPLAIN {statement}")))
    assert all(index in plan for index in indexes)


async def test_the_worker_removes_mail_tokens_that_are_too_old(service, account, count):
    async with service.sessions.begin() as session:
        for minutes in (59, 61):
            made = utcnow() - timedelta(minutes=minutes)
            token = MailToken(hash=uuid7().bytes, user_id=account.id, purpose=MailPurpose.RESET)
            token.created_at = made
            session.add(token)
    await schedules.make_due(service.sessions, "tasks.prune", PRUNING)
    async with service.working():
        await schedules.wait_until_run(service.sessions, "tasks.prune")
    assert await count(MailToken, account.id) == 1
