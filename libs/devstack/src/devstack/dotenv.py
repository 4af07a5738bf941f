"""Reads the optional `.env` file of the repository."""

from collections.abc import MutableMapping
from pathlib import Path


def load(path: Path, environment: MutableMapping[str, str]) -> None:
    """Add the file's variables to the environment; what is set there already wins.

    Lines are `NAME=value`, with or without `export` and quotes; `#` begins a comment.
    """
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            environment.setdefault(name.strip(), _plain(value.strip()))


def _plain(value: str) -> str:
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return value.split(" #")[0].rstrip()
