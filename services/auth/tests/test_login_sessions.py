"""Sessions: signing in, rotation of refresh tokens, and ends that hold at once."""

import asyncio
from datetime import timedelta

import jwt
import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from auth import revocations, tokens
from auth.keys import KeyRing, make_key_file
from auth.models import LoginSession, RefreshToken, User
from common.clock import utcnow
from common.contracts import revocation
from common.ids import uuid7
from common.security.tokens import Role
from common.tasks.queue import Retry


@pytest.fixture
def refresh(anonymous):
    async def go_on(token):
        return await anonymous.post("/api/v1/auth/refresh", json={"refresh_token": token})

    return go_on


async def revoked(services, session_id):
    async with Redis.from_url(services.addresses.redis_url) as redis:
        return await redis.zscore(revocation.KEY, str(session_id)) is not None


async def test_the_oauth2_form_signs_in_too(anonymous, account):
    form = {"username": account.email, "password": account.password, "grant_type": "password"}
    response = await anonymous.post("/api/v1/auth/login", data=form)
    assert response.status_code == 200
    assert response.json()["token_type"] == "bearer"


async def test_no_cache_keeps_tokens(anonymous, account, client):
    body = {"email": account.email, "password": account.password}
    taken = await anonymous.post("/api/v1/auth/login", json=body)
    responses = [
        taken,
        await anonymous.post("/api/v1/auth/refresh", json={"refresh_token": taken.json()["refresh_token"]}),
        await anonymous.post("/api/v1/auth/login", json=body | {"password": "Wrong-password-1"}),
        await anonymous.post("/api/v1/auth/login", json={}),
        await client.get("/api/v1/auth/me"),
        await anonymous.get("/api/v1/auth/nothing"),
    ]
    assert [response.status_code for response in responses] == [200, 200, 401, 422, 200, 404]
    assert {response.headers["cache-control"] for response in responses} == {"no-store"}
    keys = await anonymous.get("/api/v1/auth/.well-known/jwks.json")
    assert keys.headers["cache-control"].startswith("public, max-age=")


async def test_access_tokens_verify_with_the_published_keys(anonymous, account):
    published = await anonymous.get("/api/v1/auth/.well-known/jwks.json")
    assert published.headers["cache-control"] == "public, max-age=30"
    assert all("d" not in key for key in published.json()["keys"])
    token = (await account.sign_in())["access_token"]
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWKSet.from_dict(published.json())[header["kid"]]
    claims = jwt.decode(token, key.key, ["EdDSA"], audience="interviewace-api", issuer="interviewace")
    assert header["typ"] == "at+jwt"
    assert claims["sub"] == str(account.id)
    assert claims["exp"] - claims["iat"] == 900
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "role", "iat", "nbf", "exp"}


