"""Events that auth publishes."""

from typing import ClassVar
from uuid import UUID

from common.contracts.event import Event


class UserEvent(Event):
    """Anything that happened to an account."""

    topic: ClassVar[str] = "interviewace.user"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID


class UserRegistered(UserEvent):
    """Somebody opened an account."""

    ce_type: ClassVar[str] = "user.registered"

    role: str


class UserEmailVerified(UserEvent):
    """The owner proved that the address is theirs."""

    ce_type: ClassVar[str] = "user.email_verified"


class UserDeleted(UserEvent):
    """An account is gone; everything held about it must go too."""

    ce_type: ClassVar[str] = "user.deleted"
    erases: ClassVar[bool] = True


class SessionRevoked(UserEvent):
    """A session ended before its time."""

    ce_type: ClassVar[str] = "session.revoked"

    session_id: UUID
    reason: str


class RefreshTokenReused(UserEvent):
    """A spent refresh token was presented again, so its session was ended."""

    ce_type: ClassVar[str] = "session.refresh_token_reused"

    session_id: UUID


class UserRoleChanged(UserEvent):
    """An admin gave the account another role."""

    ce_type: ClassVar[str] = "user.role_changed"

    role: str


class UserDisabled(UserEvent):
    """A moderator took the account out of use."""

    ce_type: ClassVar[str] = "user.disabled"
