"""Who comes in, who does not, and that a Redis that fails changes neither."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from common.contracts import revocation
from common.errors import TokenError
from common.security.tokens import Identity, Role, StaticKeys, Verifier
from gateway.access.token_cache import TokenCache
from testkit.tokens import AUDIENCE, ISSUER, Signer

PUBLIC = (
    "register",
    "verify-email",
    "resend-verification",
    "login",
    "refresh",
    "forgot-password",
    "reset-password",
)


@pytest.mark.parametrize("name", PUBLIC)
async def test_routes_to_become_a_user_need_no_token(anonymous: Any, upstream: Any, name: str) -> None:
    assert (await anonymous.post(f"/api/v1/auth/{name}", json={})).status_code == 200


async def test_the_public_keys_need_no_token(anonymous: Any) -> None:
    assert (await anonymous.get("/api/v1/auth/.well-known/jwks.json")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/auth/me", "/api/v1/auth/logout", "/api/v1/resume/1", "/api/v1/tasks/1"]
)
async def test_everything_else_does(anonymous: Any, upstream: Any, problem: Any, path: str) -> None:
    response = await anonymous.get(path)
    problem(response, 401, "not_authenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    assert upstream.seen == []


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Basic dTpw", "Token abc", "bearer a.b.c", "Bearer a b", "Bearer " + "a" * 9000],
)
async def test_a_header_without_a_good_token_is_refused(anonymous: Any, upstream: Any, value: str) -> None:
    response = await anonymous.get("/api/v1/resume/1", headers={"Authorization": value})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("claims", "headers"),
    [
        ({"exp": int(time.time()) - 60, "iat": int(time.time()) - 900}, {}),
        ({"aud": "somebody-else"}, {}),
        ({"iss": "somebody-else"}, {}),
        ({"sid": None}, {}),
        ({"role": "root"}, {}),
        ({"exp": int(time.time()) + 9000}, {}),
        ({}, {"typ": "JWT"}),
        ({}, {"kid": "unknown"}),
        ({}, {"crit": ["exp"]}),
    ],
)
async def test_a_token_that_is_wrong_anywhere_is_refused(
    gateway: Any, upstream: Any, problem: Any, claims: Any, headers: Any
) -> None:
    async with gateway.client(claims=claims, headers=headers) as client:
        problem(await client.get("/api/v1/resume/1"), 401, "invalid_token")
    assert upstream.seen == []


async def test_two_authorization_headers_are_refused(gateway: Any, signer: Signer) -> None:
    token = signer.token(uuid4())
    async with gateway.anonymous() as client:
        pairs = [("Authorization", f"Bearer {token}")] * 2
        assert (await client.get("/api/v1/resume/1", headers=pairs)).status_code == 401


async def test_the_token_goes_on_to_the_service_which_verifies_it_again(client: Any, upstream: Any) -> None:
    await client.get("/api/v1/resume/1")
    assert upstream.last.values("authorization") == [client.headers["authorization"]]


async def test_a_session_that_was_ended_is_refused_at_once(gateway: Any, redis: Any, problem: Any) -> None:
    session = uuid4()
    async with gateway.client(session=session) as client:
        assert (await client.get("/api/v1/resume/1")).status_code == 200
        await redis.revoke(session)
        response = await client.get("/api/v1/resume/1")
    problem(response, 401, "invalid_token")
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["ratelimit-policy"] == '"general";q=60;w=60'
    assert response.headers["ratelimit"].startswith('"general";r=59;t=')


async def test_limited_routes_say_where_the_caller_stands(client: Any, anonymous: Any) -> None:
    response = await client.get("/api/v1/resume/1")
    assert response.headers["ratelimit-policy"] == '"general";q=300;w=60'
    assert response.headers["ratelimit"] == '"general";r=299;t=1'
    response = await client.post("/api/v1/interview/start", json={})
    assert response.headers["ratelimit"].startswith('"costly";r=29;t=')
    response = await anonymous.get("/api/v1/resume/1")
    assert response.headers["ratelimit-policy"] == '"general";q=60;w=60'


@pytest.mark.parametrize(
    ("path", "count"),
    [("/api/v1/interview/1/answer", 3), ("/api/v1/interview/1/end", 5), ("/api/v1/auth/login", 2)],
)
async def test_over_the_limit_of_its_class_a_caller_is_told_when_to_come_back(
    gateways: Any, upstream: Any, problem: Any, path: str, count: int
) -> None:
    running = await gateways(limit_credentials="2/3600", limit_costly="3/3600", limit_general_user="5/3600")
    async with running.client() as client:
        responses = [await client.post(path, json={}) for _ in range(count + 1)]
    assert [response.status_code for response in responses] == [200] * count + [429]
    problem(responses[-1], 429, "too_many_requests")
    assert 0 < int(responses[-1].headers["retry-after"]) <= 3600
    assert f"q={count};w=3600" in responses[-1].headers["ratelimit-policy"]
    assert ";r=0;" in responses[-1].headers["ratelimit"]
    assert len(upstream.seen) == count


async def test_whoever_waits_as_long_as_told_is_let_in_again(gateways: Any) -> None:
    running = await gateways(limit_credentials="2/3")
    async with running.anonymous() as client:
        responses = [await client.post("/api/v1/auth/login", json={}) for _ in range(3)]
    # the next is taken a little less than 1.5 s later
    assert (responses[-1].status_code, responses[-1].headers["retry-after"]) == (429, "2")
    assert "try again in 2 s" in responses[-1].json()["detail"]
    assert responses[-1].headers["ratelimit"] == '"credentials";r=0;t=3'


@pytest.mark.parametrize(("method", "path"), [("POST", "change-password"), ("DELETE", "me")])
async def test_the_password_can_be_guessed_no_faster_by_somebody_signed_in(
    gateways: Any, problem: Any, method: str, path: str
) -> None:
    running = await gateways(limit_credentials="2/3600")
    async with running.client() as client, running.client() as other:
        responses = [await client.request(method, f"/api/v1/auth/{path}", json={}) for _ in range(3)]
        assert (await client.get("/api/v1/auth/me")).status_code == 200
        assert (await other.request(method, f"/api/v1/auth/{path}", json={})).status_code == 200
    assert [response.status_code for response in responses[:2]] == [200, 200]
    problem(responses[2], 429, "too_many_requests")


async def test_users_have_their_own_shares(gateways: Any) -> None:
    running = await gateways(limit_general_user="1/3600")
    for _ in range(3):
        async with running.client() as client:
            assert (await client.get("/api/v1/resume/1")).status_code == 200
            assert (await client.get("/api/v1/resume/1")).status_code == 429


async def test_guessing_tokens_is_limited_by_address(gateways: Any) -> None:
    running = await gateways(limit_general_address="2/3600")
    async with running.anonymous({"Authorization": "Bearer a.b.c"}) as client:
        statuses = [(await client.get("/api/v1/resume/1")).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


async def test_a_proxy_that_is_not_ours_can_not_name_another_address(gateways: Any, upstream: Any) -> None:
    running = await gateways(limit_credentials="1/3600")
    async with running.anonymous() as client:
        statuses = [
            (
                await client.post("/api/v1/auth/login", headers={"X-Forwarded-For": f"10.0.0.{turn}"})
            ).status_code
            for turn in range(2)
        ]
    assert statuses == [200, 429]


async def test_a_proxy_of_ours_names_the_address(gateways: Any, upstream: Any) -> None:
    running = await gateways(limit_credentials="1/3600", trusted_proxies="127.0.0.0/8, 10.0.0.0/8")
    async with running.anonymous() as client:

        async def login(forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
            status: int = (await client.post("/api/v1/auth/login", headers=headers)).status_code
            return status

        assert await login("6.6.6.6, 1.2.3.4, 10.0.0.1") == 200
        assert upstream.last.values("x-forwarded-for") == ["1.2.3.4"]
        assert upstream.last.values("x-forwarded-proto") == ["https"]
        assert await login("7.7.7.7, 1.2.3.4") == 429
        assert await login("1.2.3.5") == 200
        assert await login("2001:db8:0:1::1") == 200
        assert await login("2001:db8:0:1::2") == 429
        assert await login("::ffff:1.2.3.5") == 429
        assert await login("nonsense, 10.0.0.2") == 200
        assert upstream.last.values("x-forwarded-for") == ["10.0.0.2"]
        assert await login("10.0.0.3, 10.0.0.4") == 200


async def test_with_redis_killed_requests_go_on_and_revoked_tokens_stay_refused(
    gateways: Any, redis: Any, upstream: Any, problem: Any, eventually: Any
) -> None:
    running = await gateways(limit_general_user="4/3600", redis_pause=0.3)
    ended = uuid4()
    upstream.ended.add(str(ended))
    async with running.client() as alive, running.client(session=ended) as revoked:
        await redis.revoke(ended)
        assert (await revoked.get("/api/v1/resume/1")).status_code == 401
        assert (await alive.get("/api/v1/resume/1")).status_code == 200
        await redis.kill()
        started = time.monotonic()
        assert (await alive.get("/api/v1/resume/1")).status_code == 200
        assert time.monotonic() - started < 1
        problem(await revoked.get("/api/v1/resume/1"), 401, "invalid_token")
        statuses = [(await alive.get("/api/v1/resume/1")).status_code for _ in range(5)]
        assert statuses == [200] * 3 + [429] * 2
        assert (await alive.get("/ready")).status_code == 503

        await redis.start()

        async def served() -> bool:
            return bool((await alive.get("/api/v1/resume/1")).status_code == 200)

        assert await eventually(served)
        assert (await revoked.get("/api/v1/resume/1")).status_code == 401, (
            "a Redis without memory can't let it in"
        )
        async with redis.client() as back:
            assert await back.keys("limit:general:user:*")


async def test_a_silent_redis_costs_a_second_at_most_and_only_now_and_then(
    gateways: Any, upstream: Any
) -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        running = await gateways(redis_url=f"redis://127.0.0.1:{port}/0", redis_pause=30.0)
        async with running.client() as client:
            durations = []
            for _ in range(5):
                started = time.monotonic()
                assert (await client.get("/api/v1/resume/1")).status_code == 200
                durations.append(time.monotonic() - started)
        assert durations[0] < 1
        assert max(durations[1:]) < 0.2
        assert upstream.asked == 1, "what auth said is kept for a second"


@pytest.mark.parametrize("loss", ["flushed", "deleted", "restarted"])
async def test_a_list_of_ended_sessions_that_was_lost_is_not_believed_about_the_time_before(
    gateway: Any, redis: Any, upstream: Any, problem: Any, loss: str
) -> None:
    now = int(time.time())
    old = {"iat": now - 600, "nbf": now - 600, "exp": now + 300}
    ended = uuid4()
    upstream.ended.add(str(ended))
    async with gateway.client(session=ended, claims=old) as revoked, gateway.client(claims=old) as alive:
        await redis.revoke(ended)
        assert (await revoked.get("/api/v1/resume/1")).status_code == 401
        assert (await alive.get("/api/v1/resume/1")).status_code == 200
        assert upstream.asked == 0, "a whole list is believed"
        async with redis.client() as store:
            if loss == "restarted":
                await redis.kill()
                await redis.start()
            else:
                await (store.flushall() if loss == "flushed" else store.delete(revocation.KEY))
        problem(await revoked.get("/api/v1/resume/1"), 401, "invalid_token")
        assert (await alive.get("/api/v1/resume/1")).status_code == 200
        assert upstream.asked == 2
        await redis.know_everything()
        await redis.revoke(ended)
        upstream.asked = 0
        problem(await revoked.get("/api/v1/resume/1"), 401, "invalid_token")
    async with gateway.client(claims=old) as another:
        assert (await another.get("/api/v1/resume/1")).status_code == 200
    assert upstream.asked == 0, "a list that was filled again is believed"


async def test_a_list_kept_by_a_server_that_started_again_may_lack_its_last_second(
    gateways: Any, upstream: Any, shared_redis: Any, tmp_path: Any
) -> None:
    keeping = type(shared_redis)(str(tmp_path), "--appendonly", "yes")
    await keeping.start()
    running = await gateways(redis_url=keeping.url)
    old = {"iat": int(time.time()) - 600, "exp": int(time.time()) + 300}
    try:
        await keeping.know_everything()
        async with running.client(claims=old) as client:
            assert (await client.get("/api/v1/resume/1")).status_code == 200
            assert upstream.asked == 0
            await keeping.stop()
            await keeping.start()
            async with keeping.client() as store:
                assert await store.zcard(revocation.KEY) == 1, "it kept its list"
            assert (await client.get("/api/v1/resume/1")).status_code == 200
            assert upstream.asked == 1
    finally:
        await keeping.kill()


async def test_with_redis_and_auth_gone_nobody_is_let_in_unchecked(
    gateways: Any, upstream: Any, problem: Any
) -> None:
    running = await gateways(redis_url="redis://127.0.0.1:9/0", auth_url="http://127.0.0.1:9")
    async with running.client() as client, running.anonymous() as anonymous:
        response = await client.get("/api/v1/resume/1")
        problem(response, 503, "session_unknown")
        assert response.headers["retry-after"] == "2"
        problem(await anonymous.get("/api/v1/resume/1"), 401, "not_authenticated")
    assert upstream.seen == []


def _tokens(signer: Signer, kept: int = 10) -> TokenCache:
    keys = StaticKeys(signer.document)
    return TokenCache(keys, Verifier(keys, ISSUER, AUDIENCE), kept)


class Counting(Verifier):
    """Counts how often a signature is looked at."""

    count = 0

    async def verify(self, token: str) -> Identity:
        self.count += 1
        return await super().verify(token)


async def test_a_token_is_verified_once_and_the_memory_is_bounded(signer: Signer) -> None:
    keys = StaticKeys(signer.document)
    verifier = Counting(keys, ISSUER, AUDIENCE)
    tokens = TokenCache(keys, verifier, kept=2)
    first, second, third = (signer.token(uuid4()) for _ in range(3))
    for token in (first, second, first, third, first, second):
        await tokens.verify(token)
    assert verifier.count == 4, "the second was forgotten when the third came"


async def test_a_remembered_token_still_expires(signer: Signer, eventually: Any) -> None:
    tokens = _tokens(signer)
    now = int(time.time())
    token = signer.token(uuid4(), Role.USER, claims={"exp": now - 4, "iat": now - 100, "nbf": now - 100})
    identity = await tokens.verify(token)
    assert identity.expires_at < datetime.now(UTC) + timedelta(seconds=1)

    async def refused() -> bool:
        try:
            await tokens.verify(token)
        except TokenError as error:
            return "expired" in error.detail
        return False

    assert await eventually(refused)


class Withdrawable:
    """Keys that can be withdrawn."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._known = StaticKeys(document)
        self.withdrawn = False

    async def find(self, kid: str) -> jwt.PyJWK | None:
        return None if self.withdrawn else await self._known.find(kid)


async def test_a_remembered_token_of_a_withdrawn_key_is_refused(signer: Signer) -> None:
    keys = Withdrawable(signer.document)
    tokens = TokenCache(keys, Verifier(keys, ISSUER, AUDIENCE))
    token = signer.token(uuid4())
    await tokens.verify(token)
    keys.withdrawn = True
    with pytest.raises(TokenError):
        await tokens.verify(token)
