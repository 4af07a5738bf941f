"""A new service in a checkout, and the way back. Everything is known before anything is written."""

import shutil
from pathlib import Path

from devstack.scaffold import insertions, names, places, templates
from devstack.scaffold.errors import ChangedSince, NotWhereExpected

LEFT_BY_TOOLS = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}


def add(name: str, root: Path) -> list[str]:
    """Make the service; return the paths of its files and of those that name it now.

    Raises:
        NameRefused: no service can have that name.
        NotWhereExpected: a file that names the services is not as it is known.
    """
    names.check(name, root)
    files = templates.new_files(name, root)
    if taken := [path for path in files if (root / path).exists()]:
        raise NotWhereExpected(f"{taken[0]} is there already")
    edited = insertions.with_all(root, places.of(name, root))
    for path, text in (files | edited).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return sorted(files | edited)


def remove(name: str, root: Path, *, force: bool = False) -> list[str]:
    """Take out a service that `add` made; return the paths that are gone or name it no more.

    Args:
        name: the service.
        root: the checkout.
        force: also where its own files were changed since; what was written in them is lost.

    Raises:
        NotWhereExpected: it is not there, or what names it was changed.
        ChangedSince: its files are not those that were made.
    """
    home = root / "services" / name
    if not names.FORM.fullmatch(name) or not (home / "src" / name).is_dir():
        raise NotWhereExpected(f"there is no service {name!r} to remove")
    files = templates.new_files(name, root)
    if (changed := _changed(files, home, root)) and not force:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ChangedSince(f"{changed[0]}{more} was changed since: FORCE=1 removes it all the same")
    edited = insertions.without_any(root, places.of(name, root))
    docs = root / "docs"
    events = [*sorted((docs / "events").glob(f"{name}.*.json")), *(docs / "asyncapi").glob(f"{name}.json")]
    for path, text in edited.items():
        (root / path).write_text(text, encoding="utf-8")
    for file in (*events, *(root / path for path in files)):
        file.unlink(missing_ok=True)
    shutil.rmtree(home)
    return sorted({*edited, *files, *(str(file.relative_to(root)) for file in events)})


def _changed(files: dict[str, str], home: Path, root: Path) -> list[str]:
    """Return the paths of files that differ from what was made, are gone or came later; the lock is a command's."""
    present = {
        str(path.relative_to(root))
        for path in home.rglob("*")
        if path.is_file() and not LEFT_BY_TOOLS.intersection(path.parts)
    }
    lock = str((home / "requirements.lock").relative_to(root))
    differing = {
        path
        for path, text in files.items()
        if path != lock and (not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text)
    }
    return sorted(differing | (present - files.keys()))
