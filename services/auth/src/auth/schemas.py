"""What auth's routes take and return."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from auth.models import LoginSession
from common.security.tokens import Role

PRINTED = r"^[^\x00-\x1f]*$"
FullName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTED)
]
Password = Annotated[str, Field(min_length=1, max_length=1000)]
Token = Annotated[str, Field(min_length=1, max_length=200)]


class Registration(BaseModel):
    """Who wants an account."""

    email: EmailStr
    password: Password
    full_name: FullName


class Registered(BaseModel):
    """The same answer whether or not the address was known."""

    email: EmailStr
    message: str


class Credentials(BaseModel):
    """An address and its password."""

    email: Annotated[str, Field(min_length=1, max_length=320, pattern=PRINTED)]
    password: Password


class EmailOnly(BaseModel):
    """An address."""

    email: EmailStr


class TokenOnly(BaseModel):
    """A token that came by mail."""

    token: Token


class RefreshRequest(BaseModel):
    """The refresh token of the last pair."""

    refresh_token: Token


class TokenPair(BaseModel):
    """An access token for `expires_in` seconds, and the refresh token that gets the next pair."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's name
    expires_in: int


class UserView(BaseModel):
    """An account."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    full_name: str
    role: Role
    email_verified: bool
    created_at: datetime


class ManagedUserView(UserView):
    """An account as moderators see it."""

    disabled: bool
    locked: bool


class UserChange(BaseModel):
    """What a person may change of their own account."""

    full_name: FullName


class ManagedUserChange(BaseModel):
    """What moderators may change of an account; only admins change roles."""

    disabled: bool | None = None
    role: Role | None = None


class Deletion(BaseModel):
    """The password, as proof."""

    password: Password


class PasswordChange(BaseModel):
    """The password that was, and the one that shall be."""

    current_password: Password
    new_password: Password


class PasswordReset(BaseModel):
    """A token that came by mail, and the password that shall be."""

    token: Token
    new_password: Password


class SessionView(BaseModel):
    """One sign-in on one device."""

    id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    current: bool

    @classmethod
    def of(cls, login_session: LoginSession, current: UUID) -> Self:
        """Return a session as its owner sees it from the session that is `current`."""
        return cls(
            id=login_session.id,
            device=login_session.device,
            address=login_session.address,
            created_at=login_session.created_at,
            last_used_at=login_session.last_used_at,
            current=login_session.id == current,
        )


class SessionList(BaseModel):
    """A person's sessions, the newest first."""

    items: list[SessionView]
    next_cursor: str | None = None


class Accepted(BaseModel):
    """The same answer whatever is known of the address."""

    message: str
