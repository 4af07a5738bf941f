"""Who comes in: the token, the session behind it, and the caller's share, decided before a body is read."""

import math
from dataclasses import dataclass

from common.errors import AuthenticationError, SessionEnded
from common.security.tokens import MAX_LIFE_SECONDS, Identity
from gateway.access.rate_limits import LimitResult, Limits, LocalLimiter, Rule, TooManyRequests
from gateway.access.redis_limiter import LimiterUnavailable, RedisLimiter
from gateway.access.session_check import SessionClient
from gateway.access.token_cache import TokenCache
from gateway.request import RequestContext
from gateway.routes import Route

CLOCK_DIFFERENCE_SECONDS = 5.0


@dataclass(frozen=True)
class AccessControl:
    """Checks a request against everything that may keep it out."""

    tokens: TokenCache
    limiter: RedisLimiter
    local: LocalLimiter
    sessions: SessionClient
    limits: Limits

    async def admit(self, context: RequestContext, route: Route) -> None:
        """Let the request through, and note who it is of and the result of its limit for the response.

        A request whose token is not good, or not any more, counts against its address: guessing is limited as well.

        Raises:
            AuthenticationError: it needs a token, and has none that counts.
            TooManyRequests: the caller's share is spent.
            SessionUnknown: neither Redis nor auth says whether the session was ended.
        """
        identity, refusal = await self._identify(context, route)
        rule = self._rule(context, route, identity)
        try:
            result = await self._hit(rule, identity)
        except SessionEnded as ended:
            refusal, rule = ended, self._rule(context, route, None)
            result = await self._hit(rule, None)
        context.response_headers |= describe(rule, result)
        if not result.allowed:
            raise TooManyRequests(rule, result)
        if refusal:
            raise refusal
        context.user = identity.id if identity else None

    def _rule(self, context: RequestContext, route: Route, identity: Identity | None) -> Rule:
        return self.limits.rule(route, identity.id if identity else None, context.client.subscriber)

    async def _identify(
        self, context: RequestContext, route: Route
    ) -> tuple[Identity | None, AuthenticationError | None]:
        if route.public:
            return None, None
        try:
            return await self.tokens.verify(_bearer(context)), None
        except AuthenticationError as error:
            return None, error

    async def _hit(self, rule: Rule, identity: Identity | None) -> LimitResult:
        try:
            hit = await self.limiter.hit(rule, identity.session_id if identity else None)
        except LimiterUnavailable:
            await self._ask_auth(identity)
            return self.local.hit(rule)
        if hit.revoked:
            raise SessionEnded
        if identity and _issued(identity) < hit.knows_since + CLOCK_DIFFERENCE_SECONDS:
            await self._ask_auth(identity)
        return hit.result

    async def _ask_auth(self, identity: Identity | None) -> None:
        if identity and not await self.sessions.active(identity.session_id):
            raise SessionEnded


def _issued(identity: Identity) -> float:
    """Return the earliest moment, in Unix time, the token can have been issued at."""
    return identity.expires_at.timestamp() - MAX_LIFE_SECONDS


def _bearer(context: RequestContext) -> str:
    values = context.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthenticationError("Sign in first: send the access token as `Authorization: Bearer ...`.")
    return token.strip()


def describe(rule: Rule, result: LimitResult) -> dict[str, str]:
    """Return the rate limit headers of the IETF's draft: the policy, and what is left of it."""
    limit = rule.limit
    return {
        "RateLimit-Policy": f'"{rule.name}";q={limit.count};w={limit.seconds}',
        "RateLimit": f'"{rule.name}";r={result.remaining};t={math.ceil(result.reset_after)}',
    }
