"""The demo against a gateway that answers as the interface says, and against ones that do not."""

import asyncio
import http.server
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from devstack.demo import answers, play
from devstack.demo.client import DemoFailed
from devstack.ports import Ports
from devstack.process_guard import ProcessGuard
from devstack.stack import Stack

pytestmark = pytest.mark.slow

QUOTE = "errors fell from 3% to 0.05%"


def evaluation(score: float | None, quotes: list[str]) -> dict[str, object]:
    criterion = {
        "id": "result",
        "name": "Names a result",
        "verdict": "MET",
        "points": 3,
        "quotes": [{"text": quote} for quote in quotes],
        "reason": "",
    }
    by = {"engine": "built-in", "model": "rules"}
    return {"status": "done", "score": score, "criteria": [criterion], "evaluated_by": by}


class Gateway:
    """Answers by method and path; a test changes an answer, or a list of answers given one after another."""

    def __init__(self) -> None:
        profile = {"basics": {"name": "Jordan Rivera"}, "work": [{}, {}], "education": [{}], "skills": [{}]}
        evaluations = evaluation(81.5, [QUOTE]), evaluation(4, []), evaluation(None, [])
        judged = [{"evaluation": result} for result in evaluations]
        self.report: dict[str, Any] = {
            "overall": 40,
            "evaluated_by": {"engine": "built-in"},
            "answers": judged,
        }
        question = {"text": "Tell me about a failure.", "kind": "behavioural", "competency": "learning"}
        self.calls: list[tuple[str, Message, bytes]] = []
        self.responses: dict[str, list[tuple[int, object]]] = {
            "GET /ready": [(200, {})],
            "POST /auth/register": [(202, {})],
            "POST /auth/login": [(200, {"access_token": "token"})],
            "POST /resume/upload": [(202, {"id": "r", "status": "queued"})],
            "GET /resume/r": [
                (200, {"filename": "a.pdf", "status": "parsed", "profile": profile}),
            ],
            "POST /interview/start": [(201, {"id": "i", "question": question})],
            "GET /interview/i/next": [
                *(
                    (200, {**question, "id": str(n), "number": n, "why_this_question": "it matters"})
                    for n in (1, 2, 3)
                ),
                (409, {}),
            ],
            "POST /interview/i/answer": [(202, {"answer_id": "a", "evaluation": {"status": "pending"}})],
            "POST /interview/i/end": [(202, {})],
            "GET /interview/i/report": [(200, "the report")],
            "POST /auth/logout": [(204, None)],
            "GET /auth/me": [(401, {})],
        }

    def reply(self, call: str, headers: Message, body: bytes) -> tuple[int, bytes]:
        self.calls.append((call, headers, body))
        if call == "GET /interview/i/report" and headers["Accept"] == "text/markdown":
            return 200, b"# Report\n"
        known = self.responses[call]
        status, response = known.pop(0) if len(known) > 1 else known[0]
        return status, b"" if response is None else json.dumps(
            self.report if response == "the report" else response
        ).encode()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    scripted = Gateway()

    class Handler(http.server.BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = f"{self.command} {self.path.removeprefix('/api/v1')}"
            status, response = scripted.reply(call, self.headers, body)
            self.send_response(status)
            self.send_header("Retry-After", "0.01")
            self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)

        do_GET = do_POST = respond  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("GATEWAY_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").mkdir()
    for path in play.SAMPLES:
        (tmp_path / path).write_bytes(b"a resume")
    yield scripted
    server.shutdown()
    server.server_close()
    thread.join()


async def play_demo() -> None:
    await play.play(Stack(Path(".devstack")), Path("reports"))


