"""The routes the gateway tells apart: which service answers, who may call, what a request counts as, how much it holds.

A request is resolved once, from the method and the decoded path that are forwarded as well. Class, publicness, size of
the body and target all come from the route that was found, so that none of them can be decided by another reading.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from common import paths

BELOW = "/**"
"""At a pattern's end: the path itself and everything under it. A `{}` in a pattern is one segment."""

SERVICES = (
    "auth",
    "resume",
    "interview",
)


class LimitClass(Enum):
    """What a request counts as."""

    GENERAL = "general"
    EXPENSIVE = "expensive"
    CREDENTIALS = "credentials"
    REAUTHENTICATION = "reauthentication"
    """Somebody signed in is asked for the password again: it could be guessed there as well."""


@dataclass(frozen=True)
class Route:
    """A route, or all routes under a path. Without a method it is any method."""

    pattern: str
    service: str
    method: str | None = None
    limit: LimitClass = LimitClass.GENERAL
    public: bool = False
    upload: bool = False

    @cached_property
    def prefix(self) -> str:
        """The part of the address space it lies in, as logs and traces name it."""
        return "/".join(self.pattern.split("/")[:4])

    @cached_property
    def name(self) -> str:
        """Its last segment, under which attempts to prove who one is are counted apart."""
        return self.pattern.rpartition("/")[2]

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """What matches a path without a slash at its end."""
        fixed = re.escape(self.pattern.removesuffix(BELOW)).replace(re.escape("{}"), "[^/]+")
        return re.compile(fixed + ("(/.*)?" if self.pattern.endswith(BELOW) else ""), re.DOTALL)


ROUTES = (
    *(
        Route(f"{paths.AUTH}/{name}", "auth", limit=LimitClass.CREDENTIALS, public=True)
        for name in (
            "register",
            "verify-email",
            "resend-verification",
            "login",
            "refresh",
            "forgot-password",
            "reset-password",
        )
    ),
    Route(f"{paths.AUTH}/.well-known/jwks.json", "auth", public=True),
    Route(f"{paths.AUTH}/change-password", "auth", "POST", LimitClass.REAUTHENTICATION),
    Route(f"{paths.AUTH}/me", "auth", "DELETE", LimitClass.REAUTHENTICATION),
    Route(f"{paths.RESUME}/upload", "resume", "POST", LimitClass.EXPENSIVE, upload=True),
    Route(f"{paths.RESUME}/{{}}/reparse", "resume", "POST", LimitClass.EXPENSIVE),
    Route(f"{paths.INTERVIEW}/start", "interview", "POST", LimitClass.EXPENSIVE),
    Route(f"{paths.INTERVIEW}/{{}}/answer", "interview", "POST", LimitClass.EXPENSIVE),
    # mails that were written instead of sent: auth has them only in local use, without a mail server
    Route(f"{paths.AUTH}/mailbox{BELOW}", "auth", public=True),
    Route(f"{paths.AUTH}{BELOW}", "auth"),
    Route(f"{paths.RESUME}{BELOW}", "resume"),
    Route(f"{paths.TASKS}{BELOW}", "resume"),
    Route(f"{paths.INTERVIEW}{BELOW}", "interview"),
)
"""The first that matches counts."""

_fixed = {(route.method, route.pattern): route for route in ROUTES if "{}" not in route.pattern}
_patterns = tuple(
    (route.method, route.expression, route)
    for route in ROUTES
    if "{}" in route.pattern or BELOW in route.pattern
)


def resolve(method: str, path: str) -> Route | None:
    """Return the route of a request, None when no service has it. A slash at the end makes no difference."""
    plain = path.rstrip("/")
    fixed = _fixed.get((method, plain)) or _fixed.get((None, plain))
    if fixed:
        return fixed
    for taken, expression, route in _patterns:
        if taken in (None, method) and expression.fullmatch(plain):
            return route
    return None
