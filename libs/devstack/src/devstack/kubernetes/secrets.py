"""The local overlay's secrets: made once for a cluster, kept there, written nowhere else."""

import base64
import json
import secrets
from collections.abc import Mapping

from devstack.kubernetes.kubectl import Kubectl, names
from devstack.services import SERVICES

ED25519_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410)."""


def ensure(kubectl: Kubectl) -> list[str]:
    """Make the secrets where there are none; return the names of the new ones."""
    present = set(names(kubectl.items("secrets")))
    wanted = make()
    missing = [name for name in wanted if name not in present]
    if missing and len(missing) < len(wanted):
        # they hold each other's passwords
        kubectl("delete", "secret", "--ignore-not-found", *wanted)
        missing = list(wanted)
    for name in missing:
        kubectl("apply", "-f", "-", stdin=json.dumps(_secret(name, wanted[name])))
    return missing


def make() -> dict[str, dict[str, str]]:
    """Return fresh secrets by name; the keys are the settings that processes read."""
    postgres, redis = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    passwords = {name: secrets.token_urlsafe(24) for name in SERVICES}
    urls = {name: f"postgresql://{name}:{passwords[name]}@postgres:5432/interviewace" for name in SERVICES}
    redis_url = {"REDIS_URL": f"redis://:{redis}@redis:6379/0"}
    return {
        "postgres": {"password": postgres},
        "redis": {"password": redis, "redis.conf": f"requirepass {redis}\n"},
        "provision": {
            "POSTGRES_ADMIN_URL": f"postgresql://postgres:{postgres}@postgres:5432/postgres",
            "PROVISION_DATABASE_URLS": ",".join(urls.values()),
        },
        "gateway": redis_url,
        **{
            name: {"DATABASE_URL": url}
            | redis_url
            | ({"SIGNING_KEY": signing_key()} if name == "auth" else {})
            for name, url in urls.items()
        },
    }


def signing_key() -> str:
    """Return a fresh Ed25519 private key as PEM."""
    body = base64.b64encode(ED25519_PKCS8 + secrets.token_bytes(32)).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def _secret(name: str, values: Mapping[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "interviewace"}},
        "stringData": dict(values),
    }
