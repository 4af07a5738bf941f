"""Who is behind a connection: the address and scheme a client has, as far as our own proxies vouch for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class ClientInfo:
    """The client's address, `http` or `https`, and what a limit by address counts.

    The subscriber is an IPv4 address, or the /64 an IPv6 subscriber has to itself.
    """

    address: str
    scheme: str
    subscriber: str


def of(scope: Scope, headers: Headers, trusts: Sequence[Network]) -> ClientInfo:
    """Return what is known of a request's client; `trusts` are the networks our own proxies are in."""
    client = scope.get("client")
    peer = str(client[0]) if client else "unknown"
    scheme = str(scope.get("scheme", "http"))
    if not _is_trusted(peer, trusts):
        return ClientInfo(peer, scheme, _subscriber(peer))
    address = _nearest(peer, headers.getlist("x-forwarded-for"), trusts)
    claimed = headers.get("x-forwarded-proto", "")
    return ClientInfo(address, claimed if claimed in ("http", "https") else scheme, _subscriber(address))


def _nearest(peer: str, lines: Sequence[str], trusts: Sequence[Network]) -> str:
    """Return the nearest address that is not a proxy of ours."""
    claimed = [part.strip() for line in lines for part in line.split(",")]
    nearest = peer
    for address in reversed(claimed):
        try:
            ip_address(address)
        except ValueError:
            return nearest
        nearest = address
        if not _is_trusted(nearest, trusts):
            return nearest
    return nearest


def _is_trusted(address: str, trusts: Sequence[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in trusts)
    except ValueError:
        return False


def _subscriber(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, 64), strict=False))
    return address
