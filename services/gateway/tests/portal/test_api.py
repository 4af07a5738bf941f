"""The gateway's own endpoints."""

import asyncio
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway.routes import SERVICES

PAGES = ("/", "/docs")


async def test_health_needs_nothing(gateways: Any) -> None:
    running = await gateways(redis_url="redis://127.0.0.1:9/0", auth_url="http://127.0.0.1:9")
    async with running.anonymous() as client:
        response = await client.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_the_version_is_the_gateways_own(gateways: Any) -> None:
    running = await gateways(version="2.3.4", revision="0f1e2d3")
    async with running.anonymous() as client:
        response = await client.get("/version")
    assert response.status_code == 200
    assert response.json() == {"name": "gateway", "version": "2.3.4", "commit": "0f1e2d3"}


async def test_ready_when_redis_and_every_service_is(anonymous: Any) -> None:
    response = await anonymous.get("/ready")
    assert response.status_code == 200
    readiness = response.json()
    assert (readiness["status"], readiness["checks"]) == ("ready", {"redis": "ok"})
    assert {name: service["ready"] for name, service in readiness["services"].items()} == dict.fromkeys(
        SERVICES, True
    )
    assert readiness["services"]["auth"]["checks"] == {"postgres": "ok"}
    assert readiness["workers"] == {}


async def test_not_ready_says_what_is_missing(gateways: Any, upstream: Any) -> None:
    upstream.ready = False
    running = await gateways(redis_url="redis://127.0.0.1:9/0", interview_url="http://127.0.0.1:9")
    async with running.anonymous() as client:
        response = await client.get("/ready")
    assert response.status_code == 503
    readiness = response.json()
    assert readiness["checks"]["redis"] != "ok"
    assert readiness["services"]["auth"]["ready"] is False
    assert readiness["services"]["interview"] == {"ready": False, "checks": None, "error": "does not answer"}
    assert "127.0.0.1" not in response.text


async def test_a_worker_that_is_not_ready_is_shown_and_keeps_no_request_away(
    gateways: Any, restartable: Any
) -> None:
    worker = restartable.service
    running = await gateways(auth_worker_url=worker.url, resume_worker_url="http://127.0.0.1:9")
    async with running.anonymous() as client:
        response = await client.get("/ready")
        assert (response.status_code, response.json()["status"]) == (200, "degraded")
        assert response.json()["workers"] == {
            "auth": {"ready": True, "checks": {"postgres": "ok"}, "error": None},
            "resume": {"ready": False, "checks": None, "error": "does not answer"},
        }
    running = await gateways(auth_worker_url=worker.url)
    async with running.anonymous() as client:
        assert (await client.get("/ready")).json()["status"] == "ready"
        worker.ready = False
        async with asyncio.timeout(10):
            while (response := await client.get("/ready")).json()["status"] == "ready":
                await asyncio.sleep(0.1)  # what was seen is kept for half a second
    assert response.status_code == 200
    assert response.json()["workers"]["auth"]["ready"] is False


async def test_a_service_that_is_not_ready_counts_for_more_than_its_worker(
    gateways: Any, upstream: Any
) -> None:
    upstream.ready = False
    running = await gateways(auth_worker_url=upstream.url)
    async with running.anonymous() as client:
        response = await client.get("/ready")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")


@pytest.mark.parametrize("path", PAGES)
async def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(anonymous: Any, path: str) -> None:
    response = await anonymous.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", response.text)
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', response.text)
    assert loaded
    for address in loaded:
        assert address == "data:," or (await anonymous.get(address)).status_code == 200
    types = {url: (await anonymous.get(url)).headers["content-type"] for url in loaded if url != "data:,"}
    assert all(("javascript" if name.endswith(".js") else "css") in kind for name, kind in types.items())


@pytest.mark.parametrize("path", [*PAGES, "/health", "/ready", "/openapi.json"])
async def test_head_is_answered_as_get_without_a_body(anonymous: Any, path: str) -> None:
    response = await anonymous.head(path)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"] == (await anonymous.get(path)).headers["content-type"]


async def test_the_front_page_leads_to_the_documentation(anonymous: Any) -> None:
    text = (await anonymous.get("/")).text
    assert 'href="/docs"' in text
    assert "curl" in text


async def test_the_documentation_shows_the_merged_specification(anonymous: Any) -> None:
    assert "/openapi.json" in (await anonymous.get("/assets/docs.js")).text


async def test_no_other_file_is_given_out(anonymous: Any, problem: Any) -> None:
    problem(await anonymous.get("/assets/docs.html"), 404, "not_found")
    problem(await anonymous.post("/health"), 405, "method_not_allowed")


def specification(*paths: str, schema: Any = None) -> dict[str, Any]:
    operation = {
        "operationId": "get_one",
        "responses": {
            "200": {
                "description": "ok",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {"get": operation, "post": {**operation, "operationId": "post_one"}} for path in paths
        },
        "components": {"schemas": {"Thing": schema or {"type": "object"}}},
    }


async def test_the_specification_is_one_valid_document_of_all_services(anonymous: Any, upstream: Any) -> None:
    upstream.specification = specification(
        "/api/v1/auth/login",
        "/api/v1/resume/",
        "/api/v1/tasks/1",
        "/api/v1/interview/",
        "/internal/x",
        "/health",
    )
    merged = (await anonymous.get("/openapi.json")).json()
    validate(merged)
    assert "x-missing-services" not in merged["info"]
    assert {"/api/v1/auth/login", "/api/v1/resume/", "/api/v1/tasks/1", "/api/v1/interview/"} <= set(
        merged["paths"]
    )
    assert "/internal/x" not in merged["paths"]
    ids = [operation["operationId"] for item in merged["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))
    assert merged["paths"]["/api/v1/auth/login"]["post"]["security"] == []
    assert merged["paths"]["/api/v1/resume/"]["get"]["security"] == [{"OAuth2PasswordBearer": []}]
    flow = merged["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "/api/v1/auth/login"
    assert (await anonymous.get("/openapi.json")).json() == merged


async def test_a_service_that_is_missing_is_left_out_and_named(gateways: Any, upstream: Any) -> None:
    upstream.specification = specification("/api/v1/auth/login", "/api/v1/interview/")
    running = await gateways(interview_url="http://127.0.0.1:9")
    async with running.anonymous() as client:
        merged = (await client.get("/openapi.json")).json()
    validate(merged)
    assert merged["info"]["x-missing-services"] == ["interview"]
    assert "interview" in merged["info"]["description"]
    assert "/api/v1/interview/" not in merged["paths"]


async def test_a_service_with_a_strange_specification_is_left_out(anonymous: Any, upstream: Any) -> None:
    upstream.specification = {"not": "a specification"}
    merged = (await anonymous.get("/openapi.json")).json()
    validate(merged)
    assert merged["info"]["x-missing-services"] == list(SERVICES)
    assert set(merged["paths"]) == {"/health", "/ready", "/version"}
