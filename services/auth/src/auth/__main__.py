"""Auth's command line: what every service has, `create-admin`, and `end-sessions` for after a restore."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

import auth
from auth import admins, login_sessions
from auth.settings import Settings
from common import cli
from common.db import engine
from common.db.engine import SessionMaker
from common.errors import DomainError, ValidationError


def _password() -> str:
    try:
        return os.environ.get("AUTH_ADMIN_PASSWORD") or getpass.getpass("Password of the new admin: ")
    except EOFError:
        raise ValidationError("Nobody is there to ask for a password; set AUTH_ADMIN_PASSWORD.") from None


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[SessionMaker]:
    database_engine = engine.create_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        yield engine.create_sessionmaker(database_engine)
    finally:
        await database_engine.dispose()


async def _create_admin(settings: Settings, arguments: argparse.Namespace) -> str:
    async with _database(settings) as sessionmaker:
        return await admins.create(
            sessionmaker,
            settings,
            arguments.email,
            arguments.full_name,
            _password,
            promote=arguments.promote,
        )


async def _end_sessions(settings: Settings) -> str:
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, decode_responses=True)
    async with _database(settings) as sessionmaker, redis:
        count = await login_sessions.end_all(sessionmaker, redis)
    return f"{count} sessions have ended; everybody signs in anew"


def main() -> int:
    """Parse the command line and do it; return the exit code."""
    parser, verbs = cli.build_parser("auth")
    create = verbs.add_parser("create-admin", help="make the first admin; the password comes from a prompt")
    create.add_argument("--email", required=True)
    create.add_argument("--full-name", default="Administrator")
    create.add_argument("--promote", action="store_true", help="make an existing account an admin")
    verbs.add_parser(
        "end-sessions", help="end every session: what was revoked after a backup is open in it again"
    )
    arguments = parser.parse_args()
    settings = cli.load(Settings, parser.prog)
    try:
        match arguments.command:
            case "create-admin":
                sys.stdout.write(asyncio.run(_create_admin(settings, arguments)) + "\n")
            case "end-sessions":
                sys.stdout.write(asyncio.run(_end_sessions(settings)) + "\n")
            case _:
                cli.run_command(arguments, auth, settings)
    except DomainError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
