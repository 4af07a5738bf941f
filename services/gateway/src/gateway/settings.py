"""The gateway's settings: where the services are, who may call from where, how much and how long."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AnyHttpUrl, BeforeValidator, Field
from pydantic_settings import NoDecode

from common import settings
from gateway.limits import Limit, Limits

MEGABYTE = 1024 * 1024


def _listed(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _networks(value: object) -> object:
    listed = _listed(value)
    if isinstance(listed, (list, tuple)):
        return [ip_network(each, strict=False) if isinstance(each, str) else each for each in listed]
    return listed


def _limit(value: object) -> object:
    return Limit.parse(value) if isinstance(value, str) else value


LimitSetting = Annotated[Limit, NoDecode, BeforeValidator(_limit)]
Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_networks)]


class Settings(settings.Settings):
    """What the gateway reads from the environment. Times are seconds, sizes bytes, limits `count/seconds`."""

    service: str = "gateway"

    auth_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8101")
    resume_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8102")
    interview_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8103")

    cors_origins: Listed = Field(default_factory=list)
    trusted_proxies: Networks = Field(default_factory=list)

    limit_credentials: LimitSetting = Limit(10, 60)
    limit_costly: LimitSetting = Limit(30, 60)
    limit_general_user: LimitSetting = Limit(300, 60)
    limit_general_address: LimitSetting = Limit(60, 60)

    max_body: int = Field(default=MEGABYTE, ge=1)
    max_upload: int = Field(default=6 * MEGABYTE, ge=1)

    upstream_deadline: float = Field(default=60.0, gt=0, description="From the request to the answer's head.")
    stream_silence: float = Field(default=120.0, gt=0, description="Between two parts of an answer.")
    connect_timeout: float = Field(default=2.0, gt=0)
    redis_timeout: float = Field(default=0.25, gt=0)
    redis_pause: float = Field(default=1.0, ge=0, description="How long a Redis that failed is left alone.")

    @property
    def upstreams(self) -> dict[str, str]:
        """The base URL of each service, without a slash at its end."""
        urls = {"auth": self.auth_url, "resume": self.resume_url, "interview": self.interview_url}
        return {name: str(url).rstrip("/") for name, url in urls.items()}

    @property
    def limits(self) -> Limits:
        """The limits of all classes."""
        return Limits(
            credentials=self.limit_credentials,
            costly=self.limit_costly,
            general_user=self.limit_general_user,
            general_address=self.limit_general_address,
        )
