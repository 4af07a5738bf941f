"""Tokens: only a whole, fresh, rightly signed access token of ours says who somebody is."""

import asyncio
import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from common.contracts import revocation
from common.errors import ServiceUnavailableError, TokenError
from common.security.revocations import RevocationList
from common.security.tokens import CLAIMS, JwksKeys, Role, StaticKeys, Verifier
from testkit.tokens import AUDIENCE, ISSUER, Signer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def signer():
    made = Signer()
    yield made
    made.close()


@pytest.fixture
def verifier(signer):
    return Verifier(StaticKeys(signer.document), ISSUER, AUDIENCE)


async def test_a_good_token_names_its_user(signer, verifier):
    user_id, session_id = uuid4(), uuid4()
    identity = await verifier.verify(signer.token(user_id, Role.ADMIN, session_id=session_id))
    assert (identity.id, identity.role, identity.session_id) == (user_id, Role.ADMIN, session_id)


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 60, "iat": NOW - 600},
        {"nbf": NOW + 600},
        {"iss": "somebody"},
        {"aud": "other"},
        {"aud": [AUDIENCE, "other"]},
        {"exp": NOW + 10_000},
        {"sub": "not-an-id"},
        {"role": "emperor"},
        *({name: None} for name in ("iss", "aud", "sub", "sid", "jti", "role", "iat", "nbf", "exp")),
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_or_missing_claim_is_refused(signer, verifier, claims):
    with pytest.raises(TokenError):
        await verifier.verify(signer.token(uuid4(), claims=claims))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
SIGNER = Signer()


def sign(header, claims):
    signed = f"{encode(header)}.{encode(claims)}"
    signature = SIGNER.key.sign(signed.encode())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@settings(deadline=None)
