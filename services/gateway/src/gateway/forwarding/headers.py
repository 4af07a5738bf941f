"""Which headers cross the gateway: nothing that speaks for one connection, nothing that claims who somebody is."""

from collections.abc import Iterable

from common import telemetry
from gateway.request import RequestContext

Pairs = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
CLAIMS = (b"x-user-", b"x-internal-", b"x-forwarded-")
OURS = frozenset(
    {
        b"x-user",
        b"x-internal",
        b"x-forwarded",
        b"forwarded",
        b"x-real-ip",
        b"x-request-id",
        b"traceparent",
        b"tracestate",
        b"baggage",
        b"host",
        b"content-length",
        b"expect",
        # another method or address than the one that was counted
        b"x-http-method-override",
        b"x-http-method",
        b"x-method-override",
        b"x-original-url",
        b"x-rewrite-url",
    }
)


def _named_by_connection(raw: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    return {
        token.strip().lower()
        for name, value in raw
        if name.lower() == b"connection"
        for token in value.split(b",")
    }


def _crosses(name: bytes, dropped: set[bytes]) -> bool:
    plain = name.lower()
    dashed = plain.replace(b"_", b"-")
    return not (plain in dropped or dashed in HOP_BY_HOP or dashed in OURS or dashed.startswith(CLAIMS))


def to_service(context: RequestContext, upstream_host: bytes, length: bytes | None) -> Pairs:
    """Return the headers a service sees; `length` is the body's, None where there is none."""
    raw = context.headers.raw
    dropped = _named_by_connection(raw)
    pairs = [(b"host", upstream_host)]
    pairs += [(name, value) for name, value in raw if _crosses(name, dropped)]
    pairs += [
        (name.encode(), value.encode()) for name, value in telemetry.carrier().items() if name != "baggage"
    ]
    pairs += [
        (b"x-request-id", context.request_id.encode()),
        (b"x-forwarded-for", context.client.address.encode()),
        (b"x-forwarded-proto", context.client.scheme.encode()),
        (b"x-forwarded-host", context.headers.get("host", "").encode("latin-1")),
    ]
    if length is not None:
        pairs.append((b"content-length", length))
    return pairs


def to_client(raw: Iterable[tuple[bytes, bytes]], upstream: bytes) -> Pairs:
    """Return the headers a client sees of a service's answer; a redirection to the service becomes one to here."""
    pairs = list(raw)
    dropped = HOP_BY_HOP | _named_by_connection(pairs) | {b"server", b"date"}
    return [
        (name, value.removeprefix(upstream) if name.lower() == b"location" else value)
        for name, value in pairs
        if name.lower() not in dropped
    ]
