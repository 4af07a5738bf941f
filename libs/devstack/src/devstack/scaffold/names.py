"""What a new service may be called: its name is a package, a schema, a topic, a host and part of variables."""

import importlib.util
import keyword
import re
import sys
from pathlib import Path

from devstack.scaffold.errors import NameRefused

FORM = re.compile(r"[a-z]{2,20}")
"""One word that needs no quotes anywhere; at its longest, names made of it stay within Postgres' 63 bytes."""

RESERVED = {
    "postgres": "Postgres",
    "public": "Postgres",
    "none": "Postgres",
    "redis": "the stack",
    "kafka": "the stack",
    "provision": "the stack",
    "services": "the stack",
    "user": "the events of accounts",
    "session": "the events of accounts",
    "tasks": "the API of tasks",
    "internal": "calls among services",
}
"""Names with a meaning of their own, and whose."""


def check(name: str, root: Path) -> None:
    """Raise NameRefused, with the reason, where no service in the checkout at `root` can have that name."""
    if reason := _objection(name, root):
        raise NameRefused(f"a service can't be called {name!r}: {reason}")


def _objection(name: str, root: Path) -> str | None:
    if not FORM.fullmatch(name):
        return "2 to 20 of the letters a to z are needed, such as payments"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "Python has it as a keyword"
    for members in ("services", "libs"):
        if (root / members / name).exists():
            return f"{members}/{name} is there already"
    if name in RESERVED:
        return f"{RESERVED[name]} has that name"
    if name in sys.stdlib_module_names:
        return "Python's standard library has a module of that name"
    if importlib.util.find_spec(name) is not None:
        return "an installed package has that name"
    return None
