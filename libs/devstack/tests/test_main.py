"""The commands for a look at a running stack, and their errors."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devstack import __main__ as command_line
from devstack import observe
from devstack.process_guard import ProcessGuard

SPEAKS_TWICE = """
import sys
from devstack.cli_run import say
say("one"); say("two"); print("went on", file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_clean_removes_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".devstack" / "logs").mkdir(parents=True)
    assert command_line.main(["clean"]) == 0
    assert not (tmp_path / ".devstack").exists()
    assert capsys.readouterr().out == "removed .devstack\n"
    assert command_line.main(["clean"]) == 0


def test_memory_without_a_stack_is_an_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["memory"]) == 1
    assert capsys.readouterr().err == "devstack: no stack is running in .devstack\n"


def test_a_stack_that_was_killed_is_not_a_running_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".devstack").mkdir()
    (tmp_path / ".devstack" / "stack.json").write_text('{"pid": 1, "processes": {"gateway": 1}}')
    assert command_line.main(["memory"]) == 1
    assert capsys.readouterr().err == "devstack: no stack is running in .devstack\n"


def test_a_folder_that_cannot_be_used_is_named_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert command_line.main(["--folder", "file/stack", "run"]) == 1
    assert capsys.readouterr().err.startswith("devstack: [Errno 20] Not a directory: ")


def test_what_nobody_reads_any_more_is_said_without_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", SPEAKS_TWICE]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "went on\n")


async def test_memory_lists_every_process_and_the_sum(scene: Any) -> None:
    async with scene.stack([scene.server("auth api")], [scene.server("parent", "parent")]) as stack:
        table = observe.memory_table(stack.folder).splitlines()
    rows = {line[:18].strip(): line[18:].split() for line in table[1:]}
    assert list(rows) == ["auth api", "parent", "devstack", "all"]
    assert rows["parent"][0] == "2"
    assert int(rows["all"][1]) >= int(rows["devstack"][1]) > 0


def test_memory_of_a_process_that_is_down_is_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    process_guard = ProcessGuard(folder)
    (folder / "stack.json").write_text(f'{{"pid": {os.getpid()}, "processes": {{"gateway": null}}}}')
    assert observe.memory_table(folder).splitlines()[1].split() == ["gateway", "0", "0", "0"]
    process_guard.close()


def test_logs_begin_with_the_last_lines_and_go_on_with_what_is_new(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    log = logs / "auth-api.log"
    log.write_text("".join(f"line {number}\n" for number in range(30)) + "half a li")
    lines: list[str] = []
    seen: dict[Path, int] = {}
    observe.follow(tmp_path, lines.append, seen=seen, forever=False)
    assert lines == [f"auth-api         | line {number}" for number in range(20, 30)]
    with log.open("a") as file:
        file.write("ne\n")
    observe.follow(tmp_path, lines.append, seen=seen, forever=False)
    assert lines[10:] == ["auth-api         | half a line"]
    log.write_text("new run\n")
    observe.follow(tmp_path, lines.append, seen=seen, forever=False)
    assert lines[11:] == ["auth-api         | new run"]


def test_who_follows_logs_that_are_not_there_yet_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    observe.follow(tmp_path, lines.append, forever=False)
    assert lines == [f"there are no logs in {tmp_path / 'logs'} yet; waiting for them"]


def test_the_env_file_adds_what_is_not_set_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "set")
    expected = {
        "LOG_LEVEL": "DEBUG",
        "SMTP_URL": "smtp://a # b",
        "GEMINI_MODEL": "flash",
        "MAIL_FROM": "a$b${c}",
    }
    for name in (*expected, "OFF"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(
        "# keys\nOPENAI_API_KEY=from-file\nexport LOG_LEVEL='DEBUG'  # loud\nSMTP_URL=\"smtp://a # b\"\n"
        "GEMINI_MODEL = flash # cheap\nMAIL_FROM=a$b${c}\n\nnonsense\n#OFF=1\n"
    )
    command_line.main(["memory"])
    assert {name: os.environ[name] for name in expected} == expected
    assert os.environ["OPENAI_API_KEY"] == "set"
    assert "OFF" not in os.environ


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.main(["--help"])
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("run", "demo", "logs", "memory", "clean"))
