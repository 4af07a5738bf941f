"""The gateway's own endpoints: probes, the merged specification, its documentation, and the front page."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import fastapi_offline
from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from pydantic import BaseModel

from common.build import Build
from common.web import probes
from gateway.errors import NothingHere
from gateway.portal.openapi import Document
from gateway.portal.upstreams import Upstreams

HERE = Path(__file__).parent / "pages"
SWAGGER = Path(str(resources.files(fastapi_offline))) / "static"
ASSETS = {
    "page.css": HERE / "page.css",
    "docs.js": HERE / "docs.js",
    "link.js": HERE / "link.js",
    "swagger-ui.css": SWAGGER / "swagger-ui.css",
    "swagger-ui-bundle.js": SWAGGER / "swagger-ui-bundle.js",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
PAGE_HEADERS = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
ASSET_HEADERS = {"Cache-Control": "public, max-age=3600"}

router = APIRouter()


class Health(BaseModel):
    """The gateway is alive."""

    status: str = "ok"


class Readiness(BaseModel):
    """Whether everything works: `ready`, `degraded` (requests are served, a worker is not ready) or `not ready`.

    `checks` are the gateway's own needs: `ok` or what is wrong.
    """

    status: Literal["ready", "degraded", "not ready"]
    checks: dict[str, str]
    services: dict[str, "ServiceReadiness"]
    workers: dict[str, "ServiceReadiness"]


class ServiceReadiness(BaseModel):
    """One process's own account of itself."""

    ready: bool
    checks: dict[str, str] | None = None
    error: str | None = None


def _services(request: Request) -> Upstreams:
    services: Upstreams = request.app.state.services
    return services


AllServices = Annotated[Upstreams, Depends(_services)]


@router.get("/health", tags=["probes"])
async def health() -> Health:
    """Answer as long as the process is alive."""
    return Health()


@router.get(
    "/ready", tags=["probes"], responses={503: {"model": Readiness, "description": "Something is not ready."}}
)
async def ready(request: Request, response: Response, services: AllServices) -> Readiness:
    """Answer 200 when the gateway and each service behind it can work, else 503 with what does not.

    A worker that does not work keeps no request from being served: that is a 200 and `degraded`.
    """
    checks = await probes.outcomes(request.app.state.checks)
    platform = await services.readiness()
    readiness = Readiness(
        status="ready",
        checks=checks,
        services={name: ServiceReadiness(**document) for name, document in platform.services.items()},
        workers={name: ServiceReadiness(**document) for name, document in platform.workers.items()},
    )
    if not all(worker.ready for worker in readiness.workers.values()):
        readiness.status = "degraded"
    serves = all(service.ready for service in readiness.services.values())
    if not serves or any(check != "ok" for check in checks.values()):
        readiness.status, response.status_code = "not ready", 503
    return readiness


@router.get("/version", tags=["probes"])
async def version(request: Request) -> Build:
    """Say which program this is."""
    build: Build = request.app.state.build
    return build


@router.get("/openapi.json", include_in_schema=False)
async def specification(request: Request, services: AllServices) -> JSONResponse:
    """Give the specification of the whole platform."""
    own: Document = request.app.openapi()
    return JSONResponse(await services.specification(own), headers={"Cache-Control": "no-cache"})


@router.get("/", include_in_schema=False)
async def front() -> HTMLResponse:
    """Say what this is and where to go."""
    return _page("front.html")


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """Show the specification as a page to try things on; it loads nothing from elsewhere."""
    return _page("docs.html")


@router.get("/verify-email", include_in_schema=False)
@router.get("/reset-password", include_in_schema=False)
async def link() -> HTMLResponse:
    """Show where a link in a mail leads: a button or a form that uses its token."""
    return _page("link.html")


@router.get("/assets/{name}", include_in_schema=False)
async def asset(name: str) -> FileResponse:
    """Give a file that one of the pages needs."""
    if name not in ASSETS:
        raise NothingHere
    return FileResponse(ASSETS[name], headers=ASSET_HEADERS)


def _page(name: str) -> HTMLResponse:
    return HTMLResponse((HERE / name).read_text(), headers=PAGE_HEADERS)
