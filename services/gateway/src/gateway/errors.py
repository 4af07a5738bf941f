"""What the gateway itself refuses or can't do, each with its status and what the caller can do about it."""

from collections.abc import Mapping

from common.errors import DomainError, EntityNotFoundError, ServiceUnavailableError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that are taken somewhere."""


class NothingHere(EntityNotFoundError):
    """No service has that address."""

    title = "There is nothing at this address"


class Refusal(DomainError):
    """What is refused before anything is decided by it. Its connection ends with it: what follows can't be trusted."""

    headers: Mapping[str, str] = {"Connection": "close"}


class MalformedRequest(Refusal):
    """The request's address or headers are not ones that mean the same to everybody who reads them."""

    status = 400
    code = "malformed_request"
    title = "The request is malformed"


class OriginNotAllowed(DomainError):
    """A browser asks for a page of a site that is not listed."""

    status = 403
    code = "origin_not_allowed"
    title = "This site may not call from a browser"


class WrongHost(Refusal):
    """The request is for a host that is not ours."""

    status = 421
    code = "wrong_host"
    title = "This host is not served here"


class MethodNotTaken(Refusal):
    """A method that is known, and taken at no address of ours."""

    status = 405
    code = "method_not_allowed"
    title = "This method is taken nowhere here"
    headers: Mapping[str, str] = {"Connection": "close", "Allow": ", ".join(METHODS)}


class MethodUnknown(Refusal):
    """A method that nobody here knows; methods are case-sensitive."""

    status = 501
    code = "method_unknown"
    title = "This method is not known"


class EncodingNotTaken(Refusal):
    """The body is compressed."""

    status = 415
    code = "content_encoding_not_taken"
    title = "The body must not be encoded"
    headers: Mapping[str, str] = {"Connection": "close", "Accept-Encoding": "identity"}


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    status = 408
    code = "body_too_slow"
    title = "The request's body did not arrive in time"


class BodyTooLarge(Refusal):
    """The body is larger than the route takes."""

    status = 413
    code = "body_too_large"
    title = "The body is too large"


class AddressTooLong(Refusal):
    """The address is longer than any of ours."""

    status = 414
    code = "address_too_long"
    title = "The address is too long"


class TooManyAtOnce(DomainError):
    """The caller has too many requests under way."""

    status = 429
    code = "too_many_at_once"
    title = "Too many requests at once"


class BuffersFull(ServiceUnavailableError):
    """There is no room for another body at the moment."""

    code = "buffers_full"
    title = "Too much is being sent at the moment; try again shortly"


class HeadersTooLarge(Refusal):
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
    """The client left before its response was complete."""


class UpstreamCut(Exception):
    """A service's answer broke off in the middle: the client must not take it for a whole one."""
