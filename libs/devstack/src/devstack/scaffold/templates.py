"""The files of a new service, from the templates beside this module and from what the other services have."""

import re
import subprocess
import sys
from pathlib import Path

from devstack.scaffold.errors import NotWhereExpected

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".tmpl"
MIGRATIONS = "libs/common/src/common/db/migrations.py"
SHARED_TABLES = re.compile(r"^def (\w+_v\d+)\(op\b", re.MULTILINE)
"""The functions that make the tables every service has, as they now stand when all are called in order."""


def new_files(name: str, root: Path) -> dict[str, str]:
    """Return the files of the service by their path in the checkout at `root`."""
    files = _filled("new", name, {"shared_tables": _shared_tables(root)})
    files = {path: _in_style(text, path, name, root) for path, text in files.items()}
    files[f"services/{name}/migrations/script.py.mako"] = _alike(root, "migrations/script.py.mako")
    files[f"services/{name}/requirements.lock"] = _shared_lock(root)
    return files


def appended(name: str) -> dict[str, str]:
    """Return what is added to the end of files that exist, by their path."""
    return _filled("appended", name, {})


def _filled(folder: str, name: str, more: dict[str, str]) -> dict[str, str]:
    values = {"name": name, "Name": name.capitalize(), "NAME": name.upper()} | more

    def fill(text: str) -> str:
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        return text

    return {
        fill(str(path.relative_to(TEMPLATES / folder))).removesuffix(SUFFIX): fill(
            path.read_text(encoding="utf-8")
        )
        for path in sorted((TEMPLATES / folder).rglob(f"*{SUFFIX}"))
    }


def _shared_tables(root: Path) -> str:
    functions = SHARED_TABLES.findall((root / MIGRATIONS).read_text(encoding="utf-8"))
    if not functions:
        raise NotWhereExpected(f"{MIGRATIONS} has no function that makes the tables every service has")
    return "\n".join(f"    migrations.{function}(op)" for function in functions)


def _in_style(text: str, path: str, name: str, root: Path) -> str:
    """Return a module with its imports in order, which depends on the service's name, as ruff would have it."""
    if not path.endswith(".py") or not text:
        return text
    # by their names: of what is not written yet ruff can't know whose it is
    ours = f'lint.isort.known-first-party=["{name}", "common", "testkit"]'
    for arguments in (["check", "--fix-only", "--select", "I", "--config", ours], ["format"]):
        command = [sys.executable, "-m", "ruff", *arguments, "-q", "--stdin-filename", path, "-"]
        text = subprocess.run(
            command, cwd=root, input=text, capture_output=True, text=True, check=True
        ).stdout
    return text


def _with_a_database(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("services/*/migrations"))


def _alike(root: Path, path: str) -> str:
    """Return a file that is the same in every service with a database."""
    return (_with_a_database(root)[0] / path).read_text(encoding="utf-8")


def _shared_lock(root: Path) -> str:
    """Return the lock of what every service with a database needs; `make lock` writes the same."""
    locks = [_entries(service / "requirements.lock") for service in _with_a_database(root)]
    shared = set(locks[0]).intersection(*locks[1:])
    return "".join(entry for entry in locks[0] if entry in shared)


def _entries(lock: Path) -> list[str]:
    """Return a lock's entries, each a version with its hashes."""
    return re.findall(r"^\S.*\n(?:[ \t].*\n)*", lock.read_text(encoding="utf-8"), re.MULTILINE)
