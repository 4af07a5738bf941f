"""What each process says when it is started with what production refuses, and that it starts with what is right."""

import asyncio
import os
import sys

import pytest
from pydantic import ValidationError

from auth.keys import make_key_file
from auth.settings import Settings as AuthSettings
from common.production import Allowance
from gateway.routes import SERVICES
from gateway.settings import Settings as GatewaySettings
from interview.settings import Settings as InterviewSettings
from resume.settings import Settings as ResumeSettings
from testkit.containers import free_port

pytestmark = pytest.mark.slow

SETTINGS = {
    "auth": AuthSettings,
    "resume": ResumeSettings,
    "interview": InterviewSettings,
    "gateway": GatewaySettings,
}
SECRETS = ("local-auth", "local-redis", "local-postgres", "hunter2-mail", "changeme", "trustno1")
WEAK = {
    "REDIS_URL": "redis://:local-redis@cache/0",
    "JWKS_URL": "http://127.0.0.1:8101/keys",
    "LOG_LEVEL": "DEBUG",
    "DATABASE_URL": "postgresql://auth:local-auth@db/interviewace",
    "EMAIL_VERIFICATION": "off",
    "PUBLIC_URL": "http://localhost:8080",
    "SMTP_URL": "smtp://us:hunter2-mail@mail",
    "BCRYPT_ROUNDS": "10",
    "OPENAI_API_KEY": "changeme",
    "GEMINI_API_KEY": "trustno1",
    "CORS_ORIGINS": "https://a.example,*",
    "TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0",
    "PRODUCTION_ALLOWS": "whatever",
}
EVERYWHERE = ["REDIS_URL has a sample password", "LOG_LEVEL=DEBUG", "PRODUCTION_ALLOWS knows no whatever"]
WITH_A_DATABASE = [*EVERYWHERE, "DATABASE_URL has a sample password", "KAFKA_BOOTSTRAP_SERVERS is not set"]
OF_MAIL = [
    "SMTP_URL sends mails unencrypted",
    "PUBLIC_URL leads to this machine",
    "EMAIL_VERIFICATION is off",
]
OF_KEYS = ["SIGNING_KEY_FILE may be read by others", "RETIRED_KEY_FILE names", "BCRYPT_ROUNDS is under 12"]
REFUSED = {
    "auth": [*WITH_A_DATABASE, *OF_KEYS, *OF_MAIL],
    "resume": [*WITH_A_DATABASE, "JWKS_URL leads to this machine"],
    "interview": [
        *WITH_A_DATABASE,
        "JWKS_URL leads",
        "OPENAI_API_KEY is no real",
        "GEMINI_API_KEY is no real",
    ],
    "gateway": [
        *EVERYWHERE,
        "JWKS_URL leads to this machine",
        "PUBLIC_URL leads to this machine",
        *(f"{name.upper()}_URL is not set" for name in SERVICES),
        "CORS_ORIGINS lets pages of any site call",
        "TRUSTED_PROXIES lets anybody say who they are",
    ],
}
SOUND = {
    "ENVIRONMENT": "production",
    "REDIS_URL": "rediss://:uP8vQ2mXw4Zr@cache/0",
    "JWKS_URL": "http://auth:8000/keys",
    "DATABASE_URL": "postgresql://auth:uP8vQ2mXw4Zr@db/interviewace",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092,kafka-2:9092",
    "PUBLIC_URL": "https://practice.example",
    "SMTP_URL": "smtp+starttls://us:uP8vQ2mXw4Zr@mail",
    "OPENAI_API_KEY": "sk-proj-4fV9sLq0ZtY2mB7cXw",
    "CORS_ORIGINS": "https://a.example",
    "TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8",
    **{f"{name.upper()}_URL": f"http://{name}:8000" for name in SERVICES},
}


@pytest.fixture
def start(tmp_path):
    """Start a process with this environment alone; return its exit code and everything it said."""

    async def run(*arguments, **environment):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments),
            env={"PATH": os.environ["PATH"]} | environment,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    return run


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "auth.pem"
    make_key_file(path)
    return path


def granian(service, target="app"):
    options = ("--interface", "asgi", "--host", "127.0.0.1", "--port", str(free_port()), "--workers", "1")
    return ("-m", "granian", *options, f"{service}.main:{target}")