@pytest.mark.parametrize("kind", ["unknown", "wrong", "unverified", "disabled"])
async def test_whoever_may_not_sign_in_gets_the_same_answer(anonymous, make_account, kind):
    account = await make_account(verified=kind != "unverified", disabled=kind == "disabled")
    body = {
        "email": f"{uuid7()}@example.com" if kind == "unknown" else account.email,
        "password": "Wrong-password-1" if kind == "wrong" else account.password,
    }
    response = await anonymous.post("/api/v1/auth/login", json=body)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (401, "wrong_credentials")
    assert problem["detail"] == "Address or password is wrong, or the account can't be used yet."


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"email": "a@example.com"}',
        '{"email": 7, "password": "x"}',
        r'{"email": "a\u0000@example.com", "password": "x"}',
    ],
)
async def test_malformed_credentials_are_named(anonymous, body):
    response = await anonymous.post(
        "/api/v1/auth/login", content=body, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")


async def test_five_wrong_passwords_lock_the_account_and_its_owner_is_told(account, client, mail_to):
    tries = await asyncio.gather(*(account.sign_in("Wrong-password-1") for _ in range(12)))
    assert all("access_token" not in attempt for attempt in tries)
    assert "access_token" not in await account.sign_in()
    assert (await client.get("/api/v1/auth/me")).status_code == 200
    await mail_to(account.email, "locked")


async def test_a_lock_ends_by_itself_and_a_right_password_forgets_the_wrong_ones(service, account):
    for _ in range(5):
        await account.sign_in("Wrong-password-1")
    async with service.sessions.begin() as session:
        await session.execute(update(User).where(User.id == account.id).values(locked_until=utcnow()))
    assert "access_token" in await account.sign_in()
    async with service.sessions() as session:
        user = await session.get(User, account.id)
    assert (user.failures, user.locks) == (0, 0)


async def test_each_lock_is_longer_than_the_one_before():
    user = User(failures=0, locks=0)
    lengths = []
    for _ in range(3):
        while not user.count_failure():
            pass
        lengths.append(round((user.locked_until - utcnow()).total_seconds() / 60))
    assert lengths == [15, 30, 60]


async def test_a_refresh_token_is_spent_by_use(account, refresh):
    first = await account.sign_in()
    second = (await refresh(first["refresh_token"])).json()
    third = await refresh(second["refresh_token"])
    assert third.status_code == 200
    assert len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3


async def test_a_spent_token_used_again_ends_the_whole_session(service, services, account, refresh):
    first = await account.sign_in()
    second = (await refresh(first["refresh_token"])).json()
    third = (await refresh(second["refresh_token"])).json()
    reused = await refresh(first["refresh_token"])
    assert (reused.status_code, reused.json()["code"]) == (401, "invalid_refresh_token")
    assert (await refresh(third["refresh_token"])).status_code == 401
    session_id = jwt.decode(first["access_token"], options={"verify_signature": False})["sid"]
    assert await revoked(services, session_id)
    events = {event["ce_type"]: event["payload"] for event in await service.published(account.id)}
    assert events["session.refresh_token_reused"]["session_id"] == session_id
    assert events["session.revoked"]["reason"] == "token_reused"


async def test_a_lost_response_can_be_asked_for_again_within_ten_seconds(account, refresh):
    first = await account.sign_in()
    original, repeated = await refresh(first["refresh_token"]), await refresh(first["refresh_token"])
    assert original.json()["refresh_token"] == repeated.json()["refresh_token"]
    assert (await refresh(original.json()["refresh_token"])).status_code == 200


async def test_after_ten_seconds_it_counts_as_stolen(service, account, refresh, anonymous):
    first = await account.sign_in()
    await refresh(first["refresh_token"])
    async with service.sessions.begin() as session:
        await session.execute(
            update(RefreshToken)
            .where(RefreshToken.spent_at.is_not(None))
            .values(spent_at=utcnow() - timedelta(seconds=11))
        )
    assert (await refresh(first["refresh_token"])).status_code == 401


async def test_a_hundred_refreshes_at_once_yield_one_successor(account, refresh):
    first = await account.sign_in()
    responses = await asyncio.gather(*(refresh(first["refresh_token"]) for _ in range(100)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.json()["refresh_token"] for response in responses}) == 1


@pytest.mark.parametrize("token", ["x", "é" * 200, "A" * 43])
async def test_an_unknown_refresh_token_is_refused(refresh, token):
    assert (await refresh(token)).json()["code"] == "invalid_refresh_token"


@pytest.mark.parametrize("change", [{"last_used_at": timedelta(days=8)}, {"created_at": timedelta(days=31)}])
async def test_an_idle_or_old_session_does_not_go_on(service, account, refresh, change):
    pair = await account.sign_in()
    values = {name: utcnow() - age for name, age in change.items()}
    async with service.sessions.begin() as session:
        await session.execute(update(LoginSession).where(LoginSession.user_id == account.id).values(**values))
    assert (await refresh(pair["refresh_token"])).status_code == 401


async def test_signing_out_ends_this_session_only(services, account, client, refresh):
    other = await account.sign_in()
    assert (await client.post("/api/v1/auth/logout")).status_code == 204
    assert (await refresh(other["refresh_token"])).status_code == 200
    token = client.headers["Authorization"].split()[1]
    session_id = jwt.decode(token, options={"verify_signature": False})["sid"]
    assert await revoked(services, session_id)
    internal = await client.get(f"/internal/sessions/{session_id}")
    assert internal.json() == {"active": False}


async def test_signing_out_everywhere_ends_them_all(account, client, refresh):
    other = await account.sign_in()
    assert (await client.post("/api/v1/auth/logout-all")).status_code == 204
    assert (await refresh(other["refresh_token"])).status_code == 401


async def test_sessions_are_listed_in_pages_without_those_that_can_not_go_on(service, account, client):
    idle = await account.sign_in()
    session_id = jwt.decode(idle["access_token"], options={"verify_signature": False})["sid"]
    async with service.sessions.begin() as session:
        change = update(LoginSession).where(LoginSession.id == session_id)
        await session.execute(change.values(last_used_at=utcnow() - timedelta(days=8)))
    for _ in range(2):
        await account.sign_in()
    first = (await client.get("/api/v1/auth/sessions?limit=2")).json()
    rest = (await client.get(f"/api/v1/auth/sessions?limit=2&cursor={first['next_cursor']}")).json()
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]
    shown = [item["id"] for item in first["items"] + rest["items"]]
    assert shown == sorted(shown, reverse=True)
    assert session_id not in shown
    assert (await client.get("/api/v1/auth/sessions?cursor=x")).json()["code"] == "invalid_cursor"


async def test_client_generators_are_told_of_one_body_to_sign_in_with(anonymous):
    paths = (await anonymous.get("/openapi.json")).json()["paths"]
    assert list(paths["/api/v1/auth/login"]["post"]["requestBody"]["content"]) == ["application/json"]


