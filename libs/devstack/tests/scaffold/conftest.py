"""A checkout to make services in: what the scaffold reads of this one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
NEEDED = (
    *("pyproject.toml", ".env.example", "docker-compose.yml", "deploy/**/*.*", "docs/*/*.json"),
    *("libs/common/src/common/contracts/*.py", "libs/common/src/common/db/migrations.py"),
    "libs/common/src/common/paths.py",
    *("libs/devstack/src/devstack/ports.py", "libs/devstack/src/devstack/services.py"),
    *("services/*/src/*/routes.py", "services/*/src/*/settings.py", "services/*/requirements.lock"),
    "services/*/migrations/script.py.mako",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for pattern in NEEDED:
        for path in ROOT.glob(pattern):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return tmp_path


@pytest.fixture
def contents(checkout: Path) -> Callable[[], dict[str, bytes]]:
    """Every file of the checkout with its content."""

    def read() -> dict[str, bytes]:
        files = (path for path in checkout.rglob("*") if path.is_file())
        return {str(path.relative_to(checkout)): path.read_bytes() for path in files}

    return read
