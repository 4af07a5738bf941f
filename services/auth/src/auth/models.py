"""Accounts, their sessions and tokens. Tokens are kept as hashes only."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, ForeignKey, Index, LargeBinary, String, func, or_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.clock import utcnow
from common.db import engine
from common.db.types import words_of
from common.ids import uuid7
from common.security.tokens import Role

IDLE_LIFE = timedelta(days=7)
WHOLE_LIFE = timedelta(days=30)
GRACE = timedelta(seconds=10)
MAIL_TOKEN_LIFE = timedelta(hours=1)
FAILURES_ALLOWED = 5
FAILURES_WINDOW = timedelta(minutes=15)
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)

Moment = DateTime(timezone=True)


class Base(DeclarativeBase):
    """Everything in auth's schema."""

    metadata = engine.metadata("auth")


class User(Base):
    """An account."""

    __tablename__ = "user"
    __table_args__ = (Index("uq_user_email", func.lower("email"), unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str] = mapped_column(String(320))
    full_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(100))
    former_hashes: Mapped[str] = mapped_column(default="")
    role: Mapped[Role] = mapped_column(words_of(Role), default=Role.USER)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utcnow)
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    locks: Mapped[int] = mapped_column(default=0)

    @property
    def email_verified(self) -> bool:
        """True once the address was proved."""
        return self.verified_at is not None

    @property
    def disabled(self) -> bool:
        """True while moderators keep the account from signing in."""
        return self.disabled_at is not None

    @property
    def locked(self) -> bool:
        """True while wrong passwords keep the account from signing in."""
        return self.locked_until is not None and self.locked_until > utcnow()

    def may_sign_in(self, verification_required: bool) -> bool:
        """True when neither a lock, a moderator nor an unproved address stands in the way."""
        proved = self.email_verified or not verification_required
        return proved and not self.locked and not self.disabled

    def count_failure(self) -> bool:
        """Count a wrong password; return True when this one locks the account. Each lock is twice as long."""
        now = utcnow()
        if self.failing_since is None or now - self.failing_since > FAILURES_WINDOW:
            self.failing_since, self.failures = now, 0
        self.failures += 1
        if self.failures < FAILURES_ALLOWED:
            return False
        self.locked_until = now + min(FIRST_LOCK * 2**self.locks, LONGEST_LOCK)
        self.locks += 1
        self.failures, self.failing_since = 0, None
        return True

    def clear_failures(self) -> None:
        """Forget wrong passwords after a right one."""
        self.failures, self.failing_since, self.locked_until, self.locks = 0, None, None, 0


class LoginSession(Base):
    """One sign-in on one device, continued by refresh tokens.

    `chain_key` and the signing key together derive each token's successor; neither does alone.
    """

    __tablename__ = "session"
    __table_args__ = (
        Index("ix_session_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    chain_key: Mapped[bytes] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=utcnow, index=True)
    last_used_at: Mapped[datetime] = mapped_column(Moment, default=utcnow, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def active(self) -> bool:
        """True while it was not ended and is neither idle nor too old."""
        now = utcnow()
        fresh = now - self.last_used_at < IDLE_LIFE and now - self.created_at < WHOLE_LIFE
        return self.revoked_at is None and fresh

    @classmethod
    def ended(cls) -> ColumnElement[bool]:
        """Return the condition for sessions that are not active."""
        now = utcnow()
        return or_(
            cls.revoked_at.is_not(None),
            cls.last_used_at <= now - IDLE_LIFE,
            cls.created_at <= now - WHOLE_LIFE,
        )

    def end(self) -> bool:
        """End it; return False where that had happened before."""
        if self.revoked_at is not None:
            return False
        self.revoked_at = utcnow()
        return True


class EndedSession(Base):
    """A session that was ended a little while ago, kept for as long as one of its tokens may live, whoever is gone."""

    __tablename__ = "ended_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(Moment, default=utcnow)


class RefreshToken(Base):
    """One link of a session's chain. It is spent by use."""

    __tablename__ = "refresh_token"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey(LoginSession.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utcnow)
    spent_at: Mapped[datetime | None] = mapped_column(Moment)
    successor: Mapped[bytes | None] = mapped_column(LargeBinary)

    def in_grace(self) -> bool:
        """True when it was spent so lately that its answer may have been lost on the way."""
        return self.spent_at is not None and utcnow() - self.spent_at < GRACE


class MailPurpose(StrEnum):
    """What a token sent by mail is good for."""

    VERIFY = "verify"
    RESET = "reset"


class MailToken(Base):
    """A token that was sent by mail: single use, an hour."""

    __tablename__ = "mail_token"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    purpose: Mapped[MailPurpose] = mapped_column(words_of(MailPurpose))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utcnow, index=True)

    @hybrid_property
    def expired(self) -> bool:
        """True after an hour."""
        return self.created_at < utcnow() - MAIL_TOKEN_LIFE
