"""`Idempotency-Key`: a client that repeats a creating POST gets the first response again instead of a second thing.

The response is kept for 24 hours in the transaction of what it tells of, and goes with that. Of two requests at once
with one key, the second waits for the first.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header
from pydantic import BaseModel
from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.db import tombstones
from common.db.tables import RESPONSES_KEPT
from common.db.tables import idempotency as kept
from common.errors import DomainError, ValidationError
from common.web.identity import CurrentUser

M = TypeVar("M", bound=BaseModel)

CLAIM = insert(kept).on_conflict_do_nothing().returning(kept.c.key)


class ResponseErased(DomainError):
    """What the first request with this key made was deleted, and the response to it as well."""

    status = 410
    code = "response_erased"
    title = "What this request made was deleted"

    def __init__(self) -> None:
        super().__init__(
            "What this request made was deleted since; to make it anew, choose a new Idempotency-Key."
        )


class IdempotencyKeyReused(ValidationError):
    """The key came before with another body."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request; choose a new one"


@dataclass(frozen=True)
class IdempotencyContext:
    """Who asks, and the key they sent, if any."""

    owner_id: UUID
    key: str | None


def idempotency_context(
    user: CurrentUser,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="Repeat the request with the same key and body to get the first answer again, for 24 hours.",
        ),
    ] = None,
) -> IdempotencyContext:
    """Read the header of a route that creates."""
    return IdempotencyContext(user.id, key)


IdempotencyDep = Annotated[IdempotencyContext, Depends(idempotency_context)]


def fingerprint(*parts: bytes) -> bytes:
    """Return what tells one request's content from another's."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def run_once(
    session: AsyncSession,
    idempotency: IdempotencyContext,
    operation: str,
    content: bytes,
    shape: type[M],
    make: Callable[[], Awaitable[M]],
) -> M:
    """Return the response of `make`, or the one it gave when the same key and content came before.

    Args:
        session: the transaction in which `make` creates.
        idempotency: who asks, with the key; without a key `make` is simply called.
        operation: what is created; keys of different operations do not meet.
        content: the fingerprint of the request's content.
        shape: the type of the response.
        make: creates the thing and returns the response.

    Raises:
        IdempotencyKeyReused: the key came before with other content.
        ResponseErased: what was made then is deleted.
        AccountErased: there is nobody any more to keep it for.
    """
    if idempotency.key is None:
        return await make()
    # the worker removes everybody's soon after; this keeps the promise to the minute for whoever asks
    over = kept.c.created_at < func.now() - RESPONSES_KEPT
    await session.execute(delete(kept).where(kept.c.owner_id == idempotency.owner_id, over))
    key = {"owner_id": idempotency.owner_id, "operation": operation, "key": idempotency.key}
    its_own = and_(*(kept.c[name] == value for name, value in key.items()))
    if await session.scalar(CLAIM, key | {"fingerprint": content}) is None:
        query = select(kept.c.fingerprint, kept.c.answer).where(its_own)
        fingerprint_before, response_before = (await session.execute(query)).one()
        if fingerprint_before != content:
            raise IdempotencyKeyReused
        if response_before is None:
            raise ResponseErased
        return shape.model_validate_json(response_before)
    response = await make()
    await tombstones.refuse_erased(session, idempotency.owner_id)
    await session.execute(update(kept).where(its_own).values(answer=response.model_dump_json()))
    return response
