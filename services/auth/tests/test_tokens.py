"""Access tokens that were not made by auth, or not like that, are refused."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import tokens


def sign(key, claims, header, algorithm="EdDSA"):
    return jwt.encode(claims, key, algorithm, headers=header)


def raised(token):
    """The same token with another role and the old signature."""
    head, _, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False}) | {"role": "admin"}
    return ".".join((head, jwt.encode(claims, "x" * 64).split(".")[1], signature))


@pytest.fixture
async def parts(account):
    token = (await account.sign_in())["access_token"]
    header = {
        name: value for name, value in jwt.get_unverified_header(token).items() if name in ("kid", "typ")
    }
    return token, jwt.decode(token, options={"verify_signature": False}), header


async def refused(anonymous, token):
    response = await anonymous.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    return response.status_code == 401 and response.json()["code"] == "invalid_token"


async def test_the_token_as_it_came_is_taken(anonymous, parts):
    assert not await refused(anonymous, parts[0])


async def test_a_changed_token_is_refused(anonymous, parts):
    token = parts[0]
    head, body, signature = token.split(".")
    for changed in (raised(token), f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", token[:-20], "x"):
        assert await refused(anonymous, changed)


async def test_a_token_signed_by_another_key_or_none_is_refused(anonymous, parts, service):
    _, claims, header = parts
    public = jwt.PyJWKSet.from_dict(service.main.keys.document)[header["kid"]].key.public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    assert await refused(anonymous, sign(Ed25519PrivateKey.generate(), claims, header))
    assert await refused(anonymous, sign(None, claims, header, "none"))
    assert await refused(anonymous, sign(public, claims, header, "HS256"))


async def test_an_old_token_is_refused(anonymous, parts, service, tmp_path):
    _, claims, header = parts
    long_ago = int(time.time()) - 7200
    old = claims | {"iat": long_ago, "nbf": long_ago, "exp": long_ago + 900}
    assert await refused(anonymous, sign(service.main.keys._key, old, header))
    assert await refused(
        anonymous, sign(service.main.keys._key, claims | {"exp": claims["iat"] + 7200}, header)
    )


def test_a_successor_follows_from_its_token_and_key_alone():
    key, token = tokens.new_key(), tokens.new_token()
    assert tokens.successor(key, token) == tokens.successor(key, token)
    assert tokens.successor(key, token) != tokens.successor(tokens.new_key(), token)
    assert tokens.successor(key, token) != tokens.successor(key, tokens.new_token())
