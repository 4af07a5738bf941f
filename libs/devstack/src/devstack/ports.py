"""Which port each process listens on, and who is in the way."""

import contextlib
import errno
import os
import random
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import psutil

from devstack.errors import NotAPort, PortTaken


@dataclass(frozen=True)
class Ports:
    """All on 127.0.0.1. Zero stands for a free one, picked by `settled`."""

    gateway: int = 8080
    auth: int = 8101
    auth_worker: int = 8111
    resume: int = 8102
    resume_worker: int = 8112
    interview: int = 8103
    interview_worker: int = 8113
    gateway_metrics: int = 9180
    auth_metrics: int = 9181
    auth_worker_metrics: int = 9191
    resume_metrics: int = 9182
    resume_worker_metrics: int = 9192
    interview_metrics: int = 9183
    interview_worker_metrics: int = 9193
    devstack_postgres: int = 15432
    devstack_redis: int = 16379
    devstack_kafka: int = 19092

    @classmethod
    def free(cls) -> Self:
        """Every port is picked by the system: for tests."""
        return cls(**dict.fromkeys((field.name for field in fields(cls)), 0))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """GATEWAY_PORT, AUTH_PORT, AUTH_WORKER_PORT ..., DEVSTACK_POSTGRES_PORT; the defaults where unset."""
        return cls(**given(asdict(cls()), environment))

    def settled(self) -> Self:
        """The same with every zero replaced by a free port. Raises NotAPort or PortTaken."""
        given = asdict(self)
        require_free(given)
        return type(self)(**settle(given))


def given(defaults: Mapping[str, int], environment: Mapping[str, str]) -> dict[str, int]:
    """Return each port as its variable sets it, the default where that is unset or empty. Raises NotAPort."""
    values = {name: environment.get(variable(name)) for name in defaults}
    return {
        name: _number(variable(name), value) if value else defaults[name] for name, value in values.items()
    }


def variable(name: str) -> str:
    """The environment variable that sets a port."""
    return f"{name.upper()}_PORT"


def settle(ports: Mapping[str, int]) -> dict[str, int]:
    """Replace zeros by free ports, all different.

    They lie below the range the system gives to outgoing connections: no client, not even one that keeps trying
    to reach a server that is down, can sit on them before the server does.
    """
    with contextlib.ExitStack() as held:
        return {name: port or _free_port(held) for name, port in ports.items()}


def require_free(ports: Mapping[str, int]) -> None:
    """Raise PortTaken with a line for each port that can't be had, naming its owner where the system tells.

    Zeros are left aside. Raises NotAPort where two processes would share one: both would be let in, and each get
    some of the other's requests.
    """
    given = {name: port for name, port in ports.items() if port}
    for port, count in Counter(given.values()).items():
        if count > 1:
            names = ", ".join(variable(name) for name in given if given[name] == port)
            raise NotAPort(f"port {port} is set more than once: {names}")
    obstacles = {name: _obstacle(port) for name, port in given.items()}
    lines = [
        f"port {given[name]} {obstacle}; free it or set {variable(name)}=..."
        for name, obstacle in obstacles.items()
        if obstacle
    ]
    if lines:
        raise PortTaken("\n          ".join(lines))


def _obstacle(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return f"is taken by {_owner(port)}" if taken else f"can't be used ({error.strerror})"
    return None


def _number(variable_name: str, value: str) -> int:
    if value.isdecimal() and int(value) < 65_536:
        return int(value)
    raise NotAPort(f"{variable_name}={value}: a port is a number below 65536, or 0 for a free one")


def _free_port(held: contextlib.ExitStack) -> int:
    while True:
        probe = held.enter_context(socket.socket())
        port = random.randrange(20_000, 32_000)  # noqa: S311 - not a secret
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _owner(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listens and connection.pid:
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another process"