@pytest.mark.parametrize("service", SETTINGS)
async def test_a_process_names_everything_that_production_refuses_at_once(start, key_file, service):
    key_file.chmod(0o644)
    keys = {"SIGNING_KEY_FILE": str(key_file), "RETIRED_KEY_FILE": "none.pem"}
    code, output = await start(*granian(service), **WEAK, **keys)
    assert code != 0
    _, marker, message = output.partition(f"{service} does not start in production")
    assert marker, output
    lines = [line for line in message.splitlines() if line.startswith("- ")]
    assert {name for name in REFUSED[service] if name not in message} == set()
    assert len(lines) == len(REFUSED[service]), message
    assert not [secret for secret in SECRETS if secret in output]


async def test_a_worker_and_a_command_refuse_as_well(start):
    for arguments in (granian("resume", "worker"), ("-m", "resume", "migrate"), ("-m", "auth", "migrate")):
        code, output = await start(*arguments, **WEAK)
        assert code != 0
        assert "DATABASE_URL has a sample password" in output


async def test_provisioning_refuses_passwords_that_everybody_knows(start):
    urls = "postgresql://auth:local-auth@db/x,postgresql://resume@db/x,postgresql://interview:trustno1@db/x"
    admin = "postgresql://postgres:local-postgres@db/postgres"
    code, output = await start(
        "-m", "common.provision", POSTGRES_ADMIN_URL=admin, PROVISION_DATABASE_URLS=urls
    )
    assert code != 0
    lines = [line for line in output.splitlines() if line.startswith("- ")]
    assert [line.split(":")[0] for line in lines] == [
        "- POSTGRES_ADMIN_URL has a sample password",
        "- PROVISION_DATABASE_URLS, for auth, has a sample password",
        "- PROVISION_DATABASE_URLS, for resume, has no password",
        "- PROVISION_DATABASE_URLS, for interview, has a password of fewer than 12 characters",
    ]
    assert not [secret for secret in SECRETS if secret in output]


@pytest.mark.parametrize("service", SETTINGS)
async def test_sound_settings_are_taken(start, key_file, service):
    code, output = await start("-c", f"import {service}.main", **SOUND, SIGNING_KEY_FILE=str(key_file))
    assert (code, output) == (0, "")


ALLOWED = {
    Allowance.DEBUG_LOGS: ("auth", {"LOG_LEVEL": "DEBUG"}),
    Allowance.LOOPBACK_UPSTREAMS: ("gateway", {"AUTH_URL": "http://127.0.0.1:8101"}),
    Allowance.PASSWORDLESS_DATABASE: ("resume", {"DATABASE_URL": "postgresql://resume@db/interviewace"}),
    Allowance.PASSWORDLESS_REDIS: ("gateway", {"REDIS_URL": "redis://cache/0"}),
    Allowance.PLAIN_PUBLIC_URL: ("auth", {"PUBLIC_URL": "http://practice.example"}),
    Allowance.READABLE_KEY_FILE: ("auth", {}),
    Allowance.SMTP_WITHOUT_TLS: ("auth", {"SMTP_URL": "smtp://relay"}),
    Allowance.UNVERIFIED_EMAIL: ("auth", {"EMAIL_VERIFICATION": "off"}),
    Allowance.WIDE_TRUSTED_PROXIES: ("gateway", {"TRUSTED_PROXIES": "::/0"}),
}


@pytest.mark.parametrize("allowance", Allowance)
def test_what_an_operator_may_have_a_reason_for_passes_by_its_name_alone(
    tmp_path, key_file, monkeypatch, allowance
):
    readable = tmp_path / "readable.pem"
    make_key_file(readable)
    readable.chmod(0o640)
    service, values = ALLOWED[allowance]
    keys = {"SIGNING_KEY_FILE": str(readable if allowance is Allowance.READABLE_KEY_FILE else key_file)}
    for name, value in (SOUND | keys | values).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=f", or allow {allowance}\n"):
        SETTINGS[service]()
    monkeypatch.setenv("PRODUCTION_ALLOWS", allowance)
    assert SETTINGS[service]().environment == "production"


def test_a_server_of_ones_own_may_take_any_key(monkeypatch):
    for name, value in (SOUND | {"OPENAI_API_KEY": "none", "GEMINI_API_KEY": "none"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match="GEMINI_API_KEY is no real key"):
        SETTINGS["interview"]()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models:8000/v1")
    monkeypatch.setenv("GEMINI_BASE_URL", "http://models:8000")
    assert SETTINGS["interview"]().environment == "production"


async def test_an_environment_that_is_not_set_is_production(start):
    code, output = await start("-c", "import gateway.main")
    assert code != 0
    assert "AUTH_URL is not set" in output
    assert (await start("-c", "import gateway.main", ENVIRONMENT="local"))[0] == 0
