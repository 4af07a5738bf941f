"""`python -m devstack seed`: an account with résumés and interviews on the running stack, made once."""

import asyncio
import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import httpx

from devstack.cli_run import say
from devstack.demo import answers, play
from devstack.demo.client import POLL, DemoClient, DemoFailed, Json
from devstack.errors import DevstackError
from devstack.paths import API
from devstack.stack import Stack

EMAIL, PASSWORD = "practice@example.com", "Practice-makes-better-1"
"""No secret: whoever has this file knows them, and the account is for a stack on one's own machine."""
MAIL_PATIENCE = 30.0
TOKEN = re.compile(r"/verify-email\?token=(\S+)")

OPEN = """
To look at them, {url}/docs, or:

  api={api}
  token=$(curl -s $api/auth/login --json '{{"email": "{email}", "password": "{password}"}}' \\
          | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl $api/interview/{finished}/report -H "Authorization: Bearer $token" -H 'Accept: text/markdown'
  curl $api/interview/{running}/next -H "Authorization: Bearer $token"
"""


@dataclass(frozen=True)
class PlannedInterview:
    """An interview that is to be there, known again by its job and kind; `answered` None: to the end."""

    job_title: str
    kind: str
    level: str
    questions: int
    answered: int | None
    sample: int | None


FINISHED = PlannedInterview("Backend Engineer", "behavioural", "mid", 3, None, 0)
RUNNING = PlannedInterview("Backend Engineer", "technical", "mid", 5, 1, 1)
OTHER = PlannedInterview("Platform Architect", "system_design", "senior", 4, 0, None)


async def seed(stack: Stack) -> None:
    """Make what is missing on the running stack and print all of it.

    Raises DevstackError where none runs, and DemoFailed for the first thing that did not work.
    """
    url = await play.running_gateway(stack)
    if url is None:
        raise DevstackError("no stack is running; start one with `make run` (or `make up`), then seed it")
    async with httpx.AsyncClient(base_url=url, timeout=40, trust_env=False) as http:
        client = DemoClient(http, EMAIL, PASSWORD)
        fresh = await _enter(client, stack.folder / "mail")
        say(f"Account ({_manner(fresh)})\n  address   {EMAIL}\n  password  {PASSWORD}\n\nRésumés")
        resume_ids = await _resumes(client)
        say("\nInterviews")
        interview_ids = await _interviews(client, resume_ids)
    finished, running, *_ = interview_ids
    say(
        OPEN.format(
            url=url, api=url + API, email=EMAIL, password=PASSWORD, finished=finished, running=running
        )
    )


async def _enter(client: DemoClient, mails: Path) -> bool:
    """Sign in, after registering and verifying the address where needed; returns whether the account is new."""
    if await client.can_log_in():
        return False
    await client.register()
    if not await client.can_log_in():
        await client.verify_email(await _mailed_token(mails))
        await client.log_in()
    return True


async def _mailed_token(mails: Path) -> str:
    deadline = time.monotonic() + MAIL_PATIENCE
    while (token := await asyncio.to_thread(_token_in, mails)) is None:
        if time.monotonic() > deadline:
            raise DemoFailed(
                f"{EMAIL} can't log in, and no mail with a link to verify it came to {mails}: either the password is no"
                f" longer {PASSWORD}, or mails are sent elsewhere"
            )
        await asyncio.sleep(POLL)
    return token


def _token_in(mails: Path) -> str | None:
    for path in sorted(mails.glob("*.eml"), reverse=True):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        token = TOKEN.search(message.get_content())
        if message["To"] == EMAIL and token:
            return token[1]
    return None


async def _resumes(client: DemoClient) -> list[str]:
    known = {str(resume["filename"]): str(resume["id"]) for resume in await client.resumes()}
    ids = [known.get(path.name) or await client.upload(path.name, play.sample(path)) for path in play.SAMPLES]
    for path, resume_id in zip(play.SAMPLES, ids, strict=True):
        resume = await client.read_resume(resume_id)
        say(f"  {resume_id}  {path.name}, {resume['status']} ({_manner(path.name not in known)})")
    return ids


async def _interviews(client: DemoClient, resume_ids: Sequence[str]) -> list[str]:
    # they are listed newest first: the oldest of several is the one that was seeded
    known = {(item["job_title"], item["kind"]): str(item["id"]) for item in await client.interviews()}
    ids = []
    for plan in (FINISHED, RUNNING, OTHER):
        key = (plan.job_title, plan.kind)
        resume_id = None if plan.sample is None else resume_ids[plan.sample]
        interview_id = known.get(key) or await client.start_interview(
            resume_id, plan.questions, job_title=plan.job_title, kind=plan.kind, level=plan.level
        )
        await _answer(client, interview_id, plan)
        interview = await client.interview(interview_id)
        say(f"  {interview_id}  {_summary(interview)} ({_manner(key not in known)})")
        ids.append(interview_id)
    return ids


async def _answer(client: DemoClient, interview_id: str, plan: PlannedInterview) -> None:
    """Answer what the plan asks for and was not answered yet, so that an interrupted run can be repeated."""
    qualities = itertools.cycle(("good", "weak"))
    while plan.answered is None or _count(await client.interview(interview_id)) < plan.answered:
        question = await client.next_question(interview_id)
        if question is None:
            break
        await client.answer(interview_id, question["id"], answers.answer(next(qualities), question))
    if plan.answered is None:
        await client.report(interview_id)


def _count(interview: Mapping[str, object]) -> int:
    return int(str(interview["answered"]))


def _summary(interview: Json) -> str:
    job = f"{interview['job_title']}, {interview['kind']}, {interview['level']}: {interview['state']}"
    overall = "" if interview["overall"] is None else f", overall {interview['overall']}"
    return f"{job}, {interview['answered']} of {interview['questions']} answered{overall}"


def _manner(fresh: bool) -> str:
    return "new" if fresh else "there already"
