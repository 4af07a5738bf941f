"""The table of routes against what each service describes of itself: its OpenAPI, as its own process makes it."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from auth.keys import make_key_file
from gateway.routes import BELOW, ROUTES, SERVICES, resolve

pytestmark = pytest.mark.slow

PRINT_PATHS = "import json, {0}.main; print(json.dumps({0}.main.app.openapi()['paths']))"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FEWEST = {"auth": 8, "resume": 8, "interview": 8}
"""Operations that each service has at least; a new one begins with four."""
Operation = tuple[str, str]


async def _operations(service: str, folder: Path) -> set[Operation]:
    """Return the methods and patterns of a service that clients may call through the gateway."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PRINT_PATHS.format(service)),
        env={
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "local",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
            "REDIS_URL": "redis://127.0.0.1",
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
            "JWKS_URL": "http://127.0.0.1/keys",
            "SIGNING_KEY_FILE": str(folder / "auth.pem"),
            "MAILBOX_TOKEN": "a-token-of-this-run",
        },
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path))
        for path, operations in json.loads(out).items()
        if path.startswith("/api/v1/")
        for method in operations
        if method.upper() in METHODS
    }


@pytest.fixture(scope="module")
async def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Operation]]:
    folder = tmp_path_factory.mktemp("described")
    make_key_file(folder / "auth.pem")
    return {service: await _operations(service, folder) for service in SERVICES}


async def test_what_a_service_describes_is_forwarded_to_it(described: dict[str, set[Operation]]) -> None:
    for service, operations in described.items():
        assert len(operations) >= FEWEST.get(service, 4), service
        for method, pattern in operations:
            route = resolve(method, pattern.replace("{}", "1"))
            assert route, (method, pattern)
            assert route.service == service, (method, pattern)


async def test_what_the_table_names_is_described_by_its_service(
    described: dict[str, set[Operation]],
) -> None:
    for route in ROUTES:
        operations = described[route.service]
        if route.pattern.endswith(BELOW):
            assert any(route.expression.fullmatch(pattern) for _, pattern in operations), route
        else:
            methods = {method for method, pattern in operations if pattern == route.pattern}
            assert methods, route
            assert route.method in {None, *methods}, route
