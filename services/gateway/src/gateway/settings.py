"""The gateway's settings: where the services are, who may call from where, how much and how long."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AnyHttpUrl, BeforeValidator, Field
from pydantic_settings import NoDecode

from common import production, settings
from common.production import Allowance, Problem
from common.settings import Listed, listed
from gateway import routes
from gateway.access.rate_limits import Limit, Limits

MEGABYTE = 1024 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
WIDEST_NETWORKS = {4: 8, 6: 32}
"""The shortest prefix of a network of proxies, by version of IP; private networks of version 6 may be larger."""


def _networks(value: object) -> object:
    values = listed(value)
    if isinstance(values, (list, tuple)):
        return [ip_network(value, strict=False) if isinstance(value, str) else value for value in values]
    return values


def _is_wide(network: IPv4Network | IPv6Network) -> bool:
    if network.version == 6 and network.is_private:
        return False
    return network.prefixlen < WIDEST_NETWORKS[network.version]


def _limit(value: object) -> object:
    return Limit.parse(value) if isinstance(value, str) else value


LimitSetting = Annotated[Limit, NoDecode, BeforeValidator(_limit)]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_networks)]


class Settings(settings.Settings):
    """What the gateway reads from the environment. Times are seconds, sizes bytes, limits `count/seconds`."""

    service: str = "gateway"

    auth_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8101")
    resume_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8102")
    interview_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8103")

    auth_worker_url: AnyHttpUrl | None = None
    resume_worker_url: AnyHttpUrl | None = None
    interview_worker_url: AnyHttpUrl | None = None

    public_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8080")
    allowed_hosts: Listed = Field(
        default_factory=list,
        description="Hosts served besides PUBLIC_URL's; one without a port is meant with any.",
    )

    cors_origins: Listed = Field(default_factory=list)
    trusted_proxies: Networks = Field(default_factory=list)

    limit_credentials: LimitSetting = Limit(10, 60)
    limit_costly: LimitSetting = Limit(30, 60)
    limit_general_user: LimitSetting = Limit(300, 60)
    limit_general_address: LimitSetting = Limit(60, 60)

    max_body: int = Field(default=MEGABYTE, ge=1)
    max_upload: int = Field(default=6 * MEGABYTE, ge=1)

    max_buffered: int = Field(default=128 * MEGABYTE, ge=1, description="Bodies held at once, all together.")
    body_grace: float = Field(default=10.0, gt=0, description="In which a body may come as it likes.")
    body_rate: int = Field(default=8 * 1024, ge=1, description="Bytes a second it has to come at afterwards.")

    concurrency_person: int = Field(default=64, ge=1, description="Requests under way of one person.")
    concurrency_uploads: int = Field(default=4, ge=1, description="Uploads under way of one person.")
    concurrency_address: int = Field(default=512, ge=1, description="Requests under way from one address.")

    circuit_failures: int = Field(default=5, ge=1, description="In a row, before a service is left alone.")
    circuit_suspicion: float = Field(
        default=5.0, gt=0, description="Without a response, before a service is asked whether it lives."
    )
    upstream_deadline: float = Field(
        default=60.0, gt=0, description="For the body; then for the response's head."
    )
    stream_silence: float = Field(default=120.0, gt=0, description="Between two parts of a response.")
    connect_timeout: float = Field(default=2.0, gt=0)
    redis_timeout: float = Field(default=0.25, gt=0)
    redis_pause: float = Field(default=1.0, ge=0, description="How long a Redis that failed is left alone.")

    @property
    def upstreams(self) -> dict[str, str]:
        """The base URL of each service, without a slash at its end."""
        return {name: str(getattr(self, f"{name}_url")).rstrip("/") for name in routes.SERVICES}

    @property
    def workers(self) -> dict[str, str]:
        """The base URL of each service's worker that `/ready` is to show, without a slash at its end."""
        urls = {name: getattr(self, f"{name}_worker_url") for name in routes.SERVICES}
        return {name: str(url).rstrip("/") for name, url in urls.items() if url}

    def production_problems(self) -> Iterator[Problem]:
        """Find out about addresses that were left as they are, and callers and proxies that could be anybody."""
        yield from super().production_problems()
        for name in (f"{service}_url" for service in routes.SERVICES):
            host = getattr(self, name).host
            yield from production.address_problems(name.upper(), [host], is_set=name in self.model_fields_set)
        for name in (f"{service}_worker_url" for service in self.workers):
            yield from production.address_problems(name.upper(), [getattr(self, name).host], is_set=True)
        yield from production.public_url_problems(str(self.public_url))
        if {"*", "null"} & set(self.cors_origins):
            yield Problem("CORS_ORIGINS lets pages of any site call: list the sites")
        if any(_is_wide(network) for network in self.trusted_proxies):
            text = "TRUSTED_PROXIES lets anybody say who they are: list your proxies' own networks"
            yield Problem(text, Allowance.WIDE_TRUSTED_PROXIES)

    @property
    def hosts(self) -> list[str]:
        """The hosts that requests may be for: the published one, the listed ones, locally the machine itself."""
        url = self.public_url
        usual = {"http": 80, "https": 443}[url.scheme] == url.port
        published = str(url.host) if usual else f"{url.host}:{url.port}"
        loopback = LOOPBACK if self.environment == "local" else ()
        return [published, *self.allowed_hosts, *loopback]

    @property
    def limits(self) -> Limits:
        """The limits of all classes."""
        return Limits(
            credentials=self.limit_credentials,
            expensive=self.limit_costly,
            general_user=self.limit_general_user,
            general_address=self.limit_general_address,
        )
