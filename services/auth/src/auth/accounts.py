"""Accounts: opening, proving the address, changing, resetting the password, erasing."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auth import login_sessions, mails, passwords, revocations, tokens
from auth.models import MailPurpose, MailToken, User
from auth.passwords import Hasher
from auth.schemas import PasswordChange, PasswordReset, Registration
from common import erasure
from common.clock import utcnow
from common.contracts.user import UserDeleted, UserEmailVerified, UserRegistered
from common.db.engine import SessionMaker
from common.errors import AuthenticationError, EntityNotFoundError, PasswordPolicyError, ValidationError
from common.messaging import outbox
from common.security.tokens import Identity, Role

NOTHING_CHANGED = "The password is wrong; nothing was changed."


class AccountNotFound(EntityNotFoundError):
    """There is no such account."""

    code = "account_not_found"
    title = "There is no such account"


class WrongPassword(AuthenticationError):
    """The password given as proof is not the account's."""

    code = "wrong_password"
    title = "The password is wrong"


class MailTokenInvalid(ValidationError):
    """The token from the mail is unknown, used, or too old."""

    code = "invalid_mail_token"
    title = "The link is not valid any more; ask for a new one"


async def register(
    sessionmaker: SessionMaker,
    hasher: Hasher,
    form: Registration,
    *,
    verification: bool,
    role: Role = Role.USER,
) -> None:
    """Open an account; a known address is not told, its owner gets a mail instead.

    Raises:
        PasswordPolicyError: the password breaks the policy.
    """
    passwords.check(form.password, form.email)
    hashed = await hasher.hash(form.password)
    try:
        async with sessionmaker.begin() as session:
            known = await login_sessions.user_of(session, form.email)
            if known is not None:
                await mails.send_later(session, known.id, "known")
                return
            await _add(session, form, hashed, verification=verification, role=role)
    except IntegrityError:
        # somebody registered the same address at the same moment: that one stands
        return


async def _add(
    session: AsyncSession, form: Registration, hashed: str, *, verification: bool, role: Role
) -> None:
    user = User(email=form.email, full_name=form.full_name, password_hash=hashed, role=role)
    session.add(user)
    await session.flush()
    await outbox.publish(session, UserRegistered(user_id=user.id, role=role.value))
    if verification:
        await mails.send_later(session, user.id, "verify")
    else:
        user.verified_at = utcnow()


async def resend_verification(session: AsyncSession, email: str) -> None:
    """Send the verification mail again where there is something to verify."""
    user = await login_sessions.user_of(session, email)
    if user is not None and user.verified_at is None:
        await mails.send_later(session, user.id, "verify")


async def verify_email(session: AsyncSession, token: str) -> None:
    """Accept the token from the mail as proof of the address.

    Raises:
        MailTokenInvalid: it is unknown, used, or too old.
    """
    user = await _redeem(session, token, MailPurpose.VERIFY)
    if user.verified_at is None:
        user.verified_at = utcnow()
        await outbox.publish(session, UserEmailVerified(user_id=user.id))


async def _redeem(session: AsyncSession, token: str, purpose: MailPurpose) -> User:
    # the account is locked before its tokens and sessions, as by every other change of it
    owner = select(MailToken.user_id).where(MailToken.hash == tokens.digest(token)).scalar_subquery()
    user: User | None = await session.scalar(select(User).where(User.id == owner).with_for_update())
    query = sa.delete(MailToken).where(MailToken.hash == tokens.digest(token), MailToken.purpose == purpose)
    mail_token = await session.scalar(query.returning(MailToken))
    if user is None or mail_token is None or mail_token.expired:
        raise MailTokenInvalid
    return user


async def get(session: AsyncSession, user: Identity) -> User:
    """Return the caller's account.

    Raises:
        AccountNotFound: it was erased meanwhile.
    """
    account = await session.get(User, user.id)
    if account is None:
        raise AccountNotFound
    return account


async def rename(session: AsyncSession, user: Identity, full_name: str) -> User:
    """Change the caller's name."""
    account = await get(session, user)
    account.full_name = full_name
    return account


