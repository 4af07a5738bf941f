"""How often somebody may call: the classes, which request belongs to which, and GCRA, which counts exactly.

GCRA (the generic cell rate algorithm) keeps one number for each caller: the theoretical arrival time of the next
request. In any span of t seconds it lets through at most `count + t * count / seconds` requests.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cachetools import LRUCache

from common.errors import DomainError
from gateway.routes import LimitClass, Route

CALLERS_KEPT = 50_000


@dataclass(frozen=True)
class Limit:
    """`count` requests in `seconds` seconds, all of them at once if the caller likes."""

    count: int
    seconds: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds < 1:
            raise ValueError("a limit needs a count and a time of at least 1")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limit written as `count/seconds`.

        Raises:
            ValueError: it is written in another way.
        """
        count, _, seconds = text.partition("/")
        try:
            return cls(int(count), int(seconds))
        except ValueError as error:
            raise ValueError(f"a limit is written count/seconds, as 10/60, not {text!r}") from error

    @property
    def interval(self) -> int:
        """Microseconds between two requests at a steady pace, rounded against the caller."""
        return math.ceil(self.seconds * 1_000_000 / self.count)


@dataclass(frozen=True)
class Rule:
    """The limit one request counts against, and under which key."""

    name: str
    key: str
    limit: Limit


@dataclass(frozen=True)
class LimitResult:
    """Where a caller stands after a request: times in seconds, `retry_after` 0 where it was let through."""

    allowed: bool
    remaining: int
    retry_after: float
    reset_after: float


@dataclass(frozen=True)
class Limits:
    """The limits of all classes, and who falls under which."""

    credentials: Limit
    expensive: Limit
    general_user: Limit
    general_address: Limit

    def rule(self, route: Route, user: UUID | None, address: str) -> Rule:
        """Return the rule for a request: by user where one is signed in, else by address.

        Routes that take credentials are counted apart from each other, so that signing in is possible after
        many failed refreshes.
        """
        if route.limit is LimitClass.CREDENTIALS:
            return Rule("credentials", f"limit:credentials:{route.name}:{address}", self.credentials)
        if user is None:
            return Rule("general", f"limit:general:address:{address}", self.general_address)
        if route.limit is LimitClass.REAUTHENTICATION:
            return Rule("credentials", f"limit:credentials:user:{user}", self.credentials)
        if route.limit is LimitClass.EXPENSIVE:
            return Rule("costly", f"limit:costly:user:{user}", self.expensive)
        return Rule("general", f"limit:general:user:{user}", self.general_user)


def gcra(arrival: int, now: int, limit: Limit) -> tuple[int, LimitResult]:
    """Count one request: return the caller's next arrival time and the result. Times are microseconds."""
    interval = limit.interval
    tolerance = interval * limit.count
    following = max(arrival, now) + interval
    over = following - tolerance - now
    if over > 0:
        return arrival, LimitResult(False, 0, over / 1e6, (arrival - now) / 1e6)
    return following, LimitResult(True, -over // interval, 0.0, (following - now) / 1e6)


def _microseconds() -> int:
    return time.monotonic_ns() // 1000


class LocalLimiter:
    """The same count kept in this process alone, for as long as Redis is away."""

    def __init__(self, clock: Callable[[], int] = _microseconds, kept: int = CALLERS_KEPT) -> None:
        self._clock = clock
        self._arrivals: LRUCache[str, int] = LRUCache(kept)

    def hit(self, rule: Rule) -> LimitResult:
        """Count one request."""
        now = self._clock()
        arrival, result = gcra(self._arrivals.get(rule.key, now), now, rule.limit)
        self._arrivals[rule.key] = arrival
        return result


class TooManyRequests(DomainError):
    """The caller's share is spent for the moment."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, rule: Rule, result: LimitResult) -> None:
        limit, wait = rule.limit, math.ceil(result.retry_after)
        super().__init__(
            f"At most {limit.count} requests in {limit.seconds} seconds are taken here; try again in {wait} s.",
            retry_after=wait,
        )
