"""Whether somebody was erased while a request of theirs was under way."""

from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import DomainError
from interview.models import ErasedUser

ONE_USER_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:user_id, 0))")


class AccountErased(DomainError):
    """The owner's account was erased; nothing is kept for them any more."""

    status = 410
    code = "account_erased"
    title = "This account was erased"


async def refuse(session: AsyncSession, user_id: UUID) -> None:
    """Go on only where the user is not erased; an erasure that comes now waits until this transaction is through.

    Raises:
        AccountErased: they are.
    """
    await session.execute(ONE_USER_AT_A_TIME, {"user_id": str(user_id)})
    if await session.scalar(select(exists().where(ErasedUser.user_id == user_id))):
        raise AccountErased("The account was erased, so nothing was kept of this request.")
