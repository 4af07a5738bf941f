"""The hosts requests may be for: anything else is not ours, whoever sent it here."""

import re
from collections.abc import Iterable

from common.web.middleware import QUIET_PATHS
from gateway.errors import MalformedRequest, WrongHost
from gateway.request import RequestContext

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


class Hosts:
    """The list of hosts. A host without a port is meant with any port."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def check(self, context: RequestContext) -> None:
        """Let a request through whose host is listed; probes know only an address and are asked for none.

        Raises:
            MalformedRequest: what it names is not a host.
            WrongHost: it is not one of ours.
        """
        host = context.headers["host"].lower()
        match = HOST.fullmatch(host)
        if not match:
            raise MalformedRequest("Host must be a name or an address, with a port where need be.")
        if host in self._hosts or match["name"] in self._hosts or context.path in QUIET_PATHS:
            return
        raise WrongHost("Ask for the address that this platform is published under.")
