"""From the version before to this one and back while people practise: no request fails and no answer is lost.

`make upgrade-test BEFORE=<commit>` runs it: the version of that commit serves from an environment of its own, this one
migrates its database and serves beside it, people are moved over, and then back to processes of the version before.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.infrastructure import Addresses
from devstack.ports import Ports
from devstack.services import SERVICES
from devstack.stack import Stack

BEFORE = os.environ.get("BEFORE", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not BEFORE, reason="which version is before is not said: make upgrade-test BEFORE=<commit>"
    ),
]

ROOT = Path(__file__).parents[1]
PEOPLE = 4
REQUESTS = 100
"""At least so many are made in each phase."""
PROCESSES = (*(f"{name} {role}" for name in SERVICES for role in ("api", "worker")), "gateway")
FIRST = "the version before serves"
PROGRAM = """
import asyncio, dataclasses, json, sys
from pathlib import Path
from devstack.ports import Ports
from devstack.services import SERVICES
from devstack.stack import Stack

async def main():
    async with Stack(Path(sys.argv[1]), ports=Ports.free(), env=json.loads(sys.argv[2])) as stack:
        about = {"url": stack.gateway_url, "addresses": dataclasses.asdict(stack.addresses)}
        print(json.dumps(about), flush=True)
        while name := (await asyncio.to_thread(sys.stdin.readline)).strip():
            await stack.restart(name)
            print(json.dumps(name), flush=True)

asyncio.run(main())
"""


@dataclass
class Before:
    """The stack of the version before, with the servers that both use."""

    process: asyncio.subprocess.Process
    folder: Path
    url: str = ""
    addresses: dict[str, Any] = field(default_factory=dict)

    async def line(self) -> Any:
        """Return what it says next."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 180)
        assert line, "the version before ended"
        return json.loads(line)

    async def restart(self, name: str) -> None:
        """Start one of its processes anew."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n".encode())
        assert await self.line() == name


def environment() -> dict[str, str]:
    """Return this process's variables without those of its own environment of packages and of make."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "MAKE"))}


def checked_out(tree: Path) -> Path:
    """Put the version before into a folder with all that it has locked; return its Python."""
    tree.mkdir()
    archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=tree, input=archive, check=True)
    python = f"PYTHON={sys.base_prefix}/bin/python3"
    subprocess.run(["make", "setup", python], cwd=tree, env=environment(), check=True)
    return tree / ".venv" / "bin" / "python"


@asynccontextmanager
async def before(folder: Path, env: dict[str, str]) -> AsyncIterator[Before]:
    """Run the version before."""
    python = await asyncio.to_thread(checked_out, folder / "tree")
    process = await asyncio.create_subprocess_exec(
        *(python, "-c", PROGRAM, folder / "before", json.dumps(env)),
        cwd=folder / "tree",
        env=environment() | {"ENVIRONMENT": "local"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    running = Before(process, folder / "before")
    try:
        about = await running.line()
        running.url, running.addresses = about["url"], about["addresses"]
        yield running
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


class Load:
    """People who practise until they are told to stop; every response is counted by phase."""

    def __init__(self, url: str) -> None:
        self.url, self.phase, self.going = url, FIRST, True
        self.requests: Counter[str] = Counter()
        self.failures: list[str] = []
        self.interviews: list[tuple[Any, str]] = []
        self._at: dict[int, str] = {}

    async def practise(self, number: int, person: Any, words: str) -> None:
        """Sign in, start interviews, answer and look at the list, again and again."""
        while self.going:
            self._at[number] = self.url
            person.base_url = f"{self.url}/api/v1"
            form = {"email": person.email, "password": "Correct-horse-7"}
            await self._ask(person, "POST", "/auth/login", json=form)
            wishes = {"job_title": "Backend Engineer", "kind": "behavioural", "level": "mid", "questions": 1}
            response = await self._ask(person, "POST", "/interview/start", json=wishes)
            if response is not None:
                started = response.json()
                answer = {"question_id": started["question"]["id"], "text": words}
                await self._ask(person, "POST", f"/interview/{started['id']}/answer", json=answer)
                self.interviews.append((person, started["id"]))
            await self._ask(person, "GET", "/interview")
            await self._ask(person, "GET", "/resume")
            await asyncio.sleep(0.1)

    async def _ask(self, person: Any, method: str, path: str, **more: Any) -> httpx.Response | None:
        phase = self.phase
        self.requests[phase] += 1
        try:
            response = await person.request(method, path, **more)
        except httpx.TransportError as error:
            self.failures.append(f"{phase}: {method} {path}: {error!r}")
            return None
        if response.is_error:
            self.failures.append(f"{phase}: {method} {path}: {response.status_code} {response.text[:300]}")
            return None
        return response

    async def move(self, url: str) -> None:
        """Send everybody to another gateway, and wait until nobody has a request at the old one."""
        self.url = url
        while set(self._at.values()) != {url}:
            await asyncio.sleep(0.05)

    async def go_on(self, phase: str) -> None:
        """Wait until enough requests of a phase were made."""
        self.phase = phase
        while self.requests[phase] < REQUESTS:
            await asyncio.sleep(0.05)


async def there_and_back(folder: Path, env: dict[str, str], old: Before, load: Load) -> None:
    """Start this version beside the one before, move everybody to it, and back again."""
    await load.go_on(FIRST)
    home = folder / "now"
    for name in ("passwords.json", "keys"):  # an operator gives both versions the same secrets
        source = old.folder / name
        home.mkdir(mode=0o700, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
    load.phase = "this version migrates the schema and starts"
    async with Stack(home, ports=Ports.free(), env=env, infrastructure=Addresses(**old.addresses)) as new:
        await load.go_on("both run, the version before serves")
        await load.move(new.gateway_url)
        await load.go_on("both run, this version serves")
        load.phase = "the version before starts anew on the newer schema"
        for name in PROCESSES:
            await old.restart(name)
        await load.move(old.url)
        await load.go_on("both run, the version before serves again")
        load.phase = "this version ends"
    await load.go_on("the version before is alone again")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that stays open to Postgres' user: pytest closes its own whenever it starts."""
    with tempfile.TemporaryDirectory(prefix="interviewace-") as name:
        yield Path(name)


async def test_no_request_fails_on_the_way_to_this_version_and_back(
    folder, quiet_environment, new_person, good_answer
):
    async with before(folder, quiet_environment) as old, AsyncExitStack() as stack:
        load = Load(old.url)
        async with asyncio.TaskGroup() as group:
            for number in range(PEOPLE):
                person = await stack.enter_async_context(new_person(old.url))
                group.create_task(load.practise(number, person, good_answer))
            await there_and_back(folder, quiet_environment, old, load)
            load.going = False
        table = "\n".join(f"{count:6} {phase}" for phase, count in load.requests.items())
        sys.stdout.write(f"\n{table}\n{len(load.failures):6} of them failed\n")
        assert load.failures == []
        assert len(load.requests) == 8
        for person, interview_id in load.interviews:
            await person.report(interview_id)
        sys.stdout.write(f"{len(load.interviews):6} answers were evaluated and reported\n")
