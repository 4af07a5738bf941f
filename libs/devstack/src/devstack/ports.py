"""Which port each process listens on, and who is in the way."""

import contextlib
import errno
import os
import random
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import psutil

from devstack.errors import PortTaken


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
        names = {field.name: variable(field.name) for field in fields(cls)}
        return cls(**{name: int(environment[key]) for name, key in names.items() if environment.get(key)})

    def settled(self) -> Self:
        """The same with every zero replaced by a free port. Raises PortTaken for a port somebody listens on."""
        given = asdict(self)
        for name, port in given.items():
            if port:
                require_free(port, variable(name))
        return type(self)(**settle(given))


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


def require_free(port: int, variable_name: str) -> None:
    """Raise PortTaken, naming the owner where the system tells, when a port can't be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = (
                f"is taken by {_owner(port)}"
                if error.errno == errno.EADDRINUSE
                else f"can't be used ({error.strerror})"
            )
            raise PortTaken(f"port {port} {why}; free it or set {variable_name}=...") from None


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
