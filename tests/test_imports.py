"""What a process holds: the packages of what it does, and none of what others do."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "services" / "gateway" / "requirements.lock"
HEAVY = ("sqlalchemy", "asyncpg", "alembic", "aiokafka", "faststream", "pgqueuer", "openai", "google.genai")
DISTRIBUTIONS = frozenset(name.replace(".", "-") for name in HEAVY)
SURROUNDINGS = {
    "ENVIRONMENT": "local",
    "SERVICE": "interview",
    "DATABASE_URL": "postgresql://interview:secret@127.0.0.1:1/interviewace",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "JWKS_URL": "http://127.0.0.1:1/jwks.json",
    **{f"{service}_URL": "http://127.0.0.1:1" for service in ("AUTH", "RESUME", "INTERVIEW")},
}


def modules_after_importing(
    module: str, *, python: str = sys.executable, env: dict[str, str] | None = None
) -> set[str]:
    """The names of the heavy packages that a fresh interpreter holds once it has imported a module."""
    code = (
        f"import json, sys, {module}; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    result = subprocess.run(
        [python, "-c", code],
        env={"PATH": os.environ["PATH"]} | SURROUNDINGS | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def uv() -> str | None:
    """The installer that `make setup` uses."""
    return shutil.which("uv", path=f"{os.environ['PATH']}:{ROOT / '.tools' / 'bin'}")


def test_the_gateway_imports_no_database_no_kafka_and_no_model() -> None:
    assert modules_after_importing("gateway.main") == set()


def test_interview_imports_no_model_where_none_is_configured() -> None:
    modules = modules_after_importing("interview.main")
    assert "sqlalchemy" in modules
    assert modules.isdisjoint({"openai", "google.genai"})


@pytest.mark.parametrize(
    ("variable", "value", "package"),
    [
        ("OPENAI_API_KEY", "sk-test", "openai"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1", "openai"),
        ("GEMINI_API_KEY", "test", "google.genai"),
        ("GEMINI_BASE_URL", "http://127.0.0.1:1", "google.genai"),
    ],
)
def test_interview_imports_the_model_that_is_configured_alone(
    variable: str, value: str, package: str
) -> None:
    modules = modules_after_importing("interview.main", env={variable: value})
    assert modules & {"openai", "google.genai"} == {package}


def test_the_lock_of_the_gateway_holds_no_database_no_kafka_and_no_model() -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE))
    assert "fastapi" in names
    assert names.isdisjoint(DISTRIBUTIONS)


def test_the_gateway_imports_with_nothing_but_its_lock(tmp_path: Path) -> None:
    installer = uv()
    if installer is None:
        pytest.skip("uv is not here to build the gateway's environment with")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([installer, "venv", "-q", "--python", sys.executable, tmp_path / "venv"], check=True)
    install = [installer, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", LOCK]
    outcome = subprocess.run(install, capture_output=True, text=True, check=False, timeout=120)
    if "fetch" in outcome.stderr or "connect" in outcome.stderr:
        pytest.skip("the registry is not here to build the gateway's environment from")
    assert outcome.returncode == 0, outcome.stderr
    sources = f"{ROOT / 'libs/common/src'}:{ROOT / 'services/gateway/src'}"
    assert modules_after_importing("gateway.main", python=str(python), env={"PYTHONPATH": sources}) == set()
