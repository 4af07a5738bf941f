"""What two people who attack cost a third: their upload until the interview service knows it, before and meanwhile."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx

from devstack.ports import Ports
from devstack.stack import Stack

SAMPLE = Path(__file__).parents[1] / "samples" / "jordan-rivera.pdf"
PASSWORD = "Practice-makes-better-1"
KNOWN = "SELECT 1 FROM interview.resume_copy WHERE resume_id = $1 AND background IS NOT NULL"
PATIENCE = 60.0
SLOW_BODIES = 265
HEAVY_FILES = 12
STARTS = 10

LONG_COMPANY = "Experience\n" + "Company " * 237 + "\n" + "Position: Engineer\n" * 1_500
MANY_LINES = "Experience\n" + "".join(
    f"Engineer at Company {n}, 2001 - 2009 built things\n" for n in range(2_400)
)
CRAFTED = "Experience\n" + "".join(
    f"Engineer, Firm{n}, 2010 - 2012\n- Led project{n} with python{n} sql{n} and cut cost{n} by {n}%\n"
    for n in range(600)
)
JOB = " ".join(f"python{n} sql{n} project{n}" for n in range(400))[:9_000]


class Person(httpx.AsyncClient):
    """Somebody signed in through the gateway."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=f"{url}/api/v1", timeout=180, trust_env=False)

    async def sign_up(self) -> None:
        """Register and sign in."""
        account = {"email": f"{secrets.token_hex(6)}@example.com", "password": PASSWORD}
        (await self.post("/auth/register", json=account | {"full_name": "Somebody"})).raise_for_status()
        response = await self.post("/auth/login", json=account)
        self.headers["Authorization"] = f"Bearer {response.raise_for_status().json()['access_token']}"

    async def upload(self, name: str, content: bytes) -> httpx.Response:
        """Upload a résumé; a refusal is fine with an attacker."""
        return await self.post("/resume/upload", files={"file": (name, content)})


async def seconds_to_copy(person: Person, database: asyncpg.Connection) -> str:
    """Return the seconds from an upload to the moment the interview service may ask from it."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            response = await person.upload(SAMPLE.name, SAMPLE.read_bytes())
            if not response.is_success:
                return f"refused: {response.status_code}"
            while not await database.fetch(KNOWN, response.json()["id"]):  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.02)
    except TimeoutError:
        return f"more than {PATIENCE:.0f}"
    return f"{time.perf_counter() - began:.2f}"


async def upload_heavy_files(attacker: Person) -> None:
    """Points 1 and 2: profiles larger than an event, and text that once took memory with the square of its lines."""
    files = [LONG_COMPANY, *[MANY_LINES] * (HEAVY_FILES - 1)]
    await asyncio.gather(*(attacker.upload("resume.txt", text.encode()) for text in files))


async def start_costly_interviews(attacker: Person) -> None:
    """Point 9: plans from a crafted résumé, one after the other."""
    resume_id = (await attacker.upload("resume.txt", CRAFTED.encode())).json().get("id")
    wish = {"job_title": "Engineer", "job_description": JOB, "kind": "mixed", "level": "mid", "questions": 15}
    for _ in range(STARTS):
        response = await attacker.post("/interview/start", json=wish | {"resume_id": resume_id})
        if response.status_code == 409:
            await asyncio.sleep(0.5)


async def hold_slow_bodies(attacker: Person) -> None:
    """Point 10: many bodies that never come to their end."""
    host, port = attacker.base_url.host, attacker.base_url.port
    head = (
        f"POST /api/v1/interview/start HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: {attacker.headers['Authorization']}\r\nContent-Length: 4000\r\n\r\n{{"
    )
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(SLOW_BODIES):
            _, writer = await asyncio.open_connection(host, port)
            writer.write(head.encode())
            writers.append(writer)
        while True:
            await asyncio.sleep(1)
            for writer in writers:
                with suppress(ConnectionError):
                    writer.write(b" ")
    finally:
        for writer in writers:
            writer.close()


@asynccontextmanager
async def attacks(kind: Callable[[Person], Awaitable[None]], *attackers: Person) -> AsyncIterator[None]:
    """Keep the attack going; it has a second's start."""
    running = [asyncio.ensure_future(kind(attacker)) for attacker in attackers]
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for attack in running:
            attack.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def measure(attack: Callable[[Person], Awaitable[None]]) -> tuple[str, str]:
    """Return a third person's seconds before and during the attack, on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="interviewace-") as folder:
        async with Stack(Path(folder), ports=Ports.free()) as stack, AsyncExitStack() as people:
            server = stack.addresses.postgres_admin_url.rsplit("/", 1)[0]
            database = await asyncpg.connect(f"{server}/interviewace")
            people.push_async_callback(database.close)
            first, second, third = [
                await people.enter_async_context(Person(stack.gateway_url)) for _ in range(3)
            ]
            for person in (first, second, third):
                await person.sign_up()
            await seconds_to_copy(third, database)  # the first one of a fresh stack imports and connects
            before = await seconds_to_copy(third, database)
            async with attacks(attack, first, second):
                return before, await seconds_to_copy(third, database)


async def main() -> None:
    """Measure each attack and print the table."""
    print("| two people | a third's upload until its copy is there, s | meanwhile, s |\n| --- | --- | --- |")
    for attack in (upload_heavy_files, start_costly_interviews, hold_slow_bodies):
        before, meanwhile = await measure(attack)
        print(f"| {attack.__name__.replace('_', ' ')} | {before} | {meanwhile} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
