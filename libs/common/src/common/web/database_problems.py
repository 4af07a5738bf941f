"""What the database refuses, as problem documents."""

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.db import transient
from common.db.transient import is_transient
from common.errors import ServiceUnavailableError, ValidationError
from common.web import problems

UNKEEPABLE = ("22021", "22P05")  # character_not_in_repertoire, untranslatable_character


log = structlog.get_logger()


async def _database(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in UNKEEPABLE:
        return await problems.domain_error(
            request, ValidationError("A text holds a character that can't be kept; remove it.")
        )
    if is_transient(error) or isinstance(error, (PoolTimeout, *transient.CONNECTION_ERRORS)):
        log.warning("database_unavailable", error=type(error).__name__)
        gone = ServiceUnavailableError(
            "The database does not answer at the moment; try again shortly.", retry_after=2
        )
        return await problems.domain_error(request, gone)
    return await problems.unexpected_error(request, error)


def install(app: FastAPI) -> None:
    """Make what the database refuses, or does not answer, leave as a problem document."""
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(SQLAlchemyError, _database)
    for kind in transient.CONNECTION_ERRORS:
        app.add_exception_handler(kind, _database)
