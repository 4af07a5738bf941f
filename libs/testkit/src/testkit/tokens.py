"""Access tokens for tests, signed with a key of their own and published the way auth does."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from pydantic_core import to_json

from common.security.tokens import MAX_LIFE_SECONDS, TOKEN_TYPE, Role

ISSUER = "interviewace"
AUDIENCE = "interviewace-api"


class Signer:
    """Signs access tokens and serves the matching JWKS over HTTP on a free port."""

    def __init__(self, kid: str = "test") -> None:
        self.kid = kid
        self.key = Ed25519PrivateKey.generate()
        self.document = {"keys": [self._public()]}
        signer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = to_json(signer.document)
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's shape
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.jwks_url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    def _public(self) -> dict[str, object]:
        public: dict[str, object] = OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return public | {"kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def token(
        self,
        user_id: UUID,
        role: Role = Role.USER,
        *,
        session_id: UUID | None = None,
        claims: dict[str, object] | None = None,
        headers: dict[str, object] | None = None,
    ) -> str:
        """Return a valid token of that user; `claims` and `headers` replace single ones, None leaves one out."""
        now = int(time.time())
        body: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id or uuid4()),
            "jti": str(uuid4()),
            "role": role.value,
            "iat": now,
            "nbf": now,
            "exp": now + MAX_LIFE_SECONDS,
        } | (claims or {})
        header: dict[str, object] = {"typ": TOKEN_TYPE, "kid": self.kid} | (headers or {})
        return jwt.encode(
            {name: value for name, value in body.items() if value is not None},
            self.key,
            algorithm="EdDSA",
            headers={name: value for name, value in header.items() if value is not None},
        )

    def close(self) -> None:
        """Stop serving the keys."""
        self._server.shutdown()
        self._server.server_close()
