"""Sessions: signing in, going on with refresh tokens, and ending, which every gateway sees at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from pydantic import validate_email
from pydantic_core import PydanticCustomError
from redis.asyncio import Redis
from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth import mails, revocations, tokens
from auth.keys import KeyRing
from auth.models import LoginSession, RefreshToken, User
from auth.passwords import Hasher
from auth.schemas import Credentials, TokenPair
from common.clock import utcnow
from common.contracts.user import RefreshTokenReused
from common.db.engine import SessionMaker
from common.errors import AuthenticationError, EntityNotFoundError, TokenError
from common.messaging import outbox
from common.metrics import meter
from common.security.tokens import MAX_LIFE_SECONDS, Identity
from common.web import pagination

END_ALL_BATCH = 200

log = structlog.get_logger()
SIGN_INS = meter.create_counter(
    "interviewace.auth.sign_ins", description="Attempts to sign in, by outcome: signed_in, refused, locked."
)


class WrongCredentials(AuthenticationError):
    """Address and password do not belong together, or the account can't be used at the moment."""

    code = "wrong_credentials"
    title = "Address or password is wrong"


class RefreshTokenInvalid(TokenError):
    """The refresh token is unknown, too old, or its session has ended."""

    code = "invalid_refresh_token"
    title = "The refresh token is not valid; sign in again"


class SessionNotFound(EntityNotFoundError):
    """There is no such session, or it is somebody else's."""

    code = "session_not_found"
    title = "There is no such session"


@dataclass(frozen=True)
class Device:
    """Where a request comes from, for people to recognise their sessions by."""

    name: str
    address: str


def _written(email: str) -> str:
    """Return an address as registering keeps it: the same for every way of writing its domain."""
    try:
        return validate_email(email)[1]
    except PydanticCustomError:
        return email


async def user_of(session: AsyncSession, email: str, *, lock: bool = False) -> User | None:
    """Return the account of an address, whatever its case: the database's, since languages differ in theirs."""
    query = select(User).where(func.lower(User.email) == func.lower(_written(email)))
    user: User | None = await session.scalar(query.with_for_update() if lock else query)
    return user


async def sign_in(
    sessionmaker: SessionMaker,
    hasher: Hasher,
    keys: KeyRing,
    credentials: Credentials,
    device: Device,
    *,
    verified: bool,
) -> TokenPair:
    """Return a new session's first pair of tokens.

    Unknown, locked, unverified and wrong take the same time and end in the same error. `verified` says whether
    the address must have been proved.

    Raises:
        WrongCredentials: for each of those reasons.
    """
    async with sessionmaker() as session:
        known = await user_of(session, credentials.email)
    matches = await hasher.matches(credentials.password, known.password_hash if known else None)
    pair = None
    outcome = "refused"
    async with sessionmaker.begin() as session:
        user = await user_of(session, credentials.email, lock=True)
        if user is not None and user.may_sign_in(verified):
            if matches and known is not None and user.password_hash == known.password_hash:
                user.clear_failures()
                pair, outcome = await _open(session, keys, user, device), "signed_in"
            elif user.count_failure():
                outcome = "locked"
                await mails.send_later(session, user.id, "locked")
    SIGN_INS.add(1, {"outcome": outcome})
    if pair is None:
        raise WrongCredentials("Address or password is wrong, or the account can't be used yet.")
    return pair


async def _open(session: AsyncSession, keys: KeyRing, user: User, device: Device) -> TokenPair:
    login_session = LoginSession(
        user_id=user.id, chain_key=tokens.new_key(), device=device.name[:300], address=device.address[:64]
    )
    session.add(login_session)
    await session.flush()
    refresh = tokens.new_token()
    session.add(RefreshToken(hash=tokens.digest(refresh), session_id=login_session.id))
    return _pair(keys, user, login_session, refresh)


def _pair(keys: KeyRing, user: User, login_session: LoginSession, refresh: str) -> TokenPair:
    access = keys.access_token(user.id, user.role, login_session.id)
    return TokenPair(access_token=access, refresh_token=refresh, expires_in=MAX_LIFE_SECONDS)


async def refresh(sessionmaker: SessionMaker, redis: Redis, keys: KeyRing, token: str) -> TokenPair:
    """Spend a refresh token and return the next pair.

    A spent token ends its session, except the last spent one within 10 s, which gets the same successor again.

    Raises:
        RefreshTokenInvalid: it is unknown, spent, or its session has ended.
    """
    async with sessionmaker.begin() as session:
        pair, ended = await _go_on(session, keys, token)
    if ended is not None:
        await revocations.push_to_redis(redis, [ended])
    if pair is None:
        raise RefreshTokenInvalid("The refresh token is not valid any more; sign in again.")
    return pair


