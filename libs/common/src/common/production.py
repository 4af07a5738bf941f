"""What production refuses to start with: every problem named by its setting, all in one message."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

SHORTEST_PASSWORD = 12
SHORTEST_KEY = 20
SAMPLES = {"secret", "password", "postgres", "redis", "test", "admin", "interviewace", "key", "api-key"}
SAMPLE_STARTS = ("local-", "your-", "your_", "my-", "my_", "sk-...", "...", "<")
SAMPLE_PARTS = ("changeme", "change-me", "change_me", "sample", "placeholder")


class Allowance(StrEnum):
    """What an operator may have a reason for, by the name that PRODUCTION_ALLOWS takes."""

    DEBUG_LOGS = "debug_logs"
    LOOPBACK_UPSTREAMS = "loopback_upstreams"
    PASSWORDLESS_DATABASE = "passwordless_database"
    PASSWORDLESS_REDIS = "passwordless_redis"
    PLAIN_PUBLIC_URL = "plain_public_url"
    READABLE_KEY_FILE = "readable_key_file"
    SMTP_WITHOUT_TLS = "smtp_without_tls"
    UNVERIFIED_EMAIL = "unverified_email"
    WIDE_TRUSTED_PROXIES = "wide_trusted_proxies"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a setting, without its value, and the name that allows it, where anything does."""

    text: str
    allowance: Allowance | None = None

    def __str__(self) -> str:
        return f"{self.text}, or allow {self.allowance}" if self.allowance else self.text


def refusal(process: str, problems: Iterable[Problem], allowed: Iterable[str]) -> str | None:
    """Return the message that lists every problem which is not allowed, or None where there is none."""
    names = set(allowed)
    lines = [str(problem) for problem in problems if problem.allowance not in names]
    if unknown := sorted(names - set(Allowance)):
        lines.append(f"PRODUCTION_ALLOWS knows no {', '.join(unknown)}; it knows {', '.join(Allowance)}")
    if not lines:
        return None
    head = f"{process} does not start in production, which it is in unless ENVIRONMENT=local:"
    foot = "What a line offers to allow is put into PRODUCTION_ALLOWS, separated by commas."
    return "\n".join(
        [head, *(f"- {line}" for line in lines), *([foot] if "or allow" in " ".join(lines) else [])]
    )


def is_sample(secret: str) -> bool:
    """Tell whether a secret is one of those that examples, compose files and tutorials show."""
    text = secret.casefold()
    if text in SAMPLES or text.startswith(SAMPLE_STARTS) or len(set(text)) == 1:
        return True
    return any(part in text for part in SAMPLE_PARTS)


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine itself."""
    name = (host or "").strip("[]").casefold().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def password_problems(setting: str, url: str, passwordless: Allowance | None) -> Iterator[Problem]:
    """Find out what is wrong with the password in a server's URL; `passwordless` is None where it needs none."""
    parts = urlsplit(url)
    password = unquote(parts.password or "") or parse_qs(parts.query).get("password", [""])[0]
    if not password:
        if passwordless is not None:
            yield Problem(f"{setting} has no password: put one into the URL", passwordless)
    elif is_sample(password) or password == parts.username:
        yield Problem(f"{setting} has a sample password: set one of your own")
    elif len(password) < SHORTEST_PASSWORD:
        yield Problem(
            f"{setting} has a password of fewer than {SHORTEST_PASSWORD} characters: set a longer one"
        )


def public_url_problems(url: str) -> Iterator[Problem]:
    """Find out whether PUBLIC_URL is an address that a person elsewhere can follow, unread by others."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname):
        yield Problem("PUBLIC_URL leads to this machine: set the public one", Allowance.PLAIN_PUBLIC_URL)
    elif parts.scheme != "https":
        yield Problem(
            "PUBLIC_URL is not https: links in mails carry secrets, and so does every request",
            Allowance.PLAIN_PUBLIC_URL,
        )


def key_problems(setting: str, key: SecretStr | None) -> Iterator[Problem]:
    """Find out whether a provider's key is a sample, or too short to be a key."""
    if key is not None and (is_sample(key.get_secret_value()) or len(key.get_secret_value()) < SHORTEST_KEY):
        yield Problem(f"{setting} is no real key: set the provider's, or leave it empty")


def address_problems(setting: str, hosts: Iterable[str | None], *, is_set: bool) -> Iterator[Problem]:
    """Find out whether the address of another process is that of this machine, as the defaults are."""
    if any(is_loopback(host) for host in hosts):
        what = "leads to this machine itself" if is_set else "is not set"
        yield Problem(f"{setting} {what}: set the address of that server", Allowance.LOOPBACK_UPSTREAMS)
