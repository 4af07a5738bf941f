"""An error leaves as a problem document with what it brings along: headers, and members of its own (RFC 9457)."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from common.errors import AuthenticationError, DomainError, DuplicateEntityError, TokenError
from common.web import problems


class Closed(DuplicateEntityError):
    """Its responses say where else to ask."""

    code = "closed"
    title = "Closed"
    headers: Mapping[str, str] = {"Link": "</elsewhere>"}


ERRORS: dict[str, DomainError] = {
    "plain": DuplicateEntityError("It is there already."),
    "extended": Closed("Come back later.", retry_after=2.4, extensions={"progress": {"evaluated": 1}}),
    "own-header": Closed(headers={"Link": "</here>", "Allow": "GET"}),
    "anonymous": AuthenticationError(),
    "token": TokenError(),
    "presuming": Closed("The true detail.", extensions={"detail": "another", "status": 200, "type": "x"}),
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)

    @app.get("/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_extensions_stand_beside_the_standard_members(client: httpx.AsyncClient) -> None:
    response = await client.get("/extended")
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:interviewace:problem:closed",
        "title": "Closed",
        "status": 409,
        "detail": "Come back later.",
        "code": "closed",
        "progress": {"evaluated": 1},
    }


async def test_no_extension_takes_the_place_of_a_standard_member(client: httpx.AsyncClient) -> None:
    problem = (await client.get("/presuming")).json()
    assert (problem["detail"], problem["status"]) == ("The true detail.", 409)
    assert problem["type"] == "urn:interviewace:problem:closed"


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("plain", {"link": None, "retry-after": None, "www-authenticate": None}),
        ("extended", {"link": "</elsewhere>", "retry-after": "2"}),
        ("own-header", {"link": "</here>", "allow": "GET", "retry-after": None}),
        ("anonymous", {"www-authenticate": "Bearer"}),
        ("token", {"www-authenticate": "Bearer"}),
    ],
)
async def test_headers_of_the_class_go_along_with_those_of_the_error(
    client: httpx.AsyncClient, name: str, headers: dict[str, str | None]
) -> None:
    response = await client.get(f"/{name}")
    assert {header: response.headers.get(header) for header in headers} == headers


def test_an_error_changes_nothing_for_the_next_of_its_class() -> None:
    Closed(retry_after=5, headers={"Allow": "GET"}, extensions={"progress": 1})
    assert (Closed().headers, Closed().extensions) == ({"Link": "</elsewhere>"}, {})
