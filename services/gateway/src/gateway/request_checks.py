"""Requests that could mean one thing to the gateway and another to a service are refused before anything is decided."""

import re
from urllib.parse import unquote

from common.errors import AuthenticationError
from gateway.errors import (
    METHODS,
    AddressTooLong,
    EncodingNotTaken,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotTaken,
    MethodUnknown,
)
from gateway.request import RequestContext

MAX_ADDRESS = 8 * 1024
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100

TAKEN = frozenset(METHODS)
KNOWN = frozenset({"CONNECT", "TRACE"})
"""Known and never taken: one makes a tunnel, the other tells what headers a request arrived with."""

SINGLE = frozenset({b"host", b"content-length", b"content-type", b"content-encoding", b"idempotency-key"})
"""Where two readers could each take another one of two."""

DUBIOUS = re.compile(rb"//|\\|%2f|%5c|%[01]|%7f|[\x00-\x20\x7f-\xff]|%(?![0-9a-f]{2})", re.IGNORECASE)
NOT_PLAIN = re.compile(rb"[\x00-\x20\x7f-\xff]")
DOTS = frozenset({".", ".."})


def check(context: RequestContext) -> str:
    """Return the decoded path that routing, authorisation and the service all see.

    Raises:
        Refusal: the request is not taken.
        AuthenticationError: it says twice who it is of.
    """
    _check_method(context.method)
    _check_headers(context)
    raw = context.raw_path
    if len(raw) + len(context.query) > MAX_ADDRESS:
        raise AddressTooLong(f"An address may have at most {MAX_ADDRESS} bytes.")
    if not raw.startswith(b"/") or DUBIOUS.search(raw):
        raise MalformedRequest("The path holds characters or an encoding that is not taken.")
    if NOT_PLAIN.search(context.query):
        raise MalformedRequest("The query holds characters that have to be percent-encoded.")
    try:
        path = unquote(raw.decode("ascii"), errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedRequest("The path is not UTF-8.") from error
    if DOTS.intersection(path.split("/")):
        raise MalformedRequest("The path must not hold '.' or '..'.")
    return path


def _check_method(method: str) -> None:
    if method in TAKEN:
        return
    if method in KNOWN:
        raise MethodNotTaken(f"{method} is taken at no address here.")
    raise MethodUnknown("Methods are written as they are defined, in capitals.")


def _check_headers(context: RequestContext) -> None:
    raw = context.headers.raw
    if len(raw) > MAX_HEADERS or sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes in all are taken.")
    names = [name.lower() for name, _ in raw]
    if not context.headers.get("host"):
        raise MalformedRequest("A request names exactly one Host.")
    if len(set(names)) < len(names):
        _check_repeated(names)
    if b"content-length" in names or b"transfer-encoding" in names:
        _check_framing(context, names)
    if context.headers.get("content-encoding", "identity").lower() != "identity":
        raise EncodingNotTaken("Send the body as it is, without Content-Encoding.")


def _check_repeated(names: list[bytes]) -> None:
    for name in SINGLE:
        if names.count(name) > 1:
            raise MalformedRequest(f"{name.decode().title()} is taken once.")
    if names.count(b"authorization") > 1:
        raise AuthenticationError("Send one Authorization header.")


def _check_framing(context: RequestContext, names: list[bytes]) -> None:
    if b"transfer-encoding" in names:
        if b"content-length" in names:
            raise MalformedRequest("A request says the length of its body in exactly one way.")
        if [value.strip().lower() for value in context.headers.getlist("transfer-encoding")] != ["chunked"]:
            raise MalformedRequest("Of transfer encodings only one `chunked` is taken.")
    elif not context.headers["content-length"].isdecimal():
        raise MalformedRequest("Content-Length must be a number.")
