"""Errors as they leave: problem documents (RFC 9457), the same from every service and from the gateway."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from common.errors import DomainError
from common.web.middleware import CLIENT_LEFT

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class InvalidField(BaseModel):
    """One thing that is wrong with a request, and where."""

    location: list[str | int]
    message: str


class Problem(BaseModel):
    """What went wrong, in RFC 9457's terms. `code` is stable and meant for programs, `detail` for people."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[InvalidField] | None = None


def document(
    status: int,
    code: str,
    title: str,
    detail: str,
    request_id: str | None,
    errors: list[InvalidField] | None = None,
) -> dict[str, Any]:
    """Return a problem document; its type is a URN made of the code."""
    problem = Problem(
        type=f"urn:interviewace:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        errors=errors,
    )
    return problem.model_dump(exclude_none=True)


def document_of(error: DomainError, request_id: str | None) -> dict[str, Any]:
    """Return the problem document of an error: its extensions beside the members that every problem has."""
    return error.extensions | document(error.status, error.code, error.title, error.detail, request_id)


def respond(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[InvalidField] | None = None,
) -> JSONResponse:
    """Return the problem as a response."""
    request_id = request.scope.get("request_id")
    body = document(status, code, title, detail, request_id, errors)
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


async def domain_error(request: Request, error: Exception) -> JSONResponse:
    """Return a domain error as a problem document."""
    if not isinstance(error, DomainError):
        raise error
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request_failed", code=error.code, error=type(error).__name__)
    body = document_of(error, request.scope.get("request_id"))
    return JSONResponse(body, error.status, error.headers, MEDIA_TYPE)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = [InvalidField(location=list(detail["loc"]), message=detail["msg"]) for detail in error.errors()]
    first = fields[0] if fields else InvalidField(location=[], message="unknown")
    place = ".".join(map(str, first.location))
    return respond(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "validation_failed",
        "The request is not valid",
        f"{place}: {first.message}" if place else first.message,
        errors=fields,
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    detail = {404: "There is nothing at this address.", 405: "This address does not take that method."}.get(
        error.status_code, str(error.detail)
    )
    return respond(request, error.status_code, code, phrase, detail, headers=error.headers)


async def _client_left(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape FastAPI calls
    """End the request of a client that hung up within its body: nobody waits for what is said here."""
    return Response(status_code=CLIENT_LEFT)


async def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """Answer for an error nobody thought of, and record it."""
    # outside of every middleware: the id has to be put on the log line and the response here
    request_id = request.scope.get("request_id")
    log.error("unexpected_error", error=type(error).__name__, exc_info=error, request_id=request_id)
    headers = {"X-Request-ID": request_id} if request_id else None
    detail = "Something went wrong on our side; it has been recorded under this request id."
    return respond(request, 500, "internal_error", "Internal error", detail, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of the app leave as a problem document."""
    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _client_left)
    app.add_exception_handler(Exception, unexpected_error)
