"""People who practise while pods die: each answer is given until it is acknowledged, and none may be lost."""

import asyncio
import secrets

import httpx

from devstack.kubernetes.trial.table import TrialFailed
from devstack.paths import API

QUESTIONS = 10
PATIENCE = 240.0
PAUSE = 0.5


class Person:
    """Signs up, answers every question with words nobody else uses, and reads the report."""

    def __init__(
        self, http: httpx.AsyncClient, address: str, *, pause: float = PAUSE, patience: float = PATIENCE
    ) -> None:
        self._http = http
        self._pause, self._patience = pause, patience
        self._headers = {"X-Forwarded-For": address}
        self.words: list[str] = []
        self.retries = 0

    async def practise(self, begun: asyncio.Event) -> str:
        """Do all of it, slowly enough that pods can die meanwhile; return the report."""
        account = {
            "email": f"person-{secrets.token_hex(6)}@example.com",
            "password": f"Aa1!{secrets.token_urlsafe(12)}",
        }
        await self._until("POST", "/auth/register", {**account, "full_name": "Person"}, {202})
        token = (await self._until("POST", "/auth/login", account, {200})).json()["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"
        start = {"job_title": "Backend Engineer", "kind": "behavioural", "questions": QUESTIONS}
        interview = (await self._until("POST", "/interview/start", start, {201})).json()["id"]
        for _ in range(QUESTIONS):
            await self._answer(interview)
            begun.set()
            await asyncio.sleep(self._pause)
        response = await self._until("GET", f"/interview/{interview}/report", None, {200})
        return response.text

    async def _answer(self, interview: str) -> None:
        question = (await self._until("GET", f"/interview/{interview}/next", None, {200})).json()
        word = f"Wort{secrets.token_hex(6)}"
        text = f"I measured {word} first, then I changed one thing, and as a result it took half of the time."
        body = {"question_id": question["id"], "text": text}
        # 409: it was acknowledged, and the acknowledgement was lost
        await self._until("POST", f"/interview/{interview}/answer", body, {200, 202, 409})
        self.words.append(word)

    async def _until(
        self, method: str, path: str, body: dict[str, object] | dict[str, str] | None, wanted: set[int]
    ) -> httpx.Response:
        loop = asyncio.get_running_loop()
        deadline, seen = loop.time() + self._patience, ""
        while loop.time() < deadline:
            try:
                response = await self._http.request(method, API + path, json=body, headers=self._headers)
                if response.status_code in wanted:
                    return response
                seen = f"{response.status_code} {response.text[:200]}"
            except httpx.HTTPError as error:
                seen = type(error).__name__
            self.retries += 1
            await asyncio.sleep(self._pause)
        raise TrialFailed(f"{method} {path} got no {sorted(wanted)} in {self._patience:g} s: {seen}")


async def practise(url: str, count: int, begun: asyncio.Event) -> tuple[int, list[str], int]:
    """Have people practise; return how many answers they gave, which of them no report holds, and the repetitions."""
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        people = [Person(http, f"198.51.101.{number + 1}") for number in range(count)]
        reports = await asyncio.gather(*(person.practise(begun) for person in people))
    lost = [
        word
        for person, report in zip(people, reports, strict=True)
        for word in person.words
        if word not in report
    ]
    return sum(len(person.words) for person in people), lost, sum(person.retries for person in people)
