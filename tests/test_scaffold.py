"""A service made by `make service` in a copy of this tree: its tests and the house's are green, it answers, it goes."""

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LEFT_BY_TOOLS = shutil.ignore_patterns(
    *(".git", ".venv", ".tools", ".devstack", ".*_cache", ".hypothesis", ".coverage*", ".env"),
    *("__pycache__", "*.egg-info", "reports", "sbom", "uv.lock"),
)
UV = """#!/bin/sh
# what uv would install is installed already, but for the packages of this tree
[ "$1 $2" = "pip install" ] || exit 0
for word in "$@"; do case "$word" in ./*) echo "$PWD/${word#./}/src";; esac; done >"$PACKAGES"
echo "$INSTALLED" >>"$PACKAGES"
"""
BEHIND_THE_GATEWAY = """
async def test_an_item_is_made_shown_and_erased_with_its_owner(whole, person):
    created = await person.post("/payments", json={"title": "First"})
    assert created.status_code == 201, created.text
    assert (await person.get(f"/payments/{created.json()['id']}")).json() == created.json()
    async with whole.person() as stranger:
        assert (await stranger.get(f"/payments/{created.json()['id']}")).status_code == 404
    person.headers.pop("Authorization")
    assert (await person.get("/payments")).status_code == 401
    document = (await person.get(whole.url + "/openapi.json")).json()
    assert "/api/v1/payments/{item_id}" in document["paths"]
    ready = (await person.get(whole.url + "/ready")).json()
    assert ready["services"]["payments"]["ready"] is True
    assert ready["workers"]["payments"]["checks"]["relay"] == "ok"
"""
OF_THE_HOUSE = (
    *("tests/test_laws.py", "tests/test_services_list.py", "tests/test_words.py", "tests/test_documents.py"),
    *(
        "tests/test_kubernetes.py",
        "services/gateway/tests/test_routes.py",
    ),
    *("services/gateway/tests/test_routes_openapi.py", "libs/devstack/tests/test_services.py"),
    "libs/common/tests/contracts",
)


class Checkout:
    """A copy of this tree with an environment of its own, which shares the installed packages of others."""

    def __init__(self, folder: Path, bare: Path) -> None:
        self.folder, self.bin = folder, folder / ".venv" / "bin"
        shutil.copytree(ROOT, folder, ignore=LEFT_BY_TOOLS)
        venv.create(folder / ".venv", symlinks=True)
        (bare / "uv").write_text(UV)
        (bare / "uv").chmod(0o755)
        (self.bin / "ruff").symlink_to(Path(sysconfig.get_path("scripts")) / "ruff")
        packages = next((folder / ".venv").glob("lib/python*/site-packages"))
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")} | {
            "PATH": f"{bare}:{os.environ['PATH']}",
            "PACKAGES": str(packages / "of_this_tree.pth"),
            "INSTALLED": sysconfig.get_path("purelib"),
            "TEST_SURROUNDINGS": "wheels",
        }

    def run(self, *command: str | Path) -> str:
        """Run a command that has to succeed; return what it said."""
        done = subprocess.run(command, cwd=self.folder, env=self._env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        return done.stdout

    def contents(self) -> dict[str, bytes]:
        """Return every file that a commit would have, with its content."""
        contents = {}
        for folder, folders, names in os.walk(self.folder):
            ignored = LEFT_BY_TOOLS(folder, [*folders, *names])
            folders[:] = [name for name in folders if name not in ignored]
            paths = [Path(folder, name) for name in names if name not in ignored]
            contents |= {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}
        return contents


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of this tree in which nothing was made yet."""
    folder = tmp_path_factory.mktemp("scaffold")
    (folder / "bin").mkdir()
    checkout = Checkout(folder / "tree", folder / "bin")
    checkout.run("make", "setup")
    return checkout


@pytest.fixture(scope="module")
def before(checkout: Checkout) -> dict[str, bytes]:
    """What the copy had before the service was made."""
    return checkout.contents()


@pytest.fixture(scope="module")
def payments(checkout: Checkout, before: dict[str, bytes]) -> Checkout:
    """The copy with a service made in it."""
    output = checkout.run("make", "service", "NAME=payments")
    assert "payments: " in output
    assert checkout.contents().keys() > before.keys()
    return checkout


def test_a_new_service_is_in_the_style_of_the_house_and_in_its_layers(payments: Checkout) -> None:
    payments.run(payments.bin / "ruff", "check", ".")
    payments.run(payments.bin / "ruff", "format", "--check", ".")
    layers = "from importlinter.cli import lint_imports_command as lint; lint()"
    output = payments.run(payments.bin / "python", "-c", layers, "--no-cache")
    assert "payments: main, then edges" in output
    assert ", 0 broken" in output


def test_its_tests_and_those_of_the_house_are_green(payments: Checkout) -> None:
    output = payments.run(
        *(
            payments.bin / "python",
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "services/payments",
            *OF_THE_HOUSE,
        )
    )
    assert " passed in " in output
    assert not {"failed", "error", "skipped"} & set(output.splitlines()[-1].split())


def test_it_answers_behind_the_gateway(payments: Checkout) -> None:
    path = payments.folder / "tests" / "test_behind_the_gateway.py"
    path.write_text(BEHIND_THE_GATEWAY)
    try:
        output = payments.run(payments.bin / "python", "-m", "pytest", "-p", "no:cacheprovider", path)
    finally:
        path.unlink()
    assert "1 passed" in output


def test_it_is_taken_out_again_without_a_trace(payments: Checkout, before: dict[str, bytes]) -> None:
    payments.run("make", "service-remove", "NAME=payments")
    after = payments.contents()
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path]} == set()
