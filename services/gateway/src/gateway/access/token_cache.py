"""Access tokens, verified once and remembered for as long as the key that signed them is published."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import jwt
from cachetools import LRUCache

from common.security.tokens import Identity, KeySource, Verifier

TOKENS_KEPT = 10_000


@dataclass(frozen=True)
class Verified:
    """A token that was fine, and the key that says so."""

    identity: Identity
    kid: str
    key: jwt.PyJWK | None


class TokenCache:
    """A verifier with a bounded memory of tokens, the least recently used forgotten first.

    A remembered token counts only while its key is the very one it was verified with: keys fetched anew are asked
    again, so a withdrawn key is refused as soon as the key source knows.
    """

    def __init__(self, keys: KeySource, verifier: Verifier, kept: int = TOKENS_KEPT) -> None:
        self._keys = keys
        self._verifier = verifier
        self._verified: LRUCache[bytes, Verified] = LRUCache(kept)

    async def verify(self, token: str) -> Identity:
        """Return who the token stands for.

        Raises:
            TokenError: it is not valid.
        """
        digest = sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._verified.get(digest)
        if known and await self._still_holds(known):
            return known.identity
        self._verified.pop(digest, None)
        identity = await self._verifier.verify(token)
        kid = str(jwt.get_unverified_header(token)["kid"])
        self._verified[digest] = Verified(identity, kid, await self._keys.find(kid))
        return identity

    async def _still_holds(self, known: Verified) -> bool:
        if known.identity.expires_at <= datetime.now(UTC):
            return False
        key = await self._keys.find(known.kid)
        return key is not None and key is known.key
