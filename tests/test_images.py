"""What an image is made of and says of itself, without an engine to build it."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LABELS = ("title", "description", "version", "revision", "licenses")


def test_the_list_of_materials_is_the_lock_and_the_same_each_time() -> None:
    subprocess.run(["make", "sbom", "IMAGES=gateway"], cwd=ROOT, check=True, capture_output=True)
    path = ROOT / "sbom" / "gateway.cdx.json"
    first = path.read_bytes()
    bill = json.loads(first)
    lock = (ROOT / "services" / "gateway" / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", lock, re.MULTILINE)
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    assert listed == set(pins)
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "interviewace-gateway"
    assert "timestamp" not in bill["metadata"]
    subprocess.run(["make", "sbom", "IMAGES=gateway"], cwd=ROOT, check=True, capture_output=True)
    assert path.read_bytes() == first


def test_an_image_says_what_it_is_and_of_which_version() -> None:
    for label in LABELS:
        assert f"org.opencontainers.image.{label}=" in DOCKERFILE
    assert re.search(r"^ARG VERSION=0\nARG REVISION=unknown$", DOCKERFILE, re.MULTILINE)


def test_the_version_stands_in_one_place() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    done = subprocess.run(["make", "-n", "images"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f":{version} --build-arg SERVICE=" in done.stdout
    assert f"--build-arg VERSION={version} " in done.stdout


def test_what_is_installed_in_an_image_is_locked_with_hashes() -> None:
    installs = re.findall(r"uv pip sync.*", DOCKERFILE)
    assert installs
    assert all("--require-hashes requirements.lock" in install for install in installs)
