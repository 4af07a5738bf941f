"""Lists in pages: newest first by a UUIDv7 key, with an opaque cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from common.errors import ValidationError

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at the most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[T]):
    """A part of a list; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


class InvalidCursor(ValidationError):
    """The cursor was not made by this list."""

    code = "invalid_cursor"
    title = "The cursor is not valid; start again without one"


def _encode(key: UUID) -> str:
    return urlsafe_b64encode(key.bytes).rstrip(b"=").decode()


def _decode(cursor: str) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise InvalidCursor from error


async def paginate(
    session: AsyncSession,
    query: "Select[T]",
    key: "InstrumentedAttribute[UUID]",
    limit: int,
    cursor: str | None,
) -> tuple[list[T], str | None]:
    """Return up to `limit` rows after `cursor`, and the cursor of the page that follows, if there is one."""
    if cursor is not None:
        query = query.where(key < _decode(cursor))
    rows: list[Any] = list(await session.scalars(query.order_by(key.desc()).limit(limit + 1)))
    following = _encode(getattr(rows[limit - 1], key.key)) if len(rows) > limit else None
    return rows[:limit], following
