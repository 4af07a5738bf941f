"""The Makefile's words to somebody whose machine is not ready yet."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[1] / "Makefile"
OLD_PYTHON = """#!/bin/sh
if [ "$1" = --version ]; then echo Python 3.10.13; else exit 1; fi
"""
UV = """#!/bin/sh
echo "$@" >>uv.txt
"""
PYTHON_WITH_PIP = """#!/bin/sh
echo "$@" >>python.txt
if [ "$2" = pip ]; then mkdir -p .tools/bin && cp uv.sh .tools/bin/uv; fi
"""
MEMBERS = (
    *(f"libs/{name}" for name in ("common", "llm", "testkit", "devstack")),
    *(f"services/{name}" for name in ("auth", "resume", "interview", "gateway")),
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    for member in MEMBERS:
        (tmp_path / member).mkdir(parents=True)
        (tmp_path / member / "pyproject.toml").touch()
    return tmp_path


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make(checkout: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    bare = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=checkout, env=bare, capture_output=True, text=True, check=False)


def test_a_python_that_is_too_old_is_named_and_nothing_is_made(checkout: Path) -> None:
    script(checkout / "old", OLD_PYTHON)
    done = make(checkout, "setup", "PYTHON=./old")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed, ./old is Python 3.10.13" in done.stdout
    assert not (checkout / ".venv").exists()


def test_an_environment_that_was_never_finished_can_be_cleaned_away(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", OLD_PYTHON)
    assert make(checkout, "clean").returncode == 0
    assert not (checkout / ".venv").exists()


def test_the_locks_are_made_where_uv_was_never_fetched(checkout: Path) -> None:
    script(checkout / "uv.sh", UV)
    script(checkout / "python", PYTHON_WITH_PIP)
    assert make(checkout, "lock", "PYTHON=./python").returncode == 0
    assert (checkout / "python.txt").read_text().endswith("deploy/lock .tools/bin/uv\n")


@pytest.mark.parametrize("command", ["migration", "dead-letters", "parked"])
def test_what_a_command_needs_is_said(checkout: Path, command: str) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".ready").touch()
    done = make(checkout, command)
    assert done.returncode != 0
    assert "set SERVICE, DATABASE_URL and " in done.stdout


def test_a_service_to_work_on_is_named(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", '#!/bin/sh\necho "$@"\n')
    (checkout / ".venv" / ".ready").touch()
    unnamed = make(checkout, "dev")
    assert unnamed.returncode != 0
    assert "set SERVICE, such as: make dev SERVICE=interview" in unnamed.stdout
    assert make(checkout, "dev", "SERVICE=gateway").stdout == "-m devstack dev gateway\n"


def test_a_message_keeps_its_apostrophe(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", '#!/bin/sh\necho "$@"\n')
    (checkout / ".venv" / ".ready").touch()
    done = make(checkout, "migration", "SERVICE=auth", "DATABASE_URL=x", "MESSAGE=add a user's column")
    assert done.stdout == "-m auth revision add a user's column\n"


@pytest.mark.parametrize("command", ["service", "service-remove"])
def test_a_service_needs_a_name_and_only_its_removal_is_forced(checkout: Path, command: str) -> None:
    script(checkout / ".venv" / "bin" / "python", '#!/bin/sh\necho "$@"\n')
    (checkout / ".venv" / ".ready").touch()
    unnamed = make(checkout, command)
    assert unnamed.returncode != 0
    assert f"set NAME, such as: make {command} NAME=payments" in unnamed.stdout
    forced = make(checkout, command, "NAME=payments", "FORCE=1")
    option = " --force" if command == "service-remove" else ""
    assert forced.stdout.splitlines()[0] == f"-m devstack {command} payments{option}"
