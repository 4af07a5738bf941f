"""`python -m devstack demo`: one whole practice interview over the gateway, every step checked."""

import asyncio
import itertools
import os
import textwrap
import time
from pathlib import Path

import httpx

from devstack.cli_run import finished_first, say, stop_signal
from devstack.demo import answers, checks
from devstack.demo.client import DemoClient, DemoFailed, Json
from devstack.observe import state_of
from devstack.process_guard import is_claimed
from devstack.stack import Stack

SAMPLES = (Path("samples/jordan-rivera.pdf"), Path("samples/jordan-rivera.docx"))
STARTING_PATIENCE = 180.0


async def play(stack: Stack, reports: Path) -> None:
    """Play where a gateway answers, at GATEWAY_URL or the stack's address, or start the stack for it and stop it.

    Raises DemoFailed for the first thing that is missing.
    """
    async with stop_signal() as stopped:
        if not await finished_first(asyncio.create_task(_play(stack, reports)), stopped):
            raise DemoFailed("stopped before the end")


async def _play(stack: Stack, reports: Path) -> None:
    url = await running_gateway(stack)
    if url is None:
        await _on_our_own(stack, reports)
    else:
        say(f"Using the stack at {url}.\n")
        await interview(url, reports)


async def _on_our_own(stack: Stack, reports: Path) -> None:
    say("No stack is running: starting one for the demo.\n")
    began = time.monotonic()
    async with stack:
        say(f"\nReady in {time.monotonic() - began:.1f} s.\n")
        await interview(stack.gateway_url, reports)
        say("\nStopping the stack.")


async def interview(url: str, reports: Path) -> None:
    """Every step, from registration to logging out."""
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=url, timeout=40, trust_env=False) as http:
        client = DemoClient(http)
        await client.register()
        await client.log_in()
        say(f"1. Signed up and logged in as {client.email}\n")
        resume_id = await _read_samples(client)
        interview_id, given = await _answer_questions(client, resume_id)
        await _report(client, interview_id, given, reports)
        await client.log_out()
    say(f"\n5. Logged out; the old token is refused. The demo took {time.monotonic() - began:.1f} s.")


async def _read_samples(client: DemoClient) -> str:
    say("2. Résumés, uploaded and read")
    ids = [await client.upload(path.name, sample(path)) for path in SAMPLES]
    for path, resume_id in zip(SAMPLES, ids, strict=True):
        say(f"    {path.name:<20} {checks.profile_summary(await client.read_resume(resume_id))}")
    return ids[0]


async def _answer_questions(client: DemoClient, resume_id: str) -> tuple[str, list[str]]:
    say("\n3. An interview from the PDF: Backend Engineer, behavioural, mid level, three questions")
    interview_id = await client.start_interview(resume_id, len(answers.QUALITIES))
    given = []
    for quality in answers.QUALITIES:
        question = await client.next_question(interview_id)
        if question is None:
            raise DemoFailed(f"there is no question left for the {quality} answer")
        say(f"\n{_wrapped(str(question['number']) + '. ' + str(question['text']), '    ')}")
        say(_wrapped(f"(asked because: {question.get('why_this_question')})", "       "))
        text = answers.answer(quality, question)
        given.append(text)
        response = await client.answer(interview_id, question["id"], text)
        say(_wrapped(f"{quality} answer: {_excerpt(text)}", "    > "))
        say(f"      evaluation: {_status(response)}")
    if await client.next_question(interview_id) is not None:
        await client.end_interview(interview_id)
    return interview_id, given


async def _report(client: DemoClient, interview_id: str, given: list[str], reports: Path) -> None:
    report, markdown = await client.report(interview_id)
    say(f"\n4. The report, evaluated by {checks.evaluator(report.get('evaluated_by'))}")
    for quality, evaluation in zip(answers.QUALITIES, checks.evaluations(report), strict=False):
        say(f"\n    The {quality} answer, evaluated by {checks.evaluator(evaluation.get('evaluated_by'))}")
        for line in checks.shown(evaluation):
            say(line)
    say(f"\n    overall: {report.get('overall')}")
    checks.check_report(report, given)
    path = await asyncio.to_thread(_write, reports, interview_id, markdown)
    say(f"    written to {path}")


def sample(path: Path) -> bytes:
    """Return the bytes of a sample. Raises DemoFailed where it is missing."""
    if not path.is_file():
        raise DemoFailed(f"the sample {path} is missing; run this in the repository's root")
    return path.read_bytes()


def _write(reports: Path, interview_id: str, markdown: str) -> Path:
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / f"{interview_id}.md"
    path.write_text(markdown)
    return path


def _status(answer: Json) -> str:
    evaluation = answer.get("evaluation")
    if not isinstance(evaluation, dict):
        raise DemoFailed(f"an answer came back without its evaluation: {answer}")
    value = checks.score(evaluation)
    return f"{evaluation['status']}" + ("" if value is None else f", {value:g} of 100")


def _excerpt(text: str) -> str:
    return "(nothing)" if not text else text if len(text) < 160 else text[:150].rsplit(" ", 1)[0] + " ..."


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, 110, initial_indent=indent, subsequent_indent=" " * len(indent))


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=url, timeout=5, trust_env=False) as client:
            return (await client.get("/ready")).status_code == 200
    except httpx.HTTPError:
        return False


async def running_gateway(stack: Stack) -> str | None:
    """Where a gateway answers: at GATEWAY_URL; that of the folder, waited for while it starts; or at our address.

    Raises DemoFailed where GATEWAY_URL is set and nothing answers there.
    """
    if given := os.environ.get("GATEWAY_URL"):
        if not await _answers(given):
            raise DemoFailed(f"nothing is ready at GATEWAY_URL={given}")
        return given
    deadline = time.monotonic() + STARTING_PATIENCE
    for looks in itertools.count():
        state = state_of(stack.folder)
        url = state["gateway_url"] if state else stack.gateway_url
        if await _answers(url):
            return url
        if not is_claimed(stack.folder) or time.monotonic() > deadline:
            break
        if looks == 0:
            say("A stack is starting in another terminal; waiting for it.")
        await asyncio.sleep(1)
    return None
