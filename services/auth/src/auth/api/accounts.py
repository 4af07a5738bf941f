"""Routes of accounts: registering, proving the address, one's own account and its password."""

from fastapi import APIRouter

from auth import accounts
from auth.api.dependencies import Configured, Passwords, RedisCopy
from auth.schemas import (
    Accepted,
    Deletion,
    EmailOnly,
    PasswordChange,
    PasswordReset,
    Registered,
    Registration,
    TokenOnly,
    UserChange,
    UserView,
)
from common import paths
from common.web.identity import CurrentUser
from common.web.transaction import Session, SessionMakerDep

router = APIRouter(prefix=paths.AUTH, tags=["accounts"])

IF_KNOWN = "If the address has an account, a mail is on its way."


@router.post("/register", status_code=202)
async def register(
    body: Registration, sessionmaker: SessionMakerDep, hasher: Passwords, settings: Configured
) -> Registered:
    """Open an account. The answer is the same for an address that has one already."""
    await accounts.register(sessionmaker, hasher, body, verification=settings.verifies_email)
    follow = "Open the link in the mail we sent." if settings.verifies_email else "You can sign in now."
    return Registered(email=body.email, message=f"Thank you. {follow}")


@router.post("/verify-email", status_code=204)
async def verify_email(body: TokenOnly, session: Session) -> None:
    """Prove an address with the token that was mailed to it."""
    await accounts.verify_email(session, body.token)


@router.post("/resend-verification", status_code=202)
async def resend_verification(body: EmailOnly, session: Session) -> Accepted:
    """Send the verification mail again."""
    await accounts.resend_verification(session, body.email)
    return Accepted(message=IF_KNOWN)


@router.get("/me")
async def get_me(session: Session, user: CurrentUser) -> UserView:
    """Show the caller's account."""
    return UserView.model_validate(await accounts.get(session, user))


@router.patch("/me")
async def change_me(body: UserChange, session: Session, user: CurrentUser) -> UserView:
    """Change the caller's name."""
    return UserView.model_validate(await accounts.rename(session, user, body.full_name))


@router.delete("/me", status_code=204)
async def delete_me(
    body: Deletion, sessionmaker: SessionMakerDep, redis: RedisCopy, hasher: Passwords, user: CurrentUser
) -> None:
    """Erase the caller's account and everything held about them, everywhere."""
    await accounts.delete(sessionmaker, redis, hasher, user, body.password)


@router.post("/change-password", status_code=204)
async def change_password(
    body: PasswordChange,
    sessionmaker: SessionMakerDep,
    redis: RedisCopy,
    hasher: Passwords,
    user: CurrentUser,
) -> None:
    """Change the caller's password; their other sessions end."""
    await accounts.change_password(sessionmaker, redis, hasher, user, body)


@router.post("/forgot-password", status_code=202)
async def forgot_password(body: EmailOnly, session: Session) -> Accepted:
    """Ask for a mail with which a new password can be chosen."""
    await accounts.forgot_password(session, body.email)
    return Accepted(message=IF_KNOWN)


@router.post("/reset-password", status_code=204)
async def reset_password(
    body: PasswordReset, sessionmaker: SessionMakerDep, redis: RedisCopy, hasher: Passwords
) -> None:
    """Choose a new password with the token from the mail; every session ends."""
    await accounts.reset_password(sessionmaker, redis, hasher, body)