async def _proved(sessionmaker: SessionMaker, hasher: Hasher, user_id: UUID, password: str) -> User:
    async with sessionmaker() as session:
        user = await session.get(User, user_id)
    if user is None or not await hasher.matches(password, user.password_hash):
        raise WrongPassword(NOTHING_CHANGED)
    return user


async def _unchanged(session: AsyncSession, known: User) -> User:
    """Lock the account whose password was proved; somebody may have changed that while it was checked."""
    query = select(User).where(User.id == known.id, User.password_hash == known.password_hash)
    user: User | None = await session.scalar(query.with_for_update())
    if user is None:
        raise WrongPassword(NOTHING_CHANGED)
    return user


async def delete(
    sessionmaker: SessionMaker, redis: Redis, hasher: Hasher, user: Identity, password: str
) -> None:
    """Erase the caller's account; every service erases what it holds of them.

    Raises:
        WrongPassword: the password is not theirs.
    """
    known = await _proved(sessionmaker, hasher, user.id, password)
    async with sessionmaker.begin() as session:
        await _unchanged(session, known)
        await login_sessions.lock(session, user.id)
        await erasure.erase_traces(session, user.id)
        ended = await login_sessions.end(session, user.id, "account_deleted")
        await session.execute(sa.delete(User).where(User.id == user.id))
        await mails.remove_later(session, user.id)
        await outbox.publish(session, UserDeleted(user_id=user.id))
    await revocations.push_to_redis(redis, ended)


async def change_password(
    sessionmaker: SessionMaker, redis: Redis, hasher: Hasher, user: Identity, form: PasswordChange
) -> None:
    """Change the caller's password and end their other sessions.

    Raises:
        WrongPassword: the current one is not theirs.
        PasswordPolicyError: the new one breaks the policy, or is one of the last five.
    """
    known = await _proved(sessionmaker, hasher, user.id, form.current_password)
    hashed = await _new_hash(hasher, known, form.new_password)
    async with sessionmaker.begin() as session:
        ended = await _set_password(session, await _unchanged(session, known), hashed, keep=user.session_id)
    await revocations.push_to_redis(redis, ended)


async def forgot_password(session: AsyncSession, email: str) -> None:
    """Send a mail with which a new password can be chosen, where the address has an account."""
    user = await login_sessions.user_of(session, email)
    if user is not None:
        await mails.send_later(session, user.id, "reset")


async def reset_password(
    sessionmaker: SessionMaker, redis: Redis, hasher: Hasher, form: PasswordReset
) -> None:
    """Choose a new password with the token from a mail; every session ends.

    Raises:
        MailTokenInvalid: the token is unknown, used, or too old. It is spent only by success.
        PasswordPolicyError: the new password breaks the policy, or is one of the last five.
    """
    async with sessionmaker() as session:
        token = await session.get(MailToken, tokens.digest(form.token))
        if token is None or token.expired or token.purpose is not MailPurpose.RESET:
            raise MailTokenInvalid
        known = await session.get_one(User, token.user_id)
    hashed = await _new_hash(hasher, known, form.new_password)
    async with sessionmaker.begin() as session:
        user = await _redeem(session, form.token, MailPurpose.RESET)
        user.verified_at = user.verified_at or utcnow()
        user.clear_failures()
        ended = await _set_password(session, user, hashed)
    await revocations.push_to_redis(redis, ended)


async def _new_hash(hasher: Hasher, user: User, password: str) -> str:
    passwords.check(password, user.email)
    for former in (user.password_hash, *user.former_hashes.split()):
        if await hasher.matches(password, former):
            raise PasswordPolicyError("Choose another password. It is one of your last five.")
    return await hasher.hash(password)


async def _set_password(
    session: AsyncSession, user: User, hashed: str, keep: UUID | None = None
) -> Sequence[UUID]:
    former = [user.password_hash, *user.former_hashes.split()][: passwords.REMEMBERED - 1]
    user.former_hashes, user.password_hash = " ".join(former), hashed
    await session.execute(sa.delete(MailToken).where(MailToken.user_id == user.id))
    await mails.send_later(session, user.id, "changed")
    return await login_sessions.end(session, user.id, "password_changed", but=keep)
