"""What each process of InterviewAce is told by its environment."""

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devstack import dotenv, passwords, services
from devstack.errors import NotAPort
from devstack.infrastructure import Addresses
from devstack.ports import Ports
from devstack.process import Program
from devstack.services import SERVICES, Site, plan

ADDRESSES = Addresses(
    "postgresql://postgres:top@127.0.0.1:15432/postgres", "redis://:r@127.0.0.1:1/0", "b:1", False
)


def site(folder: Path, **changes: object) -> Site:
    return replace(Site(folder, Ports(), ADDRESSES, {}), **changes)  # type: ignore[arg-type]


def programs(at: Site) -> dict[str, Program]:
    return {program.name: program for tier in plan(at).tiers for program in tier}


def test_every_service_runs_as_api_and_worker_and_the_gateway_once(tmp_path: Path) -> None:
    made = programs(site(tmp_path))
    ports = vars(Ports())
    assert {"auth", "resume", "interview"} <= set(SERVICES)
    assert {name: program.port for name, program in made.items()} == {
        **{f"{name} api": ports[name] for name in SERVICES},
        **{f"{name} worker": ports[f"{name}_worker"] for name in SERVICES},
        "gateway": 8080,
    }
    assert (made["auth api"].port, made["interview worker"].port) == (8101, 8113)
    assert made["resume worker"].command[-1] == "resume.main:worker"
    assert made["gateway"].command[-1] == "gateway.main:app"


def test_each_service_gets_its_own_login_and_only_auth_the_signing_key(tmp_path: Path) -> None:
    made = programs(site(tmp_path))
    urls = {name: made[f"{name} api"].env["DATABASE_URL"] for name in SERVICES}
    assert all(url.startswith(f"postgresql://{name}:") for name, url in urls.items())
    assert len({url.split(":")[2].split("@")[0] for url in urls.values()}) == len(SERVICES)
    assert [name for name, program in made.items() if "SIGNING_KEY_FILE" in program.env] == [
        "auth api",
        "auth worker",
    ]
    assert "DATABASE_URL" not in made["gateway"].env


def test_keys_mails_and_passwords_are_kept_from_others(tmp_path: Path) -> None:
    env = programs(site(tmp_path))["auth worker"].env
    kept = (tmp_path / "passwords.json", Path(env["MAIL_FOLDER"]), Path(env["SIGNING_KEY_FILE"]).parent)
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600, 0o700, 0o700]


def test_only_auth_is_told_the_token_of_the_mailbox(tmp_path: Path) -> None:
    made = programs(site(tmp_path, mailbox_token="of-this-run"))
    tokens = {name: program.env.get("MAILBOX_TOKEN") for name, program in made.items()}
    assert {name for name, token in tokens.items() if token} == {"auth api", "auth worker"}
    assert tokens["auth api"] == "of-this-run"


def test_links_in_mails_lead_to_the_gateway_unless_the_user_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    assert programs(site(tmp_path))["auth worker"].env["PUBLIC_URL"] == "http://127.0.0.1:8080"
    monkeypatch.setenv("PUBLIC_URL", "https://practice.example")
    assert programs(site(tmp_path))["auth worker"].env["PUBLIC_URL"] == "https://practice.example"


def test_compiled_modules_are_kept_even_where_python_is_told_not_to_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    env = programs(site(tmp_path))["gateway"].env
    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert env["PYTHONPYCACHEPREFIX"].startswith(sys.prefix)


def test_what_the_environment_says_of_another_postgres_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    made = [*programs(site(tmp_path)).values(), *plan(site(tmp_path)).steps[0]]
    assert not any("PGSSLMODE" in program.env for program in made)


