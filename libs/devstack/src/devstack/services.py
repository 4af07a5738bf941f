"""What the stack is made of: each process, its environment, and what has to run before."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from devstack import forking, passwords
from devstack.infrastructure import Addresses
from devstack.ports import Ports
from devstack.probes import http_ok, http_response
from devstack.process import Program

SERVICES = (
    "auth",
    "resume",
    "interview",
)
WORKERS = tuple(f"{service} worker" for service in SERVICES)
LOCAL_SESSION_TIMEOUT_MS = "2000"
"""The broker from the wheel lets a consumer join only after half of its session timeout or more."""

SHARED_IMPORTS = (
    "common.serve",
    "common.web.app",
    "common.web.tasks_api",
    "common.worker.app",
    "common.cli",
    "common.provision",
)
"""What every process of a service imports. The gateway has none of it, and starts by itself."""

GATEWAY_SERVER = {
    "GRANIAN_BACKLOG": "8192",
    "GRANIAN_BACKPRESSURE": "8192",
    "GRANIAN_HTTP1_BUFFER_SIZE": "65536",
}
"""Room for many connections that wait: with granian's own 1024 as many idle ones, of nobody signed in, take it all."""


@dataclass(frozen=True)
class Plan:
    """Steps run one after another (the programs of a step at once), then the tiers of processes start.

    `broker_steps` run again, and `broker_readers` restart, after the broker lost its log. `imports` are the modules
    that forked programs share; the `early` processes need no step and start beside them.
    """

    steps: Sequence[Sequence[Program]] = ()
    tiers: Sequence[Sequence[Program]] = ()
    broker_steps: Sequence[Sequence[Program]] = ()
    broker_readers: Sequence[str] = field(default=())
    imports: Sequence[str] = ()
    early: Sequence[str] = ()


@dataclass(frozen=True)
class Site:
    """Where a stack is set up: its folder, ports and servers, and variables that win over everything.

    Who knows `mailbox_token` reads the mails that this run writes instead of sending; auth alone is told.
    """

    folder: Path
    ports: Ports
    addresses: Addresses
    env: Mapping[str, str]
    mailbox_token: str = ""

    @property
    def database_urls(self) -> dict[str, str]:
        """Each service's own login to the one database."""
        server = urlsplit(self.addresses.postgres_admin_url)
        secret = passwords.load_or_make(self.folder / "passwords.json", SERVICES)
        return {
            name: f"postgresql://{name}:{secret[name]}@{server.hostname}:{server.port or 5432}/interviewace"
            for name in SERVICES
        }


def plan(site: Site) -> Plan:
    """The whole of InterviewAce."""
    urls = site.database_urls
    provision_env = {
        "ENVIRONMENT": "local",
        "POSTGRES_ADMIN_URL": site.addresses.postgres_admin_url,
        "PROVISION_DATABASE_URLS": ",".join(urls.values()),
        "KAFKA_BOOTSTRAP_SERVERS": site.addresses.kafka_bootstrap,
    }
    provision = _command("provision", ["common.provision"], inherited() | provision_env | dict(site.env))
    environments = {name: _service_environment(site, name, urls[name]) for name in SERVICES}

    def for_each_service(verb: str) -> list[Program]:
        return [_command(f"{name} {verb}", [name, verb], environments[name]) for name in SERVICES]

    def servers(role: str, target: str, suffix: str) -> list[Program]:
        return [
            _server(
                f"{name} {role}",
                f"{name}.main:{target}",
                getattr(site.ports, name + suffix),
                environments[name] | _metrics(site, name + suffix),
                forked=forking.POSSIBLE,
            )
            for name in SERVICES
        ]

    gateway = _server(
        "gateway",
        "gateway.main:app",
        site.ports.gateway,
        _gateway_environment(site) | _metrics(site, "gateway"),
    )
    return Plan(
        steps=[[provision], for_each_service("migrate")],
        tiers=[servers("api", "app", ""), servers("worker", "worker", "_worker"), [gateway]],
        broker_steps=[[provision], for_each_service("republish")],
        broker_readers=WORKERS,
        imports=SHARED_IMPORTS if forking.POSSIBLE else (),
        early=("gateway",),
    )


def _metrics(site: Site, process: str) -> dict[str, str]:
    return {"METRICS_PORT": str(getattr(site.ports, f"{process}_metrics"))}


def _service_environment(site: Site, service: str, database_url: str) -> dict[str, str]:
    wiring = _wiring(site, service) | {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": site.addresses.kafka_bootstrap,
        "KAFKA_IDEMPOTENCE": str(site.addresses.kafka_idempotence).lower(),
    }
    if service == "auth":
        wiring["SIGNING_KEY_FILE"] = str(_private(site.folder / "keys") / "auth.pem")
        wiring["MAILBOX_TOKEN"] = site.mailbox_token
        wiring["MAIL_FOLDER"] = str(_private(site.folder / "mail"))
    usual = {"EMAIL_VERIFICATION": "off", "PUBLIC_URL": f"http://127.0.0.1:{site.ports.gateway}"}
    if not site.addresses.kafka_idempotence:
        usual["KAFKA_SESSION_TIMEOUT_MS"] = LOCAL_SESSION_TIMEOUT_MS
    return usual | inherited() | wiring | dict(site.env)


def _gateway_environment(site: Site) -> dict[str, str]:
    upstreams = {
        f"{process.upper()}_URL": f"http://127.0.0.1:{getattr(site.ports, process)}"
        for name in SERVICES
        for process in (name, f"{name}_worker")
    }
    return GATEWAY_SERVER | inherited() | _wiring(site, "gateway") | upstreams | dict(site.env)


def inherited() -> dict[str, str]:
    """Our own environment, without what it says of the user's other Postgres (PGSSLMODE=require keeps out of ours).

    Never without compiled modules: ten processes that each compile them anew take 3 s longer to start, each. Where
    Python is told not to write them beside the sources, they go to the environment.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "__pycache__"))
    return environment


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _wiring(site: Site, service: str) -> dict[str, str]:
    return {
        "SERVICE": service,
        "ENVIRONMENT": "local",
        "REDIS_URL": site.addresses.redis_url,
        "JWKS_URL": f"http://127.0.0.1:{site.ports.auth}/api/v1/auth/.well-known/jwks.json",
        "PYTHONUNBUFFERED": "1",
        "REVISION": revision(),
    }


@cache
def revision() -> str:
    """The commit that is run, with `-dirty` where files are changed; nothing outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _server(name: str, target: str, port: int, env: Mapping[str, str], *, forked: bool = False) -> Program:
    command = [sys.executable, "-m", "common.serve", "--port", str(port), target]
    env = {"STOP_SECONDS": "10"} | dict(env)
    return Program(
        name,
        command,
        partial(http_ok, port),
        port,
        env,
        explain=partial(http_response, port),
        forked=forked,
        patience=120,
    )


def _command(name: str, module_and_arguments: Sequence[str], env: Mapping[str, str]) -> Program:
    async def done() -> bool:
        return False

    return Program(
        name,
        [sys.executable, "-m", *module_and_arguments],
        done,
        0,
        env,
        forked=forking.POSSIBLE,
        patience=120,
    )
