"""`make lock`: what is locked stays, what is new comes in, what is gone goes, and a failure changes nothing."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


def make_wheel(folder: Path, name: str, version: str) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


class Workspace:
    """A workspace with one service, and an index of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder / "workspace", folder / "index"
        self.index.mkdir()
        (self.folder / "services" / "shop").mkdir(parents=True)
        (self.folder / "pyproject.toml").write_text(
            '[project]\nname = "root"\nversion = "1"\nrequires-python = ">=3.11"\n'
            '[tool.uv]\npackage = false\n[tool.uv.workspace]\nmembers = ["services/*"]\n'
        )

    def needs(self, *names: str) -> None:
        (self.folder / "services" / "shop" / "pyproject.toml").write_text(
            '[project]\nname = "interviewace-shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f"dependencies = {list(names)}\n"
        )

    def lock(self, *options: str) -> "subprocess.CompletedProcess[str]":
        env = {
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(self.index),
            "UV_PYTHON": sys.executable,
        }
        command = [sys.executable, str(ROOT / "deploy" / "lock"), UV, *options]
        return subprocess.run(command, cwd=self.folder, env=os.environ | env, capture_output=True, text=True)

    def pins(self) -> set[str]:
        locks = [self.folder / "requirements.lock", self.folder / "services" / "shop" / "requirements.lock"]
        first, second = (
            {line.split()[0] for line in lock.read_text().splitlines() if "==" in line} for lock in locks
        )
        assert first == second
        return first


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    for name in ("alpha", "beta"):
        make_wheel(made.index, name, "1.0")
    made.needs("alpha", "beta")
    assert made.lock().returncode == 0
    for name in ("alpha", "beta"):
        make_wheel(made.index, name, "2.0")
    return made


def test_what_is_locked_stays(workspace: Workspace) -> None:
    assert workspace.lock().returncode == 0
    assert workspace.pins() == {"alpha==1.0", "beta==1.0"}


def test_a_new_dependency_comes_in_and_one_that_is_gone_goes(workspace: Workspace) -> None:
    make_wheel(workspace.index, "gamma", "3.0")
    workspace.needs("alpha", "gamma")
    assert workspace.lock().returncode == 0
    assert workspace.pins() == {"alpha==1.0", "gamma==3.0"}


def test_one_version_is_moved_or_all_of_them(workspace: Workspace) -> None:
    assert workspace.lock("--upgrade-package", "Beta").returncode == 0
    assert workspace.pins() == {"alpha==1.0", "beta==2.0"}
    assert workspace.lock("--upgrade").returncode == 0
    assert workspace.pins() == {"alpha==2.0", "beta==2.0"}


def test_a_failure_is_said_and_changes_nothing(workspace: Workspace) -> None:
    before = {path: path.read_bytes() for path in workspace.folder.rglob("*") if path.is_file()}
    workspace.needs("alpha", "interviewace-nowhere")
    project = workspace.folder / "services" / "shop" / "pyproject.toml"
    failed = workspace.lock()
    assert failed.returncode != 0
    assert "interviewace-nowhere" in failed.stderr
    assert {path: path.read_bytes() for path in before} == before | {project: project.read_bytes()}


def test_a_version_for_some_pythons_only_stays_for_them(workspace: Workspace) -> None:
    workspace.needs("alpha==1.0 ; python_full_version < '3.12'", "alpha==2.0 ; python_full_version >= '3.12'")
    assert workspace.lock("--upgrade").returncode == 0
    assert workspace.lock().returncode == 0
    assert workspace.pins() == {"alpha==1.0", "alpha==2.0"}
