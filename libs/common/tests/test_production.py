"""What counts as a sample, as this machine, and as a password that will do."""

import pytest
from pydantic import SecretStr

from common import production
from common.production import Allowance, Problem
from common.provision import ProvisionSettings


@pytest.mark.parametrize(
    "secret", ["local-auth", "ChangeMe-please", "<password>", "your-api-key", "sk-...", "x" * 40]
)
def test_a_secret_that_examples_show_is_a_sample(secret):
    assert production.is_sample(secret)


@pytest.mark.parametrize("secret", ["uP8vQ2mXw4Zr", "correct<horse...battery", "sk-proj-4fV9sLq0ZtY2mB7cXw"])
def test_a_secret_of_ones_own_is_none(secret):
    assert not production.is_sample(secret)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST.", "a.localhost", "::1", "[::1]", "0.0.0.0"]
)
def test_this_machine_is_known_by_every_name(host):
    assert production.is_loopback(host)


@pytest.mark.parametrize("host", ["db", "10.0.0.1", "localhost.example", "", None])
def test_another_machine_is_another(host):
    assert not production.is_loopback(host)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://auth@db/x", "has no password"),
        ("postgresql://auth:local-auth@db/x", "has a sample password"),
        ("postgresql://interview-service:interview-service@db/x", "has a sample password"),
        ("postgresql://auth:chang%65me-now-please@db/x", "has a sample password"),
        ("postgresql://auth@db/x?password=local-auth", "has a sample password"),
        ("postgresql://auth:uP8vQ2mX@db/x", "has a password of fewer than 12 characters"),
    ],
)
def test_a_password_that_will_not_do_is_named_without_itself(url, reason):
    [problem] = production.password_problems("DATABASE_URL", url, Allowance.PASSWORDLESS_DATABASE)
    assert reason in str(problem)
    assert "uP8vQ2mX" not in str(problem)


@pytest.mark.parametrize(
    "url", ["postgresql://auth:uP8vQ2mXw4Zr@db/x", "postgresql://auth@db/x?password=uP8vQ2mXw4Zr"]
)
def test_a_password_that_will_do_is_no_problem(url):
    assert list(production.password_problems("DATABASE_URL", url, Allowance.PASSWORDLESS_DATABASE)) == []


def test_a_relay_needs_no_password():
    assert list(production.password_problems("SMTP_URL", "smtps://relay", None)) == []


def test_a_key_is_asked_for_where_one_is_set():
    assert [str(problem)[:3] for problem in production.key_problems("KEY", SecretStr("short"))] == ["KEY"]
    assert list(production.key_problems("KEY", None)) == []


def test_what_is_allowed_is_left_out_and_what_is_not_says_how():
    problems = [Problem("A is weak"), Problem("B is plain", Allowance.PLAIN_PUBLIC_URL)]
    message = production.refusal("auth", problems, [])
    assert message.splitlines()[1:3] == ["- A is weak", "- B is plain, or allow plain_public_url"]
    assert "PRODUCTION_ALLOWS" in message
    assert "B is plain" not in production.refusal("auth", problems, ["plain_public_url"])
    assert production.refusal("auth", problems[1:], ["plain_public_url"]) is None


def test_a_name_that_allows_nothing_is_refused():
    assert "knows no weak_hashing" in production.refusal("auth", [], ["weak_hashing"])


def test_provisioning_takes_passwords_of_ones_own_and_no_samples():
    urls = {
        "postgres_admin_url": "postgresql://postgres:uP8vQ2mXw4Zr@db/postgres",
        "provision_database_urls": "postgresql://auth:8sKq0LmVt3Ya@db/x",
    }
    assert ProvisionSettings(environment="production", **urls).service_urls == [
        "postgresql://auth:8sKq0LmVt3Ya@db/x"
    ]
    urls["provision_database_urls"] += ",postgresql://resume:local-resume@db/x"
    with pytest.raises(ValueError, match="for resume, has a sample password"):
        ProvisionSettings(environment="production", **urls)
