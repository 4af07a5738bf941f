"""Which database errors pass by waiting."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

CONNECTION_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
TRANSIENT_SQLSTATES = ("40", "53", "55P03", "57")


def is_transient(error: BaseException) -> bool:
    """Return True where waiting can help: a connection that broke, a lock, a deadlock, a server going down."""
    if isinstance(error, DBAPIError):
        if isinstance(getattr(error.orig, "__cause__", None), ValueError):
            return False  # the driver can't send such a value, now or ever
        if error.connection_invalidated or isinstance(error, (InterfaceError, OperationalError)):
            return True
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        return sqlstate.startswith(TRANSIENT_SQLSTATES)
    return isinstance(error, CONNECTION_ERRORS)
