"""What moderators and admins do with other people's accounts."""

from collections.abc import Sequence
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auth import accounts, login_sessions, revocations
from auth.models import User
from auth.schemas import ManagedUserChange, ManagedUserView
from common.clock import utcnow
from common.contracts.user import UserDisabled, UserRoleChanged
from common.db.engine import SessionMaker
from common.errors import AuthorizationError
from common.messaging import outbox
from common.security.tokens import Identity, Role
from common.web import pagination


async def list(session: AsyncSession, limit: int, cursor: str | None) -> tuple[Sequence[User], str | None]:
    """Return a page of all accounts, the newest first."""
    return await pagination.paginate(session, select(User), User.id, limit, cursor)


async def get(session: AsyncSession, user_id: UUID) -> User:
    """Return an account.

    Raises:
        AccountNotFound: there is none of that id.
    """
    user = await session.get(User, user_id)
    if user is None:
        raise accounts.AccountNotFound
    return user


async def change(
    sessionmaker: SessionMaker, redis: Redis, moderator: Identity, user_id: UUID, wanted: ManagedUserChange
) -> ManagedUserView:
    """Disable or enable an account, or change its role; both end its sessions.

    Raises:
        AccountNotFound: there is none of that id.
        AuthorizationError: a moderator wants to change a role, or somebody of their own rank or above, or oneself.
    """
    async with sessionmaker.begin() as session:
        user = await get(session, user_id)
        _allow(moderator, user, wanted)
        ended: Sequence[UUID] = ()
        if wanted.role is not None and wanted.role is not user.role:
            user.role = wanted.role
            await outbox.publish(session, UserRoleChanged(user_id=user.id, role=wanted.role.value))
            ended = [*ended, *await login_sessions.end(session, user.id, "role_changed")]
        if wanted.disabled is True and user.disabled_at is None:
            user.disabled_at = utcnow()
            await outbox.publish(session, UserDisabled(user_id=user.id))
            ended = [*ended, *await login_sessions.end(session, user.id, "account_disabled")]
        elif wanted.disabled is False:
            user.disabled_at = None
        seen = ManagedUserView.model_validate(user)
    await revocations.push_to_redis(redis, ended)
    return seen


def _allow(moderator: Identity, user: User, wanted: ManagedUserChange) -> None:
    if moderator.id == user.id:
        raise AuthorizationError("Nobody changes their own role or state; ask another admin.")
    if moderator.role is not Role.ADMIN and (wanted.role is not None or user.role is not Role.USER):
        raise AuthorizationError("Only admins change roles, and accounts of moderators and admins.")


async def unlock(session: AsyncSession, user_id: UUID) -> None:
    """Lift the lock that wrong passwords put on an account."""
    (await get(session, user_id)).clear_failures()
