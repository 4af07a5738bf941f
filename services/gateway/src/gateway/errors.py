"""What the gateway itself refuses or can't do, each with its status and what the caller can do about it."""

import math

from common.errors import DomainError, EntityNotFoundError, ServiceUnavailableError
from gateway.limits import Rule, Standing


class NothingHere(EntityNotFoundError):
    """No service has that address."""

    title = "There is nothing at this address"


class MalformedRequest(DomainError):
    """The request's address or headers are not ones that mean the same to everybody who reads them."""

    status = 400
    code = "malformed_request"
    title = "The request is malformed"


class OriginNotAllowed(DomainError):
    """A browser asks for a page of a site that is not listed."""

    status = 403
    code = "origin_not_allowed"
    title = "This site may not call from a browser"


class BodyTooSlow(DomainError):
    """The body did not arrive in time."""

    status = 408
    code = "body_too_slow"
    title = "The request's body did not arrive in time"


class BodyTooLarge(DomainError):
    """The body is larger than the route takes."""

    status = 413
    code = "body_too_large"
    title = "The body is too large"


class AddressTooLong(DomainError):
    """The address is longer than any of ours."""

    status = 414
    code = "address_too_long"
    title = "The address is too long"


class TooManyRequests(DomainError):
    """The caller's share is spent for the moment."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, rule: Rule, standing: Standing) -> None:
        limit, wait = rule.limit, math.ceil(standing.retry_after)
        super().__init__(
            f"At most {limit.count} requests in {limit.seconds} seconds are taken here; try again in {wait} s.",
            retry_after=wait,
        )


class HeadersTooLarge(DomainError):
    """The headers are more or longer than any client needs."""

    status = 431
    code = "headers_too_large"
    title = "The headers are too large"


class UpstreamGone(ServiceUnavailableError):
    """A service can't be reached, or went away before it answered."""

    code = "service_unavailable"
    title = "This part is not available at the moment"


class UpstreamSlow(DomainError):
    """A service did not answer before the deadline."""

    status = 504
    code = "service_too_slow"
    title = "This part did not answer in time"


class ClientGone(Exception):
    """The client left before its answer was complete."""


class UpstreamCut(Exception):
    """A service's answer broke off in the middle: the client must not take it for a whole one."""
