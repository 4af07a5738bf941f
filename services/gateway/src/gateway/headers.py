"""Which headers cross the gateway: nothing that speaks for one connection, nothing that claims who somebody is."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from common import telemetry
from gateway.exchange import Exchange

Pairs = list[tuple[bytes, bytes]]
Network = IPv4Network | IPv6Network

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


def to_service(
    exchange: Exchange, upstream_host: bytes, length: bytes | None, trusts: list[Network]
) -> Pairs:
    """Return the headers a service sees; `length` is the body's, None where there is none."""
    raw = exchange.headers.raw
    dropped = _named_by_connection(raw)
    pairs = [(b"host", upstream_host)]
    pairs += [(name, value) for name, value in raw if _crosses(name, dropped)]
    pairs += [
        (name.encode(), value.encode()) for name, value in telemetry.carrier().items() if name != "baggage"
    ]
    pairs += [
        (b"x-request-id", exchange.request_id.encode()),
        (b"x-forwarded-for", exchange.address.encode()),
        (b"x-forwarded-proto", scheme(exchange, trusts).encode()),
        (b"x-forwarded-host", exchange.headers.get("host", "").encode("latin-1")),
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


def _is_trusted(address: str, trusts: list[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in trusts)
    except ValueError:
        return False


def _peer(exchange: Exchange) -> str:
    client = exchange.scope.get("client")
    return str(client[0]) if client else "unknown"


def address(exchange: Exchange, trusts: list[Network]) -> str:
    """Return the client's address: the nearest one that is not a proxy of ours."""
    nearest = _peer(exchange)
    if not _is_trusted(nearest, trusts):
        return nearest
    claimed = [
        part.strip() for line in exchange.headers.getlist("x-forwarded-for") for part in line.split(",")
    ]
    for each in reversed(claimed):
        try:
            ip_address(each)
        except ValueError:
            return nearest
        nearest = each
        if not _is_trusted(nearest, trusts):
            return nearest
    return nearest


def scheme(exchange: Exchange, trusts: list[Network]) -> str:
    """Return `http` or `https`, as a trusted proxy says or as the connection is."""
    claimed = exchange.headers.get("x-forwarded-proto", "")
    if claimed in ("http", "https") and _is_trusted(_peer(exchange), trusts):
        return claimed
    return str(exchange.scope.get("scheme", "http"))


def subscriber(address: str) -> str:
    """Return what a limit by address counts: an IPv4 address, or the /64 an IPv6 subscriber has to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, 64), strict=False))
    return address