async def test_sessions_are_listed_and_ended_one_by_one(service, make_account, account, client):
    await account.sign_in()
    items = (await client.get("/api/v1/auth/sessions")).json()["items"]
    assert [item["current"] for item in items].count(True) == 1
    assert items[0]["device"].startswith("python-httpx")
    other = next(item for item in items if not item["current"])
    async with await (await make_account()).client() as stranger:
        assert (await stranger.delete(f"/api/v1/auth/sessions/{other['id']}")).json()[
            "code"
        ] == "session_not_found"
    assert (await client.delete(f"/api/v1/auth/sessions/{other['id']}")).status_code == 204
    assert len((await client.get("/api/v1/auth/sessions")).json()["items"]) == 1
    assert (await client.delete("/api/v1/auth/sessions/nonsense")).status_code == 422


async def test_the_gateway_learns_whether_a_session_is_open(anonymous, client, account, service):
    token = client.headers["Authorization"].split()[1]
    session_id = jwt.decode(token, options={"verify_signature": False})["sid"]
    assert (await anonymous.get(f"/internal/sessions/{session_id}")).json() == {"active": True}
    assert (await anonymous.get(f"/internal/sessions/{uuid7()}")).json() == {"active": False}
    async with service.sessions.begin() as session:
        await session.execute(update(User).where(User.id == account.id).values(disabled_at=utcnow()))
    assert (await anonymous.get(f"/internal/sessions/{session_id}")).json() == {"active": False}


async def test_with_redis_away_signing_out_ends_the_session_and_is_copied_later(
    service, services, account, client, anonymous, replaced, eventually
):
    token = client.headers["Authorization"].split()[1]
    session_id = jwt.decode(token, options={"verify_signature": False})["sid"]
    async with Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2) as away:
        replaced(Redis, away)
        assert (await client.post("/api/v1/auth/logout")).status_code == 204
    assert (await anonymous.get(f"/internal/sessions/{session_id}")).json() == {"active": False}
    assert not await revoked(services, session_id)
    async with service.working():
        await eventually(lambda: revoked(services, session_id))


async def test_a_copy_that_redis_does_not_take_is_tried_again():
    async with Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2) as away:
        with pytest.raises(Retry):
            await revocations.copy(away, [uuid7()])


async def test_the_database_alone_does_not_tell_the_next_refresh_token(service, account, refresh):
    first = await account.sign_in()
    second = (await refresh(first["refresh_token"])).json()["refresh_token"]
    async with service.sessions() as session:
        kept = await session.scalar(select(LoginSession.chain_key).where(LoginSession.user_id == account.id))
        hashes = list(await session.scalars(select(RefreshToken.hash)))
    assert tokens.successor(kept, first["refresh_token"]) != second
    assert tokens.digest(second) in hashes
    assert second.encode() not in hashes


async def test_a_signing_key_changed_within_the_ten_seconds_ends_no_session(
    service, account, refresh, replaced, tmp_path
):
    first = await account.sign_in()
    second = (await refresh(first["refresh_token"])).json()["refresh_token"]
    make_key_file(tmp_path / "new.pem")
    settings = service.main.settings.model_copy(update={"signing_key_file": tmp_path / "new.pem"})
    replaced(KeyRing, KeyRing.load(settings))
    assert (await refresh(first["refresh_token"])).status_code == 401
    assert (await refresh(second)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/{}"), ("PATCH", "/{}"), ("POST", "/{}/unlock")]
)
async def test_accounts_are_moderated_by_moderators_only(account, client, method, path):
    response = await client.request(
        method, f"/api/v1/auth/users{path.format(account.id)}", json={"role": "admin"}
    )
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert (await client.get("/api/v1/auth/me")).json()["role"] == "user"


async def test_moderators_see_disable_and_unlock_and_admins_change_roles(
    service, make_account, account, refresh
):
    moderator, admin = await make_account(Role.MODERATOR), await make_account(Role.ADMIN)
    pair = await account.sign_in()
    async with await account.client() as user:
        assert (await user.get("/api/v1/auth/users")).status_code == 403
    path = f"/api/v1/auth/users/{account.id}"
    async with await moderator.client() as client:
        assert len((await client.get("/api/v1/auth/users", params={"limit": 2})).json()["items"]) == 2
        assert (await client.get(path)).json()["disabled"] is False
        assert (await client.get(f"/api/v1/auth/users/{uuid7()}")).status_code == 404
        assert (await client.patch(path, json={"role": "admin"})).status_code == 403
        assert (
            await client.patch(f"/api/v1/auth/users/{admin.id}", json={"disabled": True})
        ).status_code == 403
        assert (
            await client.patch(f"/api/v1/auth/users/{moderator.id}", json={"disabled": True})
        ).status_code == 403
        assert (await client.patch(path, json={"disabled": True})).json()["disabled"] is True
        assert (await refresh(pair["refresh_token"])).status_code == 401
        assert (await client.patch(path, json={"disabled": False})).json()["disabled"] is False
        assert (await client.post(f"{path}/unlock")).status_code == 204
    async with await admin.client() as client:
        assert (await client.patch(path, json={"role": "moderator"})).json()["role"] == "moderator"
        assert (await client.patch(path, json={"role": "emperor"})).status_code == 422
    types = {event["ce_type"] for event in await service.published(account.id)}
    assert {"user.disabled", "user.role_changed", "session.revoked"} <= types
