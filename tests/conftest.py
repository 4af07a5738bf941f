"""The whole system as its users have it: every process and server, and people who practise through the gateway."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from devstack.infrastructure import Addresses
from devstack.ports import Ports
from devstack.stack import Stack
from testkit.containers import Containers

ROOT = Path(__file__).parents[1]
PASSWORD = "Correct-horse-7"
UNLIMITED = dict.fromkeys(
    ("LIMIT_CREDENTIALS", "LIMIT_COSTLY", "LIMIT_GENERAL_USER", "LIMIT_GENERAL_ADDRESS"), "100000/60"
)
NO_MODELS = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY", "GEMINI_BASE_URL"), "")
QUIET = {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "SMTP_URL": "", "EMAIL_VERIFICATION": "off"}
GOOD_ANSWER = (
    "At my last company our checkout failed for 3% of orders every Friday. My task was to bring that below 0.5% before"
    " the holiday season. I measured where requests waited, I moved the stock check to a queue, and I rehearsed the"
    " switch twice with the team. As a result failures fell to 0.2% within four weeks and we kept 40,000 orders. I"
    " learned to measure before I change anything."
)


Arrived = Callable[[dict[str, Any]], object]


class Person(httpx.AsyncClient):
    """Somebody who practises, as a client of the gateway. Connections are new each time, as after any outage."""

    def __init__(self, url: str, email: str | None = None) -> None:
        super().__init__(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
        self.email = email or f"{uuid4()}@example.com"
        self.tokens: dict[str, Any] = {}

    async def sign_up(self) -> None:
        """Register and sign in."""
        form = {"email": self.email, "password": PASSWORD, "full_name": "Jordan Rivera"}
        assert (await self.post("/auth/register", json=form)).status_code == 202
        await self.sign_in()

    async def sign_in(self) -> None:
        """Sign in."""
        response = await self.post("/auth/login", json={"email": self.email, "password": PASSWORD})
        assert response.status_code == 200, response.text
        self.tokens = response.json()
        self.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    async def upload(self, name: str = "jordan-rivera.pdf", content: bytes | None = None) -> httpx.Response:
        """Upload a sample résumé, or other bytes under that name."""
        body = (ROOT / "samples" / name).read_bytes() if content is None else content
        return await self.post("/resume/upload", files={"file": (name, body)})

    async def read_resume(self) -> str:
        """Upload the sample, wait until it was read, and return its id."""
        resume_id: str = (await self.upload()).json()["id"]
        await self.until(f"/resume/{resume_id}", lambda body: body["status"] == "parsed")
        return resume_id

    async def start(self, **wishes: Any) -> dict[str, Any]:
        """Start an interview."""
        body = {
            "job_title": "Backend Engineer",
            "kind": "behavioural",
            "level": "mid",
            "questions": 2,
        } | wishes
        response = await self.post("/interview/start", json=body)
        assert response.status_code == 201, response.text
        started: dict[str, Any] = response.json()
        return started

    async def next_question(self, interview_id: str) -> dict[str, Any]:
        """Return the question to answer now."""
        return await self.until(f"/interview/{interview_id}/next", lambda body: "text" in body)

    async def answer(self, interview_id: str, question_id: str, text: str, wait: int = 20) -> httpx.Response:
        """Answer a question, waiting for its evaluation."""
        body = {"question_id": question_id, "text": text}
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        return await self.post(f"/interview/{interview_id}/answer", json=body, headers=headers)

    async def report(self, interview_id: str, timeout: float = 60) -> dict[str, Any]:
        """Wait until the report can be read, and return it."""
        return await self.until(f"/interview/{interview_id}/report", lambda body: "overall" in body, timeout)

    async def until(
        self, path: str, arrived: Callable[[dict[str, Any]], object], timeout: float = 60
    ) -> dict[str, Any]:
        """Ask until the answer is as wanted; connections that break in between are part of life."""
        last_word = ""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    try:
                        response = await self.get(path)
                        last_word = response.text
                        if response.status_code == 200 and arrived(response.json()):
                            body: dict[str, Any] = response.json()
                            return body
                    except httpx.TransportError as error:
                        last_word = repr(error)
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(
                f"{path} did not come to be as wanted; the last was {last_word[:500]}"
            ) from None


@asynccontextmanager
async def open_person(url: str, email: str | None = None) -> AsyncIterator[Person]:
    """Open a client for somebody new, signed in, or for an address that has an account already, not signed in."""
    async with Person(url, email) as somebody:
        if email is None:
            await somebody.sign_up()
        yield somebody


class Whole:
    """The running stack, its servers, and who uses it."""

    def __init__(self, stack: Stack, containers: Containers | None) -> None:
        self.stack = stack
        self._containers = containers
        self.url = stack.gateway_url

    def person(self) -> AbstractAsyncContextManager[Person]:
        """Somebody new, signed in."""
        return open_person(self.url)

    async def kill(self, name: str) -> None:
        """Kill a process, or a server, with SIGKILL. Whatever it was, it is started again."""
        if self._containers is not None and name in self._containers.by_name:
            await self._containers.kill(name)
        else:
            self.stack.kill(name)

    async def until_ready(self, name: str) -> None:
        """Wait until what was killed works again."""
        if self._containers is not None and name in self._containers.by_name:
            await self._containers.until_all_answer()
        else:
            await self.stack.until_ready(name)

    async def query(self, sql: str, *arguments: object) -> list[Any]:
        """Look into the database as its administrator."""
        url = self.stack.addresses.postgres_admin_url.rsplit("/", 1)[0] + "/interviewace"
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    def logs(self) -> str:
        """Everything that every process has logged."""
        return "\n".join(
            path.read_text(errors="replace") for path in (self.stack.folder / "logs").glob("*.log")
        )


@pytest.fixture(scope="session")
def run_whole(
    surroundings: str,
    containers: Containers | None,
    infrastructure: Addresses,
    quiet_environment: dict[str, str],
):
    """Run the whole system with more variables; on containers where there are any, else on servers from wheels."""

    @asynccontextmanager
    async def run(**env: str) -> AsyncIterator[Whole]:
        addresses = None if surroundings == "wheels" else infrastructure
        with tempfile.TemporaryDirectory(prefix="interviewace-") as folder:
            values = quiet_environment | env
            async with Stack(Path(folder), ports=Ports.free(), env=values, infrastructure=addresses) as stack:
                yield Whole(stack, containers)

    return run


@pytest_asyncio.fixture(scope="module")
async def whole(run_whole) -> AsyncIterator[Whole]:
    """The whole system without any language model."""
    async with run_whole() as running:
        yield running


@pytest_asyncio.fixture
async def person(whole: Whole) -> AsyncIterator[Person]:
    """Somebody new, signed in."""
    async with whole.person() as somebody:
        yield somebody


@pytest.fixture(scope="session")
def quiet_environment() -> dict[str, str]:
    """The variables of a stack without limits that would be in the way, without models, mails or a trace store."""
    return UNLIMITED | NO_MODELS | QUIET


@pytest.fixture(scope="session")
def new_person() -> Callable[..., AbstractAsyncContextManager[Person]]:
    """Open clients at any gateway: see `open_person`."""
    return open_person


@pytest.fixture(scope="session")
def good_answer() -> str:
    return GOOD_ANSWER
