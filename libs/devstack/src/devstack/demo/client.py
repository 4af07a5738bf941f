"""A person practising, as an HTTP client of the gateway: each method is one thing they do, and is checked."""

import asyncio
import secrets
import time
from pathlib import Path

import httpx

from devstack.errors import DevstackError
from devstack.paths import API

Json = dict[str, object]
POLL = 0.5
"""Seconds between two looks; the gateway allows 300 requests a minute."""
READING_PATIENCE = 60.0
REPORT_PATIENCE = 60.0
NEWS_PATIENCE = 30.0
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class DemoFailed(DevstackError):
    """Something a person would have noticed: what was done, and what came instead."""


class DemoClient:
    """Signs up, uploads, answers. Raises DemoFailed when an answer is not what the interface promises."""

    def __init__(
        self, http: httpx.AsyncClient, email: str | None = None, password: str | None = None
    ) -> None:
        """Without an address and a password, those of somebody new."""
        self._http = http
        self.email = email or f"demo-{int(time.time())}-{secrets.token_hex(3)}@example.com"
        self._password = password or f"Aa1!{secrets.token_urlsafe(12)}"

    async def register(self) -> None:
        """Make a fresh account."""
        body = {"email": self.email, "password": self._password, "full_name": "Demo Candidate"}
        await self._json("POST", "/auth/register", 202, json=body)

    async def verify_email(self, token: str) -> None:
        """Prove the address with the token of a mail."""
        response = await self._send("POST", "/auth/verify-email", json={"token": token})
        if response.status_code != 204:
            raise DemoFailed(_said(response))

    async def log_in(self) -> None:
        """Sign in; everything after carries the token."""
        response = await self._log_in()
        if response.status_code == 401:
            raise DemoFailed(
                f"{self.email} was registered but can't log in. Where EMAIL_VERIFICATION=required, an address has to be"
                f" verified first; the demo needs EMAIL_VERIFICATION=off. The answer was: {_said(response)}"
            )
        _checked(response, 200)

    async def can_log_in(self) -> bool:
        """Sign in where that is possible; everything after carries the token then."""
        response = await self._log_in()
        return response.status_code != 401 and bool(_checked(response, 200))

    async def _log_in(self) -> httpx.Response:
        body = {"email": self.email, "password": self._password}
        response = await self._send("POST", "/auth/login", json=body)
        if response.status_code == 200:
            self._http.headers["Authorization"] = f"Bearer {response.json().get('access_token')}"
        return response

    async def resumes(self) -> list[Json]:
        """List the newest résumés."""
        return await self._items("/resume")

    async def interviews(self) -> list[Json]:
        """List the newest interviews."""
        return await self._items("/interview")

    async def upload(self, filename: str, content: bytes) -> str:
        """Send a résumé; returns its id."""
        file = (filename, content, CONTENT_TYPES[Path(filename).suffix])
        return str((await self._json("POST", "/resume/upload", 202, files={"file": file}))["id"])

    async def read_resume(self, resume_id: str) -> Json:
        """Wait until a résumé has been read and return it."""
        deadline = time.monotonic() + READING_PATIENCE
        while True:
            resume = await self._json("GET", f"/resume/{resume_id}", 200)
            if resume["status"] == "parsed":
                return resume
            if resume["status"] in ("failed", "needs_ocr"):
                raise DemoFailed(
                    f"{resume['filename']} could not be read: {resume['status']}, {resume.get('error')}"
                )
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"{resume['filename']} is still {resume['status']} after {READING_PATIENCE:.0f} s"
                )
            await asyncio.sleep(POLL)

    async def start_interview(
        self,
        resume_id: str | None,
        questions: int,
        *,
        job_title: str = "Backend Engineer",
        kind: str = "behavioural",
        level: str = "mid",
    ) -> str:
        """Begin an interview; returns its id. News of the résumé may still be under way to interviews."""
        body = {
            "resume_id": resume_id,
            "job_title": job_title,
            "kind": kind,
            "level": level,
            "questions": questions,
        }
        deadline = time.monotonic() + NEWS_PATIENCE
        while True:
            response = await self._send("POST", "/interview/start", json=body)
            if response.status_code not in (404, 409) or time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL)
        interview = _checked(response, 201)
        if not interview.get("question"):
            raise DemoFailed(f"the interview began without a question: {interview}")
        return str(interview["id"])

    async def interview(self, interview_id: str) -> Json:
        """Return an interview as it stands."""
        return await self._json("GET", f"/interview/{interview_id}", 200)

    async def next_question(self, interview_id: str) -> Json | None:
        """The question to answer now, None when there is none left."""
        response = await self._send("GET", f"/interview/{interview_id}/next")
        return None if response.status_code == 409 else _checked(response, 200)

    async def answer(self, interview_id: str, question_id: object, text: str) -> Json:
        """Answer, and wait up to 20 s for its evaluation."""
        path = f"/interview/{interview_id}/answer"
        body = {"question_id": question_id, "text": text}
        response = await self._send("POST", path, json=body, headers={"Prefer": "wait=20"})
        return _checked(response, 200, 202)

    async def end_interview(self, interview_id: str) -> None:
        """End before the last question was answered."""
        await self._json("POST", f"/interview/{interview_id}/end", 202)

    async def report(self, interview_id: str) -> tuple[Json, str]:
        """Wait for the report; returns it as data and as Markdown."""
        path = f"/interview/{interview_id}/report"
        deadline = time.monotonic() + REPORT_PATIENCE
        while (response := await self._send("GET", path)).status_code == 409:
            if time.monotonic() > deadline:
                raise DemoFailed(f"no report after {REPORT_PATIENCE:.0f} s: {_said(response)}")
            await asyncio.sleep(POLL)
        markdown = await self._send("GET", path, headers={"Accept": "text/markdown"})
        if markdown.status_code != 200 or not markdown.text.strip():
            raise DemoFailed(f"the report as Markdown: {_said(markdown)}")
        return _checked(response, 200), markdown.text

    async def log_out(self) -> None:
        """End the session and see that its token is refused from now on."""
        response = await self._send("POST", "/auth/logout")
        if response.status_code != 204:
            raise DemoFailed(_said(response))
        response = await self._send("GET", "/auth/me")
        if response.status_code != 401:
            raise DemoFailed(f"the token still works after logging out: {_said(response)}")

    async def _items(self, path: str) -> list[Json]:
        items = (await self._json("GET", f"{path}?limit=100", 200)).get("items")
        return items if isinstance(items, list) else []

    async def _json(self, method: str, path: str, status: int, **request: object) -> Json:
        return _checked(await self._send(method, path, **request), status)

    async def _send(self, method: str, path: str, **request: object) -> httpx.Response:
        try:
            while True:
                response = await self._http.request(method, API + path, **request)  # type: ignore[arg-type]
                if response.status_code != 429:
                    return response
                await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
        except httpx.HTTPError as error:
            raise DemoFailed(f"{method} {path}: {type(error).__name__} {error}") from error


def _checked(response: httpx.Response, *expected: int) -> Json:
    if response.status_code not in expected:
        raise DemoFailed(_said(response))
    body: Json = response.json()
    return body


def _said(response: httpx.Response) -> str:
    request = response.request
    return f"{request.method} {request.url.path} answered {response.status_code}: {response.text[:500]}"
