"""The table of what a stack is at, and who is told that there is none."""

from pathlib import Path
from typing import Any

import pytest

from devstack import __main__ as command_line
from devstack import figures, top
from devstack.figures import Figures


def test_without_a_stack_it_is_an_error_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["top"]) == 1
    assert capsys.readouterr().err == "devstack: no stack is running in .devstack\n"


async def test_on_a_terminal_it_is_shown_in_the_place_of_what_was_shown_until_the_stack_ends(
    scene: Any,
) -> None:
    shown: list[str] = []

    def say(text: str) -> None:
        shown.append(text)
        if len(shown) == 2:
            (scene.folder / "stack" / "stack.json").unlink()

    async with scene.stack([scene.server("postgres")]) as stack:
        with pytest.raises(top.DevstackError, match="no stack is running"):
            await top.show(stack.folder, say, once=False)
    assert len(shown) == 2
    assert all(text.startswith(top.CLEAR) and "postgres" in text for text in shown)


def test_what_waits_is_shown_with_its_age_and_what_is_down_is_named() -> None:
    labels = {"kind": "interview.evaluate_answer"}
    worker = Figures(
        "not ready, kafka: not connected",
        {
            "interviewace_consumer_lag": [({"topic": "interviewace.user"}, 7.0)],
            "interviewace_task_open": [({**labels, "status": "queued"}, 3.0)],
            "interviewace_task_oldest_seconds": [(labels, 61.4)],
            "interviewace_outbox_events": [({}, 2.0)],
            "interviewace_outbox_oldest_seconds": [({}, 90.0)],
            "interviewace_consumer_dead_letters_total": [({"topic": "a"}, 1.0), ({"topic": "b"}, 2.0)],
        },
    )
    processes: dict[str, int | None] = {"interview api": None, "interview worker": 1}
    state = top.State(pid=1, gateway_url="http://gateway", ports={}, processes=processes, importer=None)
    by_process = {"interview": Figures(), "interview_worker": worker}
    lines = [line.split() for line in top.table(state, by_process, {"interview worker": 0.25})]
    assert ["interview", "api", "0", "0.0", "down"] in lines
    assert any(line[4:] == ["not", "ready,", "kafka:", "not", "connected"] for line in lines)
    assert ["interviewace.user", "interview", "worker", "7", "-"] in lines
    assert ["interview.evaluate_answer", "interview", "3", "0", "0", "61", "s"] in lines
    assert ["interview", "2", "90", "s", "0", "3"] in lines


async def test_who_does_not_answer_has_no_figures() -> None:
    answers = await figures.gather({"auth": 9, "auth_metrics": 9, "devstack_redis": 9})
    assert answers == {"auth": Figures("does not answer", {})}
