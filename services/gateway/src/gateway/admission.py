"""Who comes in: the token, the session behind it, and the caller's share, decided before a body is read."""

import math
from dataclasses import dataclass

from common.errors import AuthenticationError, SessionEnded
from common.identity import MAX_LIFE_SECONDS, Identity
from gateway import headers
from gateway.errors import TooManyRequests
from gateway.exchange import Exchange
from gateway.ledger import Ledger, LedgerGone
from gateway.limits import Limits, LocalLimiter, Rule, Standing
from gateway.routes import Route
from gateway.sessions import Sessions
from gateway.tokens import Tokens

CLOCK_DIFFERENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Admission:
    """Checks a request against everything that may keep it out."""

    tokens: Tokens
    ledger: Ledger
    local: LocalLimiter
    sessions: Sessions
    limits: Limits

    async def admit(self, exchange: Exchange, route: Route) -> None:
        """Let the request through, and note who it is of and its standing for the answer.

        A request whose token is not good, or not any more, counts against its address: guessing is limited as well.

        Raises:
            AuthenticationError: it needs a token, and has none that counts.
            TooManyRequests: the caller's share is spent.
            SessionUnknown: neither Redis nor auth says whether the session was ended.
        """
        identity, refusal = await self._identify(exchange, route)
        rule = self._rule(exchange, route, identity)
        try:
            standing = await self._spend(rule, identity)
        except SessionEnded as ended:
            refusal, rule = ended, self._rule(exchange, route, None)
            standing = await self._spend(rule, None)
        exchange.answer_headers |= describe(rule, standing)
        if not standing.allowed:
            raise TooManyRequests(rule, standing)
        if refusal:
            raise refusal
        exchange.user = identity.id if identity else None

    def _rule(self, exchange: Exchange, route: Route, identity: Identity | None) -> Rule:
        return self.limits.rule(
            route, identity.id if identity else None, headers.subscriber(exchange.address)
        )

    async def _identify(
        self, exchange: Exchange, route: Route
    ) -> tuple[Identity | None, AuthenticationError | None]:
        if route.public:
            return None, None
        try:
            return await self.tokens.verify(_bearer(exchange)), None
        except AuthenticationError as error:
            return None, error

    async def _spend(self, rule: Rule, identity: Identity | None) -> Standing:
        try:
            entry = await self.ledger.spend(rule, identity.session_id if identity else None)
        except LedgerGone:
            await self._ask_auth(identity)
            return self.local.spend(rule)
        if entry.revoked:
            raise SessionEnded
        if identity and _issued(identity) < entry.knows_since + CLOCK_DIFFERENCE_SECONDS:
            await self._ask_auth(identity)
        return entry.standing

    async def _ask_auth(self, identity: Identity | None) -> None:
        if identity and not await self.sessions.active(identity.session_id):
            raise SessionEnded


def _issued(identity: Identity) -> float:
    """Return the earliest moment, in Unix time, the token can have been issued at."""
    return identity.expires_at.timestamp() - MAX_LIFE_SECONDS


def _bearer(exchange: Exchange) -> str:
    values = exchange.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationError("Sign in first: send the access token as `Authorization: Bearer ...`.")
    return token.strip()


def describe(rule: Rule, standing: Standing) -> dict[str, str]:
    """Return the rate limit headers of the IETF's draft: the policy, and what is left of it."""
    limit = rule.limit
    return {
        "RateLimit-Policy": f'"{rule.name}";q={limit.count};w={limit.seconds}',
        "RateLimit": f'"{rule.name}";r={standing.remaining};t={math.ceil(standing.reset_after)}',
    }