def test_a_full_disk_costs_no_password(tmp_path: Path) -> None:
    known = passwords.load_or_make(tmp_path / "passwords.json", ["postgres"])
    (tmp_path / "passwords.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        passwords.load_or_make(tmp_path / "passwords.json", ["postgres", "redis"])
    assert passwords.load_or_make(tmp_path / "passwords.json", ["postgres"]) == known


def test_passwords_stay_the_same_from_one_start_to_the_next(tmp_path: Path) -> None:
    assert site(tmp_path).database_urls == site(tmp_path).database_urls


def test_provisioning_gets_the_administrator_and_every_login(tmp_path: Path) -> None:
    [[provision], migrations] = plan(site(tmp_path)).steps
    assert provision.env["POSTGRES_ADMIN_URL"] == ADDRESSES.postgres_admin_url
    assert provision.env["PROVISION_DATABASE_URLS"].count("@127.0.0.1:15432/interviewace") == len(SERVICES)
    assert [" ".join(program.command[1:]) for program in migrations] == [
        f"-m {name} migrate" for name in SERVICES
    ]


def test_outside_of_a_checkout_no_commit_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert services.revision.__wrapped__() == ""
    monkeypatch.setenv("PATH", "")
    assert services.revision.__wrapped__() == ""


def test_the_gateway_is_told_where_the_services_are(tmp_path: Path) -> None:
    env = programs(site(tmp_path, ports=replace(Ports(), resume=9000)))["gateway"].env
    assert env["AUTH_URL"] == "http://127.0.0.1:8101"
    assert env["RESUME_URL"] == "http://127.0.0.1:9000"
    assert env["RESUME_WORKER_URL"] == "http://127.0.0.1:8112"
    assert env["JWKS_URL"] == "http://127.0.0.1:8101/api/v1/auth/.well-known/jwks.json"


def test_the_users_environment_passes_through_but_not_over_the_wiring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("EMAIL_VERIFICATION", "required")
    env = programs(site(tmp_path, env={"TASK_CONCURRENCY": "1"}))["auth worker"].env
    assert env["OPENAI_API_KEY"] == "mine"
    assert env["REDIS_URL"] == ADDRESSES.redis_url
    assert env["EMAIL_VERIFICATION"] == "required"
    assert env["TASK_CONCURRENCY"] == "1"


def test_every_process_and_step_is_told_that_it_is_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    at = site(tmp_path)
    every = [*programs(at).values(), *(program for step in plan(at).steps for program in step)]
    assert {program.name: program.env["ENVIRONMENT"] for program in every} == dict.fromkeys(
        (program.name for program in every), "local"
    )


def test_what_the_broker_can_take_decides_idempotence_and_patience(tmp_path: Path) -> None:
    wheel = programs(site(tmp_path))["auth worker"].env
    assert (wheel["KAFKA_IDEMPOTENCE"], wheel["KAFKA_SESSION_TIMEOUT_MS"]) == ("false", "2000")
    kafka = programs(site(tmp_path, addresses=replace(ADDRESSES, kafka_idempotence=True)))["auth worker"].env
    assert kafka["KAFKA_IDEMPOTENCE"] == "true"
    assert "KAFKA_SESSION_TIMEOUT_MS" not in kafka


def test_every_port_can_be_set_by_its_variable() -> None:
    ports = Ports.from_environment(
        {"GATEWAY_PORT": "9999", "AUTH_WORKER_PORT": "9998", "DEVSTACK_KAFKA_PORT": "1234"}
    )
    assert ports == replace(Ports(), gateway=9999, auth_worker=9998, devstack_kafka=1234)


@pytest.mark.parametrize("value", ["http", "-1", "65536"])
def test_what_is_no_port_is_named_with_its_variable(value: str) -> None:
    with pytest.raises(NotAPort, match=f"AUTH_PORT={value}: a port is a number below 65536"):
        Ports.from_environment({"AUTH_PORT": value})


def test_one_port_for_two_processes_is_refused() -> None:
    with pytest.raises(NotAPort, match="port 8300 is set more than once: AUTH_PORT, RESUME_PORT"):
        replace(Ports.free(), auth=8300, resume=8300).settled()


def test_free_ports_are_all_different() -> None:
    ports = Ports.free().settled()
    assert len(set(vars(ports).values())) == len(vars(ports)) >= 10
    assert 0 not in vars(ports).values()


def test_the_env_file_adds_what_is_not_set_yet(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# keys\nOPENAI_API_KEY=from-file\nexport LOG_LEVEL='DEBUG'  # loud\nSMTP_URL=\"smtp://a # b\"\n"
        "GEMINI_MODEL = flash # cheap\n\nnonsense\n#OFF=1\n"
    )
    environment = {"OPENAI_API_KEY": "set"}
    dotenv.load(tmp_path / ".env", environment)
    assert environment == {
        "OPENAI_API_KEY": "set",
        "LOG_LEVEL": "DEBUG",
        "SMTP_URL": "smtp://a # b",
        "GEMINI_MODEL": "flash",
    }


def test_a_missing_env_file_changes_nothing(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    dotenv.load(tmp_path / ".env", environment)
    assert environment == {}