async def test_a_whole_interview_is_played_shown_and_written_down(
    gateway: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.responses["POST /auth/login"].insert(0, (429, {}))
    gateway.responses["GET /resume/r"].insert(0, (200, {"filename": "a.pdf", "status": "parsing"}))
    gateway.responses["POST /interview/start"].insert(0, (404, {"code": "resume_not_found"}))
    gateway.responses["GET /interview/i/report"].insert(0, (409, {"detail": "being written"}))
    await play_demo()
    printed = capsys.readouterr().out
    for expected in (
        "Jordan Rivera; jobs: 2, schools: 1, groups of skills: 1",
        "evaluated by built-in rules",
        f'"{QUOTE}"',
        "81.5 of 100",
        "none: too little to assess",
        "reports/i.md",
    ):
        assert expected in printed
    assert (tmp_path / "reports" / "i.md").read_text() == "# Report\n"
    given = [json.loads(body) for call, _, body in gateway.calls if call == "POST /interview/i/answer"]
    assert [answer["question_id"] for answer in given] == ["1", "2", "3"]
    assert given[2]["text"] == ""
    assert len(given[0]["text"].split()) > 100
    waits = {headers["Prefer"] for call, headers, _ in gateway.calls if call == "POST /interview/i/answer"}
    assert waits == {"wait=20"}
    [uploaded] = {
        headers["Authorization"] for call, headers, _ in gateway.calls if call == "POST /resume/upload"
    }
    assert uploaded == "Bearer token"


async def test_an_interview_with_a_question_left_is_ended(gateway: Gateway) -> None:
    gateway.responses["GET /interview/i/next"].pop()
    await play_demo()
    assert "POST /interview/i/end" in [call for call, _, _ in gateway.calls]


def without_name(gateway: Gateway) -> None:
    gateway.responses["GET /resume/r"][-1][1]["profile"]["basics"] = {}  # type: ignore[index]


def without_skills(gateway: Gateway) -> None:
    gateway.responses["GET /resume/r"][-1][1]["profile"]["skills"] = []  # type: ignore[index]


def without_profile(gateway: Gateway) -> None:
    gateway.responses["GET /resume/r"] = [(200, {"filename": "a.pdf", "status": "parsed"})]


def unreadable(gateway: Gateway) -> None:
    gateway.responses["GET /resume/r"] = [
        (200, {"filename": "a.pdf", "status": "failed", "error": "encrypted"})
    ]


def unverified(gateway: Gateway) -> None:
    gateway.responses["POST /auth/login"] = [(401, {"code": "authentication_error"})]


def refused(gateway: Gateway) -> None:
    gateway.responses["POST /auth/register"] = [(422, {"detail": "the password is too short"})]


def without_question(gateway: Gateway) -> None:
    gateway.responses["POST /interview/start"] = [(201, {"id": "i"})]


def finished_early(gateway: Gateway) -> None:
    gateway.responses["GET /interview/i/next"] = [(409, {})]


def without_evaluation(gateway: Gateway) -> None:
    gateway.responses["POST /interview/i/answer"] = [(202, {"answer_id": "a"})]


def without_evaluator(gateway: Gateway) -> None:
    del gateway.report["evaluated_by"]


def short_report(gateway: Gateway) -> None:
    gateway.report["answers"].pop()


def report_is_a_word(gateway: Gateway) -> None:
    gateway.report["answers"] = "none"


def without_quotes(gateway: Gateway) -> None:
    gateway.report["answers"][0]["evaluation"] = evaluation(80, [])


def invented_quote(gateway: Gateway) -> None:
    gateway.report["answers"][0]["evaluation"] = evaluation(80, ["I saved the company"])


def without_score(gateway: Gateway) -> None:
    gateway.report["answers"][0]["evaluation"] = evaluation(None, [QUOTE])


def weak_is_as_good(gateway: Gateway) -> None:
    gateway.report["answers"][1]["evaluation"] = evaluation(81.5, [])


def token_lives_on(gateway: Gateway) -> None:
    gateway.responses["GET /auth/me"] = [(200, {})]


def log_out_fails(gateway: Gateway) -> None:
    gateway.responses["POST /auth/logout"] = [(500, {})]


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (without_name, "no name was read"),
        (without_skills, "no skills were read"),
        (without_profile, "'profile' is missing"),
        (unreadable, "could not be read: failed, encrypted"),
        (unverified, "EMAIL_VERIFICATION"),
        (refused, "register answered 422: .*too short"),
        (without_question, "without a question"),
        (finished_early, "no question left for the good answer"),
        (without_evaluation, "without its evaluation"),
        (without_evaluator, "does not say who evaluated"),
        (short_report, "covers 2 answers, not 3"),
        (report_is_a_word, "'answers' is not a list"),
        (without_quotes, "quotes nothing"),
        (invented_quote, "a quote is not in the answer: 'I saved the company'"),
        (without_score, "the good answer has no score"),
        (weak_is_as_good, "not above the weak one"),
        (token_lives_on, "still works after logging out"),
        (log_out_fails, "logout answered 500"),
    ],
)
async def test_what_is_missing_ends_the_demo(
    gateway: Gateway, broken: Callable[[Gateway], None], complaint: str
) -> None:
    broken(gateway)
    with pytest.raises(DemoFailed, match=complaint):
        await play_demo()


