"""Who is behind a connection: the address and scheme a client has, as far as our own proxies vouch for it."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from gateway.request import RequestContext

Network = IPv4Network | IPv6Network


def _is_trusted(address: str, trusts: list[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in trusts)
    except ValueError:
        return False


def _peer(context: RequestContext) -> str:
    client = context.scope.get("client")
    return str(client[0]) if client else "unknown"


def address(context: RequestContext, trusts: list[Network]) -> str:
    """Return the client's address: the nearest one that is not a proxy of ours."""
    nearest = _peer(context)
    if not _is_trusted(nearest, trusts):
        return nearest
    claimed = [
        part.strip() for line in context.headers.getlist("x-forwarded-for") for part in line.split(",")
    ]
    for address in reversed(claimed):
        try:
            ip_address(address)
        except ValueError:
            return nearest
        nearest = address
        if not _is_trusted(nearest, trusts):
            return nearest
    return nearest


def scheme(context: RequestContext, trusts: list[Network]) -> str:
    """Return `http` or `https`, as a trusted proxy says or as the connection is."""
    claimed = context.headers.get("x-forwarded-proto", "")
    if claimed in ("http", "https") and _is_trusted(_peer(context), trusts):
        return claimed
    return str(context.scope.get("scheme", "http"))


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
