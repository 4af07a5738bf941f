"""Routes of moderators and admins."""

from uuid import UUID

from fastapi import APIRouter

from auth import moderation
from auth.api.dependencies import RedisCopy
from auth.schemas import ManagedUserChange, ManagedUserView
from common import paths
from common.web.identity import MODERATORS, Moderator
from common.web.pagination import Cursor, Limit, Page
from common.web.transaction import Session, SessionMakerDep

router = APIRouter(prefix=f"{paths.AUTH}/users", tags=["moderation"])


@router.get("", dependencies=[MODERATORS])
async def list_users(session: Session, limit: Limit = 20, cursor: Cursor = None) -> Page[ManagedUserView]:
    """List all accounts."""
    users, following = await moderation.list(session, limit, cursor)
    return Page(items=[ManagedUserView.model_validate(user) for user in users], next_cursor=following)


@router.get("/{user_id}", dependencies=[MODERATORS])
async def get_user(user_id: UUID, session: Session) -> ManagedUserView:
    """Show an account."""
    return ManagedUserView.model_validate(await moderation.get(session, user_id))


@router.patch("/{user_id}")
async def change_user(
    user_id: UUID,
    body: ManagedUserChange,
    sessionmaker: SessionMakerDep,
    redis: RedisCopy,
    moderator: Moderator,
) -> ManagedUserView:
    """Disable or enable an account; admins also change its role."""
    return await moderation.change(sessionmaker, redis, moderator, user_id, body)


@router.post("/{user_id}/unlock", status_code=204, dependencies=[MODERATORS])
async def unlock_user(user_id: UUID, session: Session) -> None:
    """Lift the lock that wrong passwords put on an account."""
    await moderation.unlock(session, user_id)
