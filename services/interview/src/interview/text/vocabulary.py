"""The word lists answers are judged by, read once from the package's data."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Return one data file of the package."""
    return tomllib.loads(resources.files("interview").joinpath("data", name).read_text(encoding="utf-8"))


def load_folder(name: str) -> list[dict[str, Any]]:
    """Return the data files of a folder of the package, by name."""
    folder = resources.files("interview").joinpath("data", name)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return [load(f"{name}/{entry}") for entry in names]


@cache
def _lists() -> dict[str, Any]:
    return load("vocabulary.toml")


def _find(path: str) -> Any:
    branch: Any = _lists()
    for name in path.split("."):
        branch = branch[name]
    return branch


@cache
def words(path: str) -> frozenset[str]:
    """Return a list of single words, such as `generic` or `actions.irregular`."""
    return frozenset(str(_find(path)).split())


@cache
def competencies() -> dict[str, dict[str, str]]:
    """Return what can be asked about: by id, its `name` and its `words`."""
    return load("competencies.toml")


def competency_name(competency: str) -> str:
    """Return the name people read; an unknown id is its own name."""
    return competencies().get(competency, {}).get("name", competency.replace("_", " ").capitalize())
