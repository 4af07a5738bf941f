"""Access tokens (RFC 9068): verified here, at the gateway and again in every service."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import httpx
import jwt
import structlog
from pydantic import BaseModel, ConfigDict

from common.errors import ServiceUnavailableError, TokenError

ALGORITHMS = ("EdDSA", "ES256")
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068
MAX_TOKEN_LENGTH = 8_192
MAX_LIFE_SECONDS = 900
LEEWAY_SECONDS = 5
KEYS_LIFE_SECONDS = 60.0
KEYS_RETRY_SECONDS = 30.0
TEXT_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "role")
TIME_CLAIMS = ("iat", "nbf", "exp")
CLAIMS = (*TEXT_CLAIMS, *TIME_CLAIMS)
KEY_BEARING_HEADERS = ("crit", "jwk", "jku", "x5u", "x5c", "enc", "zip")

log = structlog.get_logger()


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Identity(BaseModel):
    """The caller, as a verified token names them."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    role: Role
    session_id: UUID
    token_id: UUID
    expires_at: datetime


class KeySource(Protocol):
    """Where public keys come from."""

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when there is none."""
        ...


def _key_set(document: dict[str, Any]) -> dict[str, jwt.PyJWK]:
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}


class StaticKeys:
    """Keys known from the start, as auth knows its own."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._keys = _key_set(document)

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when there is none."""
        return self._keys.get(kid)


class JwksKeys:
    """Keys that auth publishes, kept for a minute; the last known ones serve while auth is away.

    An unknown key id asks again, at most once in 30 s however many such tokens come. Before the first answer nobody can
    be told from anybody: `find` raises ServiceUnavailableError then.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._asked = float("-inf")
        self._failed = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when auth publishes none."""
        if kid not in self._keys or self._clock() - self._fetched > KEYS_LIFE_SECONDS:
            if kid in self._keys and self._lock.locked():
                return self._keys[kid]  # somebody asks already; a silent auth holds up nobody else
            asked_at = self._clock()
            async with self._lock:
                await self._refresh(kid, asked_at)
        return self._keys.get(kid)

    async def _refresh(self, kid: str, asked_at: float) -> None:
        if not self._keys and self._failed > asked_at:
            raise self._away()  # whoever was waited for was not answered either
        now = self._clock()
        fresh = now - self._fetched <= KEYS_LIFE_SECONDS
        if fresh and (kid in self._keys or now - self._asked < KEYS_RETRY_SECONDS):
            return
        if self._keys and not fresh and now - self._asked < 1.0:
            return
        self._asked = now
        try:
            async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
                response = await client.get(self._url)
            self._keys = _key_set(response.raise_for_status().json())
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            log.warning("jwks_unavailable", error=type(error).__name__)
            self._asked = self._failed = self._clock()
            if not self._keys:
                self._asked = float("-inf")
                raise self._away() from error
            return
        self._fetched = now

    @staticmethod
    def _away() -> ServiceUnavailableError:
        return ServiceUnavailableError("Sign-ins can't be checked at the moment; try again.", retry_after=1)


class Verifier:
    """Turns an access token into an Identity, or refuses it."""

    def __init__(self, keys: KeySource, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def verify(self, token: str) -> Identity:
        """Return who the token stands for.

        Raises:
            TokenError: it is malformed, of the wrong kind, expired, or signed by no key of auth's.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenError("The access token is too long.")
        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": list(CLAIMS), "strict_aud": True},
            )
            return self._identity(claims)
        except jwt.ExpiredSignatureError as error:
            raise TokenError("The access token has expired; refresh it or sign in again.") from error
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise TokenError("The access token is not valid; sign in again.") from error

    async def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        kid = header.get("kid")
        if header.get("typ") != TOKEN_TYPE or header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
            raise jwt.InvalidTokenError("not an access token of ours")
        if any(name in header for name in KEY_BEARING_HEADERS):
            raise jwt.InvalidTokenError("a header that brings its own rules")
        key = await self._keys.find(kid)
        if key is None or key.algorithm_name != header["alg"]:
            raise jwt.InvalidTokenError("unknown key")
        return key

    def _identity(self, claims: dict[str, Any]) -> Identity:
        _check_types(claims)
        if claims["exp"] - claims["iat"] > MAX_LIFE_SECONDS:
            raise jwt.InvalidTokenError("lives too long")
        return Identity(
            id=UUID(claims["sub"]),
            role=Role(claims["role"]),
            session_id=UUID(claims["sid"]),
            token_id=UUID(claims["jti"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def _check_types(claims: dict[str, Any]) -> None:
    """Refuse a claim of another type than ours have: what is signed may still be wrong."""
    texts = all(isinstance(claims[name], str) for name in TEXT_CLAIMS)
    times = all(type(claims[name]) in (int, float) for name in TIME_CLAIMS)  # True is an int for isinstance
    if not (texts and times):
        raise jwt.InvalidTokenError("a claim is of the wrong type")