async def _go_on(session: AsyncSession, keys: KeyRing, token: str) -> tuple[TokenPair | None, UUID | None]:
    """Return the next pair, or none and perhaps the session that had to be ended."""
    session_id = await session.scalar(
        select(RefreshToken.session_id).where(RefreshToken.hash == tokens.digest(token))
    )
    login_session = await session.get(LoginSession, session_id, with_for_update=True) if session_id else None
    link = await session.get(RefreshToken, tokens.digest(token), populate_existing=True)
    if login_session is None or link is None or not login_session.active:
        return None, None
    user = await session.get_one(User, login_session.user_id)
    following = tokens.successor(keys.chain_key(login_session.chain_key), token)
    if link.spent_at is None:
        link.spent_at, link.successor = utcnow(), tokens.digest(following)
        session.add(RefreshToken(hash=link.successor, session_id=login_session.id))
        login_session.last_used_at = utcnow()
        return _pair(keys, user, login_session, following), None
    child = await session.get(RefreshToken, link.successor) if link.successor else None
    if link.in_grace() and child is not None and child.spent_at is None:
        # under another signing key than a moment ago the successor can't be told again
        same = child.hash == tokens.digest(following)
        return _pair(keys, user, login_session, following) if same else None, None
    login_session.end()
    await outbox.publish(session, RefreshTokenReused(user_id=user.id, session_id=login_session.id))
    await revocations.record(session, user.id, [login_session.id], "token_reused")
    log.warning("refresh_token_reused", session_id=str(login_session.id))
    return None, login_session.id


async def lock(session: AsyncSession, user_id: UUID) -> None:
    """Let nobody else change a person's sessions until this transaction ends."""
    query = select(LoginSession.id).where(LoginSession.user_id == user_id).order_by(LoginSession.id)
    await session.execute(query.with_for_update())


async def end(
    session: AsyncSession, user_id: UUID, reason: str, *, only: UUID | None = None, but: UUID | None = None
) -> Sequence[UUID]:
    """End a person's sessions (one, all, or all but one) and return the ids of those that were open."""
    query = select(LoginSession).where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
    if only is not None:
        query = query.where(LoginSession.id == only)
    if but is not None:
        query = query.where(LoginSession.id != but)
    ended = [
        login_session
        for login_session in await session.scalars(query.order_by(LoginSession.id).with_for_update())
        if login_session.end()
    ]
    ids = [login_session.id for login_session in ended]
    await revocations.record(session, user_id, ids, reason)
    return ids


async def end_all(sessionmaker: SessionMaker, redis: Redis) -> int:
    """End every open session of everybody, a few hundred people at a time, and return how many there were."""
    count = 0
    query = select(LoginSession.user_id).where(not_(LoginSession.ended())).distinct().limit(END_ALL_BATCH)
    while True:
        async with sessionmaker.begin() as session:
            user_ids = sorted(await session.scalars(query))
            ended = [
                session_id for user_id in user_ids for session_id in await end(session, user_id, "restore")
            ]
        await revocations.push_to_redis(redis, ended)
        count += len(ended)
        if not ended:
            return count


async def sign_out(
    sessionmaker: SessionMaker,
    redis: Redis,
    user: Identity,
    *,
    everywhere: bool = False,
    only: UUID | None = None,
) -> None:
    """End the caller's session, another of theirs, or all of them.

    Raises:
        SessionNotFound: `only` names none of theirs.
    """
    target = None if everywhere else only or user.session_id
    async with sessionmaker.begin() as session:
        ended = await end(session, user.id, "logout", only=target)
        if only is not None and not ended:
            raise SessionNotFound
    await revocations.push_to_redis(redis, ended)


async def list(
    session: AsyncSession, user_id: UUID, limit: int, cursor: str | None
) -> tuple[Sequence[LoginSession], str | None]:
    """Return a page of a person's open sessions, the newest first."""
    query = select(LoginSession).where(LoginSession.user_id == user_id, not_(LoginSession.ended()))
    return await pagination.paginate(session, query, LoginSession.id, limit, cursor)


async def is_active(session: AsyncSession, session_id: UUID) -> bool:
    """Say whether a session is open and its account usable: what the gateway asks when Redis can't tell."""
    login_session = await session.get(LoginSession, session_id)
    if login_session is None or not login_session.active:
        return False
    user = await session.get(User, login_session.user_id)
    return user is not None and not user.disabled
