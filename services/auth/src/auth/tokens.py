"""Secrets that are handed out once and kept as hashes: refresh tokens, and tokens sent by mail."""

import base64
import hashlib
import hmac
import secrets as system


def new_token() -> str:
    """Return 256 random bits as text."""
    return system.token_urlsafe(32)


def new_key() -> bytes:
    """Return 256 random bits, with which a session's chain of refresh tokens differs from any other."""
    return system.token_bytes(32)


def digest(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256 (the token has 256 bits, so no salt is needed)."""
    return hashlib.sha256(token.encode()).digest()


def successor(chain_key: bytes, token: str) -> str:
    """Return the refresh token that follows `token`: the same one however often it is asked for."""
    return base64.urlsafe_b64encode(hmac.digest(chain_key, token.encode(), "sha256")).rstrip(b"=").decode()
