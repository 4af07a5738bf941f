"""Which service answers which prefix, which routes are open to everybody, which take a file."""

import re
from dataclasses import dataclass

AUTH = "/api/v1/auth"


@dataclass(frozen=True)
class Prefix:
    """A part of the address space and the service it belongs to."""

    path: str
    service: str

    def covers(self, path: str) -> bool:
        """Return True when `path` is the prefix itself or lies under it."""
        return path == self.path or path.startswith(f"{self.path}/")


PREFIXES = (
    Prefix(AUTH, "auth"),
    Prefix("/api/v1/resume", "resume"),
    Prefix("/api/v1/tasks", "resume"),
    Prefix("/api/v1/interview", "interview"),
)

SERVICES = ("auth", "resume", "interview")

CREDENTIALS = frozenset(
    f"{AUTH}/{name}"
    for name in (
        "register",
        "verify-email",
        "resend-verification",
        "login",
        "refresh",
        "forgot-password",
        "reset-password",
    )
)
PROVING = frozenset({("POST", f"{AUTH}/change-password"), ("DELETE", f"{AUTH}/me")})
"""Where somebody signed in is asked for the password again: it could be guessed there as well."""

PUBLIC = CREDENTIALS | {f"{AUTH}/.well-known/jwks.json"}
MAILBOX = Prefix(f"{AUTH}/mailbox", "auth")
"""Mails that were written instead of sent: auth has this only in local use, without a mail server."""

COSTLY = re.compile(
    r"/api/v1/resume/upload|/api/v1/resume/[^/]+/reparse|/api/v1/interview/start|/api/v1/interview/[^/]+/answer"
)
UPLOAD = "/api/v1/resume/upload"


def match(path: str) -> Prefix | None:
    """Return the prefix a path lies under, or None when no service has it."""
    return next((prefix for prefix in PREFIXES if prefix.covers(path)), None)


def plain(path: str) -> str:
    """Return a path as rules name it: without a slash at its end."""
    return path.rstrip("/")


def is_public(path: str) -> bool:
    """Return True for the routes that need no token."""
    return plain(path) in PUBLIC or MAILBOX.covers(path)


def is_upload(method: str, path: str) -> bool:
    """Return True for the one route whose body is a file."""
    return method == "POST" and plain(path) == UPLOAD