async def test_a_missing_sample_is_named(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / play.SAMPLES[1]).unlink()
    with pytest.raises(DemoFailed, match=r"jordan-rivera\.docx is missing"):
        await play_demo()


async def test_a_given_gateway_that_does_not_answer_is_an_error(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.responses["GET /ready"] = [(503, {})]
    with pytest.raises(DemoFailed, match="nothing is ready at GATEWAY_URL="):
        await play_demo()
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:1")
    with pytest.raises(DemoFailed, match="nothing is ready"):
        await play_demo()


async def test_without_a_running_stack_the_demo_starts_one_and_stops_it(
    scene: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_URL", raising=False)
    server = scene.server("gateway")
    stack = scene.stack([server])
    stack.ports = replace(stack.ports, gateway=server.port)
    with pytest.raises(DemoFailed, match="register answered 501"):
        await play.play(stack, tmp_path / "reports")
    assert "No stack is running: starting one" in capsys.readouterr().out
    assert scene.notes() == ["gateway started", "gateway stopped"]


async def test_a_stack_that_is_starting_elsewhere_is_waited_for(
    gateway: Gateway, scene: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(os.environ["GATEWAY_URL"].rsplit(":", 1)[1])
    monkeypatch.delenv("GATEWAY_URL")
    gateway.responses["GET /ready"] = [(503, {}), (503, {}), (200, {})]
    process_guard = ProcessGuard(scene.folder / "stack")
    here = Stack(scene.folder / "stack", ports=replace(Ports.free(), gateway=port))
    await play.play(here, Path("reports"))
    process_guard.close()
    assert "A stack is starting in another terminal" in capsys.readouterr().out


async def test_the_running_stack_of_the_folder_is_found_wherever_its_gateway_is(
    scene: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_URL", raising=False)
    server = scene.server("gateway")
    elsewhere = scene.stack([server])
    elsewhere.ports = replace(elsewhere.ports, gateway=server.port)
    async with elsewhere:
        with pytest.raises(DemoFailed, match="register answered 501"):
            await play.play(Stack(elsewhere.folder, ports=replace(Ports.free(), gateway=1)), tmp_path)
    assert f"Using the stack at {elsewhere.gateway_url}" in capsys.readouterr().out


async def test_waiting_for_a_stack_that_starts_elsewhere_can_be_interrupted(
    scene: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_URL", raising=False)
    process_guard = ProcessGuard(scene.folder / "stack")
    here = Stack(scene.folder / "stack", ports=replace(Ports.free(), gateway=1))
    playing = asyncio.create_task(play.play(here, tmp_path))
    await scene.until(lambda: "A stack is starting" in capsys.readouterr().out)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(DemoFailed, match="stopped before the end"):
        await playing
    process_guard.close()


async def test_an_interrupted_demo_says_so(
    scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATEWAY_URL", raising=False)
    stack = scene.stack(steps=[[scene.step("provision", "import time; time.sleep(60)")]])
    stack.ports = replace(stack.ports, gateway=1)
    playing = asyncio.create_task(play.play(stack, tmp_path))
    await scene.until(lambda: (stack.folder / "logs" / "provision.log").exists())
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(DemoFailed, match="stopped before the end"):
        await playing


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            {"text": "How did you reduce the latency?", "competency": "ownership"},
            "from 900 to 140 milliseconds",
        ),
        ({"text": "Tell me about a failure.", "competency": "learning"}, "that failure was mine"),
        ({"text": "Tell me something.", "competency": "juggling"}, "Our checkout was failing"),
    ],
)
def test_the_good_answer_fits_the_question(question: dict[str, object], words: str) -> None:
    assert words in answers.answer("good", question)
