"""Passwords of the local servers: made once for a folder, kept in a file that only its owner reads."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def load_or_make(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Return one password for each name, making those that are missing."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(24) for name in names if name not in known}
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")  # a full disk must not cost the passwords that are known
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(known | missing, file)
        new.replace(path)
    return known | missing
