"""What a parent leaves behind, and who clears it away."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from devstack import reaper
from devstack.errors import StartFailed
from devstack.probes import http_response
from devstack.process import Process
from devstack.process_guard import ProcessGuard, is_claimed

pytestmark = pytest.mark.slow

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_the_reaper_kills_what_it_was_told_of_and_spares_what_it_was_told_to_forget() -> None:
    doomed, spared = (subprocess.Popen(SLEEP, start_new_session=True) for _ in range(2))
    try:
        lines = f"+{doomed.pid}\n+{spared.pid}\n-{spared.pid}\n"
        subprocess.run([sys.executable, reaper.__file__], input=lines, text=True, check=True, timeout=20)
        assert doomed.wait(10) == -9
        assert spared.poll() is None
    finally:
        spared.kill()
        spared.wait()


def test_what_survived_a_crash_is_killed_by_the_next_start(tmp_path: Path) -> None:
    survivor = subprocess.Popen(SLEEP, start_new_session=True)
    created = psutil.Process(survivor.pid).create_time()
    (tmp_path / "groups.json").write_text(json.dumps({survivor.pid: created}))
    ProcessGuard(tmp_path).close()
    assert survivor.wait(10) == -9


def test_a_program_that_only_has_the_number_of_a_survivor_is_spared(tmp_path: Path) -> None:
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        (tmp_path / "groups.json").write_text(json.dumps({stranger.pid: 1.0}))
        ProcessGuard(tmp_path).close()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_ledger_cut_short_by_a_crash_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text('{"12')
    process_guard = ProcessGuard(tmp_path)
    assert is_claimed(tmp_path)
    process_guard.close()
    process_guard.close()
    assert not is_claimed(tmp_path)


def test_a_folder_that_does_not_exist_is_not_claimed(tmp_path: Path) -> None:
    assert not is_claimed(tmp_path / "nowhere")


async def test_a_program_that_never_becomes_ready_is_given_up(scene: Any, tmp_path: Path) -> None:
    process_guard = ProcessGuard(tmp_path)
    process = Process(
        scene.step("slow", "import time; time.sleep(60)", patience=0.2), process_guard, tmp_path
    )
    with pytest.raises(StartFailed, match=r"slow was not ready after 0.2 s"):
        await process.start()
    with pytest.raises(StartFailed, match="slow took too long"):
        await process.run()
    assert not process.is_alive
    process_guard.close()


async def test_a_full_disk_keeps_no_process_from_starting_and_ending(scene: Any, tmp_path: Path) -> None:
    process_guard = ProcessGuard(tmp_path)
    (tmp_path / "groups.json").symlink_to("/dev/full")
    await Process(scene.step("auth migrate", "print('done')"), process_guard, tmp_path / "logs").run()
    process_guard.close()
    assert not is_claimed(tmp_path)


async def test_the_log_of_an_earlier_run_is_kept_beside_the_new_one(scene: Any, tmp_path: Path) -> None:
    process_guard = ProcessGuard(tmp_path)
    for word in ("first", "second", "third"):
        await Process(scene.step("auth migrate", f"print({word!r})"), process_guard, tmp_path).run()
    assert (tmp_path / "auth-migrate.log").read_text() == "third\n"
    assert (tmp_path / "auth-migrate.log.old").read_text() == "second\n"
    process_guard.close()


async def test_a_server_that_never_becomes_ready_is_quoted(scene: Any, tmp_path: Path) -> None:
    process_guard = ProcessGuard(tmp_path)
    process = Process(scene.server("gateway", "unready", patience=2), process_guard, tmp_path)
    with pytest.raises(
        StartFailed, match=r"not ready after 2 s \(/ready answers HTTP/1\.0 503 .* auth is missing\)"
    ):
        await process.start()
    process.kill()
    process_guard.close()
    assert "nothing answers" in await http_response(process.program.port)
