"""Which pages of other sites may call from a browser: the listed ones, no wildcard."""

from starlette.datastructures import Headers

from gateway.errors import OriginNotAllowed
from gateway.request import RequestContext

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Request-ID, traceparent"
)
EXPOSED = "Content-Disposition, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
PREFLIGHT_SECONDS = 600


class Cors:
    """The list of origins, and the headers that go with it."""

    def __init__(self, origins: list[str]) -> None:
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    @staticmethod
    def is_preflight(context: RequestContext) -> bool:
        """Return True when a browser asks whether a page may call."""
        headers = context.headers
        return (
            context.method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
        )

    def preflight(self, context: RequestContext) -> dict[str, str]:
        """Return the headers of the permission.

        Raises:
            OriginNotAllowed: the page's site is not listed.
        """
        if context.headers["origin"] not in self._origins:
            raise OriginNotAllowed
        return {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }

    def headers(self, headers: Headers) -> dict[str, str]:
        """Return what every response to a listed page carries; nothing for others."""
        origin = headers.get("origin")
        if origin is None or origin not in self._origins:
            return {"Vary": "Origin"} if self._origins else {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED,
            "Vary": "Origin",
        }
