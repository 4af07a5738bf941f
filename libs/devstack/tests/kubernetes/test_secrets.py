"""The local overlay's secrets."""

import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devstack.kubernetes import secrets


def made(cluster):
    return [json.loads(text) for text in cluster.stdin_of("apply")]


def test_they_are_made_where_there_are_none(cluster, items):
    cluster.plays(("get secrets", items()))
    assert secrets.ensure(cluster.kubectl) == list(secrets.make())
    assert [secret["metadata"]["name"] for secret in made(cluster)] == list(secrets.make())


def test_those_that_are_there_stay(cluster, items):
    present = [{"metadata": {"name": name}} for name in secrets.make()]
    cluster.plays(("get secrets", items(*present)))
    assert secrets.ensure(cluster.kubectl) == []
    assert made(cluster) == []


def test_where_some_are_missing_all_are_made_anew_since_they_hold_each_others_passwords(cluster, items):
    cluster.plays(("get secrets", items({"metadata": {"name": "postgres"}})))
    secrets.ensure(cluster.kubectl)
    assert any(call.startswith("delete secret") for call in cluster.calls)
    by_name = {secret["metadata"]["name"]: secret["stringData"] for secret in made(cluster)}
    assert by_name["postgres"]["password"] in by_name["provision"]["POSTGRES_ADMIN_URL"]
    assert by_name["auth"]["DATABASE_URL"] in by_name["provision"]["PROVISION_DATABASE_URLS"]
    assert by_name["redis"]["password"] in by_name["gateway"]["REDIS_URL"]
    assert by_name["redis"]["redis.conf"] == f"requirepass {by_name['redis']['password']}\n"


def test_the_signing_key_is_an_ed25519_key_and_another_each_time():
    first, second = secrets.signing_key(), secrets.signing_key()
    assert isinstance(serialization.load_pem_private_key(first.encode(), None), Ed25519PrivateKey)
    assert first != second