@given(claims=st.dictionaries(st.sampled_from(CLAIMS), anything, min_size=1))
async def test_claims_of_any_type_in_a_token_of_ours_end_in_a_refusal_or_an_identity(claims):
    verifier = Verifier(StaticKeys(SIGNER.document), ISSUER, AUDIENCE)
    good = jwt.decode(SIGNER.token(uuid4()), options={"verify_signature": False})
    token = sign({"typ": "at+jwt", "kid": SIGNER.kid, "alg": "EdDSA"}, good | claims)
    try:
        identity = await verifier.verify(token)
    except TokenError:
        return
    assert set(claims) <= {"nbf", "iat"}, "any other claim is one thing only"
    assert all(type(value) in (int, float) for value in claims.values())
    assert str(identity.id) == good["sub"]


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize(
    "value", [7, 1.5, True, [], {}, float("-inf"), float("nan"), 10**400, ["x"]], ids=repr
)
async def test_a_claim_of_a_wrong_type_is_a_401_at_a_service(sample, name, value):
    signer = sample.services.signer
    good = jwt.decode(signer.token(uuid4()), options={"verify_signature": False})
    signed = f"{encode({'typ': 'at+jwt', 'kid': signer.kid, 'alg': 'EdDSA'})}.{encode(good | {name: value})}"
    signature = base64.urlsafe_b64encode(signer.key.sign(signed.encode())).rstrip(b"=").decode()
    async with sample.client() as client:
        response = await client.get("/notes", headers={"Authorization": f"Bearer {signed}.{signature}"})
    if name == "nbf" and type(value) in (int, float) and value in (7, 1.5):
        assert response.status_code == 200, "a token may be good since long ago"
    else:
        assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": 7},
        {"crit": ["exp"]},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/x"},
        {"jwk": {"kty": "OKP"}},
    ],
    ids=str,
)
async def test_a_token_with_a_strange_header_is_refused(signer, verifier, headers):
    header = {"typ": "at+jwt", "kid": signer.kid, "alg": "EdDSA"} | headers
    parts = signer.token(uuid4()).split(".")
    parts[0] = encode({name: value for name, value in header.items() if value is not None})
    signature = signer.key.sign(f"{parts[0]}.{parts[1]}".encode())
    parts[2] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    with pytest.raises(TokenError):
        await verifier.verify(".".join(parts))


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_unsigned_and_wrongly_signed_tokens_are_refused(signer, verifier):
    header, body, signature = signer.token(uuid4()).split(".")
    unsigned = encode({"alg": "none", "typ": "at+jwt", "kid": signer.kid})
    public = signer.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    claims = jwt.decode(f"{header}.{body}.{signature}", options={"verify_signature": False})
    symmetric = jwt.encode(claims, public, algorithm="HS256", headers={"typ": "at+jwt", "kid": signer.kid})
    stranger = Signer()
    forged = stranger.token(uuid4(), headers={"kid": signer.kid})
    stranger.close()
    for token in (
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
        symmetric,
        forged,
        f"{header}.{body}.AAAA",
    ):
        with pytest.raises(TokenError):
            await verifier.verify(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c.d.e", "é", "A" * 100_000, "null.null.null"])
async def test_what_is_no_token_is_refused(verifier, token):
    with pytest.raises(TokenError):
        await verifier.verify(token)


class KeyServer:
    """Publishes keys as auth does, counts the questions, and can be away."""

    def __init__(self, document):
        self.document, self.asked, self.away = document, 0, False
        self.silent = Event()
        self.silent.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                outer.silent.wait(20)
                body = json.dumps(outer.document).encode()
                self.send_response(503 if outer.away else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"


@pytest.fixture
def key_server(signer):
    server = KeyServer(signer.document)
    yield server
    server.server.shutdown()
    server.server.server_close()


async def test_published_keys_are_fetched_once_and_kept_while_auth_is_away(signer, key_server):
    now = [1000.0]
    keys = JwksKeys(key_server.url, clock=lambda: now[0])
    verifier = Verifier(keys, ISSUER, AUDIENCE)
    for _ in range(5):
        await verifier.verify(signer.token(uuid4()))
    assert key_server.asked == 1
    key_server.away = True
    now[0] += 120
    await verifier.verify(signer.token(uuid4()))
    assert key_server.asked == 2


async def test_a_flood_of_unknown_keys_costs_one_question_in_thirty_seconds(signer, key_server):
    now = [1000.0]
    keys = JwksKeys(key_server.url, clock=lambda: now[0])
    assert await keys.find(signer.kid)
    now[0] += 31
    for number in range(50):
        assert await keys.find(f"unknown-{number}") is None
    assert key_server.asked == 2


async def test_a_new_key_is_found_and_a_withdrawn_one_refused_within_a_minute(signer, key_server):
    now = [1000.0]
    keys = JwksKeys(key_server.url, clock=lambda: now[0])
    assert await keys.find(signer.kid)
    successor = Signer("next")
    key_server.document = successor.document
    now[0] += 61
    assert await keys.find("next")
    assert await keys.find(signer.kid) is None
    successor.close()


async def test_keys_that_were_never_there_are_asked_for_again_at_once(signer, key_server):
    keys = JwksKeys(key_server.url)
    key_server.away = True
    with pytest.raises(ServiceUnavailableError) as raised:
        await Verifier(keys, ISSUER, AUDIENCE).verify(signer.token(uuid4()))
    assert raised.value.retry_after == 1
    key_server.away = False
    assert await keys.find(signer.kid)


async def test_a_route_asks_for_a_token_and_for_a_role(sample, client):
    async with sample.client() as anonymous:
        del anonymous.headers["Authorization"]
        missing = await anonymous.get("/notes")
        broken = await anonymous.get("/notes", headers={"Authorization": "Bearer x.y.z"})
    assert (missing.status_code, missing.json()["code"]) == (401, "not_authenticated")
    assert (broken.status_code, broken.json()["code"]) == (401, "invalid_token")
    assert missing.headers["www-authenticate"] == "Bearer"
    assert (await client.get("/moderators")).status_code == 403
    async with sample.client(Role.MODERATOR) as moderator:
        assert (await moderator.get("/moderators")).json() == str(moderator.user_id)


async def test_while_auth_is_silent_known_keys_serve_everybody_at_once(signer, key_server):
    now = [1000.0]
    keys = JwksKeys(key_server.url, clock=lambda: now[0] + time.monotonic())
    verifier = Verifier(keys, ISSUER, AUDIENCE)
    await verifier.verify(signer.token(uuid4()))
    key_server.silent.clear()
    now[0] += 120
    started = time.monotonic()
    await asyncio.gather(*(verifier.verify(signer.token(uuid4())) for _ in range(10)))
    key_server.silent.set()
    assert time.monotonic() - started < 5
    assert key_server.asked == 2


async def test_while_auth_was_never_there_nobody_waits_for_the_others(signer, key_server):
    keys = JwksKeys(key_server.url)
    verifier = Verifier(keys, ISSUER, AUDIENCE)
    key_server.silent.clear()
    started = time.monotonic()
    asking = [verifier.verify(signer.token(uuid4())) for _ in range(10)]
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    key_server.silent.set()
    assert all(isinstance(outcome, ServiceUnavailableError) for outcome in outcomes)
    assert time.monotonic() - started < 5


async def test_a_token_of_an_ended_session_is_refused_at_the_service_itself(sample):
    session_id, user_id = uuid4(), uuid4()
    token = sample.services.signer.token(user_id, session_id=session_id)
    async with sample.client() as client, Redis.from_url(sample.services.addresses.redis_url) as redis:
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/notes", headers=headers)).status_code == 200
        await redis.zadd(revocation.KEY, {str(session_id): time.time() + 900})
        response = await client.get("/notes", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


async def test_a_redis_that_says_nothing_holds_up_one_request_in_a_second_and_refuses_nobody():
    calls = []

    async def say_nothing(reader, writer):
        calls.append(await reader.read(100))
        await reader.read()
        writer.close()

    now = [1000.0]
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        async with Redis.from_url(f"redis://127.0.0.1:{port}/0") as redis:
            revocations = RevocationList(redis, clock=lambda: now[0])
            assert not any([await revocations.holds(uuid4()) for _ in range(20)])
            assert len(calls) == 1
            now[0] += 1.1
            assert not await revocations.holds(uuid4())
            assert len(calls) == 2
