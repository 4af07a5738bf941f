"""Signing keys: made locally, demanded in production, changed without signing anybody out."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth.keys import KeyRing, make_key_file
from auth.settings import Settings
from common.errors import TokenError
from common.ids import uuid7
from common.security.tokens import Role, StaticKeys, Verifier

PRODUCTION = {
    "environment": "production",
    "database_url": "postgresql://auth:uP8vQ2mXw4Zr@db/x",
    "redis_url": "redis://:uP8vQ2mXw4Zr@cache",
    "kafka_bootstrap_servers": "kafka:9092",
    "smtp_url": "smtps://mail",
    "public_url": "https://practice.example",
}


def settings(**values):
    return Settings(**{"database_url": "postgresql://auth:x@127.0.0.1/x"} | values)


def verifier(ring):
    return Verifier(StaticKeys(ring.document), "interviewace", "interviewace-api")


def test_locally_a_missing_file_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "auth.pem"
    first, second = (KeyRing.load(settings(signing_key_file=path)) for _ in range(2))
    assert first.kid == second.kid
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_of_many_that_make_the_file_at_once_one_wins(tmp_path):
    path = tmp_path / "auth.pem"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make_key_file, [path] * 8))
    assert list(tmp_path.iterdir()) == [path]
    assert KeyRing.load(settings(signing_key_file=path)).kid


def test_in_production_a_missing_key_is_named(tmp_path):
    with pytest.raises(ValueError, match="SIGNING_KEY or SIGNING_KEY_FILE is not set"):
        settings(**PRODUCTION)
    with pytest.raises(ValueError, match=r"SIGNING_KEY_FILE names .* does not exist"):
        settings(**PRODUCTION, signing_key_file=tmp_path / "none.pem")
    with pytest.raises(ValueError, match="SMTP_URL is not set"):
        settings(**PRODUCTION | {"smtp_url": None}, signing_key="x")


def test_a_key_file_that_vanished_after_the_start_is_named(tmp_path):
    path = tmp_path / "auth.pem"
    make_key_file(path)
    read = settings(**PRODUCTION, signing_key_file=path)
    path.unlink()
    with pytest.raises(ValueError, match=r"SIGNING_KEY_FILE names .* does not exist"):
        KeyRing.load(read)


def test_in_production_addresses_are_verified_unless_told_otherwise():
    unverified = {"email_verification": "off", "production_allows": "unverified_email"}
    assert settings(**PRODUCTION, signing_key="x").verifies_email
    assert not settings(**PRODUCTION, signing_key="x", **unverified).verifies_email
    assert not settings().verifies_email


def test_what_is_no_ed25519_key_is_refused():
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="SIGNING_KEY is not an Ed25519 key"):
        KeyRing.load(settings(signing_key=other.decode()))
    with pytest.raises(ValueError, match="SIGNING_KEY is not a private key"):
        KeyRing.load(settings(signing_key="nonsense"))


async def test_a_changed_key_is_published_beside_the_old_one_until_that_is_withdrawn(tmp_path):
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    make_key_file(old)
    make_key_file(new)
    before = KeyRing.load(settings(signing_key_file=old, retired_key_file=new))
    during = KeyRing.load(settings(signing_key_file=new, retired_key_file=old))
    after = KeyRing.load(settings(signing_key_file=new))
    token = before.access_token(uuid7(), Role.USER, uuid7())
    assert await verifier(during).verify(token)
    assert await verifier(before).verify(during.access_token(uuid7(), Role.USER, uuid7()))
    with pytest.raises(TokenError):
        await verifier(after).verify(token)
