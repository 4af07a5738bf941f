"""Requests that could mean one thing to the gateway and another to a service are refused before anything is decided."""

import re
from urllib.parse import unquote

from gateway.errors import AddressTooLong, HeadersTooLarge, MalformedRequest
from gateway.exchange import Exchange

MAX_ADDRESS = 8 * 1024
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100

DUBIOUS = re.compile(rb"//|\\|%2f|%5c|%[01]|%7f|[\x00-\x20\x7f-\xff]|%(?![0-9a-f]{2})", re.IGNORECASE)
DOTS = frozenset({".", ".."})


def check(exchange: Exchange) -> str:
    """Return the decoded path that routing, authorisation and the service all see.

    Raises:
        AddressTooLong, HeadersTooLarge, MalformedRequest: the request is not taken.
    """
    _check_headers(exchange)
    raw = exchange.raw_path
    if len(raw) + len(exchange.query) > MAX_ADDRESS:
        raise AddressTooLong(f"An address may have at most {MAX_ADDRESS} bytes.")
    if not raw.startswith(b"/") or DUBIOUS.search(raw):
        raise MalformedRequest("The path holds characters or an encoding that is not taken.")
    try:
        path = unquote(raw.decode("ascii"), errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedRequest("The path is not UTF-8.") from error
    if DOTS.intersection(path.split("/")):
        raise MalformedRequest("The path must not hold '.' or '..'.")
    return path


def _check_headers(exchange: Exchange) -> None:
    raw = exchange.headers.raw
    if len(raw) > MAX_HEADERS or sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes in all are taken.")
    names = [name.lower() for name, _ in raw]
    lengths = names.count(b"content-length")
    if names.count(b"host") > 1 or not (
        exchange.headers.get("host") or exchange.scope["http_version"] == "2"
    ):
        raise MalformedRequest("A request names exactly one Host.")
    if lengths > 1 or (lengths and b"transfer-encoding" in names):
        raise MalformedRequest("A request says the length of its body in exactly one way.")
    if lengths and not exchange.headers["content-length"].isdecimal():
        raise MalformedRequest("Content-Length must be a number.")
