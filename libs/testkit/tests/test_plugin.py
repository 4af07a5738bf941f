"""A quick run leaves out what needs a server or is slow, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SAMPLE = """
import pytest

@pytest.fixture
def indirect(infrastructure):
    return infrastructure

def test_of_values(): pass
def test_on_a_server(infrastructure): pass
def test_on_a_server_by_a_fixture(indirect): pass
def test_on_a_service(client): pass
@pytest.mark.slow
def test_that_takes_seconds(): pass
"""


@pytest.fixture
def run(tmp_path: Path):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p testkit.plugin -p no:valkey --strict-markers\n"
    )

    def run(*options: str) -> list[str]:
        command = [sys.executable, "-m", "pytest", "-q", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.stdout.splitlines()

    return run


@pytest.fixture
def collected(run):
    def collect(*options: str) -> set[str]:
        return {line.partition("::")[2] for line in run("--collect-only", *options) if "::" in line}

    return collect


def test_only_what_needs_no_server_and_no_time_is_run(collected) -> None:
    assert collected("--quick") == {"test_of_values"}


def test_without_the_option_everything_is_run(collected) -> None:
    assert len(collected()) == 5


def test_at_its_end_a_quick_run_says_what_it_left_out_and_why(run) -> None:
    reasons = "3 that need servers or processes and 1 that take seconds (marked slow)"
    assert f"1 tests ran; left out: {reasons}. All of them: make test" in run("--quick")
