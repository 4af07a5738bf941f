"""Signing keys: only auth holds them. Access tokens are signed with one, and the public halves are published."""

import base64
import hashlib
import hmac
import os
import time
from pathlib import Path
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import OKPAlgorithm
from pydantic_core import to_json

from auth.settings import Settings
from common.security.tokens import MAX_LIFE_SECONDS, TOKEN_TYPE, Role

Jwk = dict[str, object]


def thumbprint(jwk: Jwk) -> str:
    """Return the key's id: the start of its thumbprint (RFC 7638)."""
    essential = to_json({name: jwk[name] for name in ("crv", "kty", "x")})
    return base64.urlsafe_b64encode(hashlib.sha256(essential).digest()).decode()[:16]


def _public(key: Ed25519PrivateKey) -> Jwk:
    jwk: Jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {
        "kty": jwk["kty"],
        "crv": jwk["crv"],
        "x": jwk["x"],
        "kid": thumbprint(jwk),
        "alg": "EdDSA",
        "use": "sig",
    }


def _parse(pem: bytes, name: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"auth: {name} is not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"auth: {name} is not an Ed25519 key")
    return key


def _read(path: Path, name: str) -> Ed25519PrivateKey:
    if not path.exists():
        raise ValueError(f"auth: {name} names {path}, which does not exist")
    return _parse(path.read_bytes(), name)


def make_key_file(path: Path) -> None:
    """Make a key file where there is none; of two processes that try at once, one wins and both use its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


class KeyRing:
    """The key that signs, and the document of all keys that may verify."""

    def __init__(
        self, signing: Ed25519PrivateKey, others: list[Ed25519PrivateKey], issuer: str, audience: str
    ) -> None:
        self._key = signing
        self._chains = HKDF(SHA256(), 32, salt=None, info=b"refresh chains").derive(
            signing.private_bytes_raw()
        )
        self._issuer = issuer
        self._audience = audience
        self.kid = str(_public(signing)["kid"])
        self.document: dict[str, object] = {"keys": [_public(key) for key in (signing, *others)]}

    @classmethod
    def load(cls, settings: Settings) -> "KeyRing":
        """Return the keys that the settings name; a missing file is made, in local use only.

        Raises:
            ValueError: a key is missing or unreadable; the message names the variable.
        """
        if settings.signing_key:
            signing = _parse(settings.signing_key.get_secret_value().encode(), "SIGNING_KEY")
        else:
            path = settings.signing_key_file or Path(".devstack/keys/auth.pem")
            if settings.environment == "local" and not path.exists():
                make_key_file(path)
            signing = _read(path, "SIGNING_KEY_FILE")
        retired = settings.retired_key_file
        others = [_read(retired, "RETIRED_KEY_FILE")] if retired else []
        return cls(signing, others, settings.token_issuer, settings.token_audience)

    def chain_key(self, salt: bytes) -> bytes:
        """Return the key of a session's chain of refresh tokens; the salt alone, which is stored, tells nothing."""
        return hmac.digest(self._chains, salt, "sha256")

    def access_token(self, user_id: UUID, role: Role, session_id: UUID) -> str:
        """Return an access token (RFC 9068) for 15 minutes."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(uuid4()),
            "role": role.value,
            "iat": now,
            "nbf": now,
            "exp": now + MAX_LIFE_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": TOKEN_TYPE, "kid": self.kid})
