"""Settings come from the environment, as people write them there."""

import importlib
from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from gateway.access.rate_limits import Limit
from gateway.edge import Edge
from gateway.settings import Settings


def test_lists_and_limits_are_written_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8,::1")
    monkeypatch.setenv("LIMIT_CREDENTIALS", "1000/60")
    monkeypatch.setenv("AUTH_URL", "http://auth:8000/")
    settings = Settings()
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.trusted_proxies == [ip_network("10.0.0.0/8"), ip_network("::1/128")]
    assert settings.limits.credentials == Limit(1000, 60)
    assert settings.upstreams["auth"] == "http://auth:8000"


def test_workers_are_those_whose_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_WORKER_URL", "http://auth-worker:8000/")
    assert Settings().workers == {"auth": "http://auth-worker:8000"}


def test_production_asks_no_worker_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("AUTH_WORKER_URL", "http://127.0.0.1:8111")
    with pytest.raises(ValidationError, match="AUTH_WORKER_URL"):
        Settings()


def test_defaults_are_those_of_the_interface() -> None:
    limits = Settings().limits
    assert (limits.credentials, limits.expensive) == (Limit(10, 60), Limit(30, 60))
    assert (limits.general_user, limits.general_address) == (Limit(300, 60), Limit(60, 60))


@pytest.mark.parametrize(
    ("name", "value"), [("LIMIT_COSTLY", "many"), ("TRUSTED_PROXIES", "everybody"), ("AUTH_URL", "auth")]
)
def test_a_setting_that_makes_no_sense_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    ("networks", "refused"),
    [
        ("10.0.0.0/8,fd00::/8,2001:db8::/32", False),
        ("::/0", True),
        ("0.0.0.0/1,128.0.0.0/1", True),
        ("2000::/3", True),
    ],
)
def test_proxies_that_could_be_anybody_are_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, networks: str, refused: bool
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("TRUSTED_PROXIES", networks)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert ("TRUSTED_PROXIES" in str(caught.value)) == refused


def test_the_process_starts_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE", "gateway")
    assert isinstance(importlib.import_module("gateway.main").app, Edge)


@pytest.mark.parametrize(
    ("environment", "public_url", "hosts"),
    [
        ("production", "https://practice.example", ["practice.example", "api.example:8443"]),
        ("production", "http://practice.example:8080/", ["practice.example:8080", "api.example:8443"]),
        ("production", "https://[2001:db8::1]/", ["[2001:db8::1]", "api.example:8443"]),
        (
            "local",
            "https://practice.example",
            ["practice.example", "api.example:8443", "localhost", "127.0.0.1", "[::1]"],
        ),
    ],
)
def test_the_hosts_are_the_published_one_the_listed_ones_and_locally_the_machine(
    environment: str, public_url: str, hosts: list[str]
) -> None:
    settings = Settings.model_validate(
        {
            "environment": environment,
            "public_url": public_url,
            "allowed_hosts": "api.example:8443",
            "production_allows": "loopback_upstreams,passwordless_redis,plain_public_url",
        }
    )
    assert settings.hosts == hosts
