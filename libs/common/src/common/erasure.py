"""What the shared tables keep of a person and of what they made, and how it goes when that is erased."""

from uuid import UUID

from sqlalchemy import Table, and_, cast, delete, or_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts import catalogue
from common.db import tombstones
from common.db.tables import dead_letter, idempotency, outbox, task

EVENT_TABLES: tuple[Table, ...] = (outbox, dead_letter)


async def erase_traces(session: AsyncSession, owner: UUID) -> None:
    """Erase a person's events, tasks and the responses kept for their repeated requests, and let no more come.

    Called when the rows that are to go are locked, and before they are read to be deleted and the erasure is announced:
    what this transaction publishes afterwards stays, and so do events that announce an erasure. A task in hand then
    does nothing.
    """
    await tombstones.add(session, owner)
    await erase_events(session, owner)
    for table in (task, idempotency):
        await session.execute(delete(table).where(table.c.owner_id == owner))


async def erase_subject(session: AsyncSession, owner: UUID, subject: UUID) -> None:
    """Erase the events with words about one thing of the owner's, and the response to the request that made it.

    Called when the thing itself is deleted. Events of ids alone stay, so that each change is announced.
    """
    telling = [event_type.ce_type for event_type in catalogue.all_events() if event_type.holds_words]
    for table in EVENT_TABLES:
        about = and_(table.c.subject == subject, table.c.ce_type.in_(telling))
        await session.execute(delete(table).where(about))
    await forget_response(session, owner, subject)


async def forget_response(session: AsyncSession, owner: UUID, subject: UUID) -> None:
    """Forget the response that told of a thing of the owner's; only that its key was used stays."""
    tells = cast(idempotency.c.answer, JSONB)["id"].astext == str(subject)
    await session.execute(
        update(idempotency).where(idempotency.c.owner_id == owner, tells).values(answer=None)
    )


async def erase_events(session: AsyncSession, owner: UUID) -> None:
    """Remove every event that tells of a person, sent or not, but those that announce an erasure."""
    erasures = [event_type.ce_type for event_type in catalogue.all_events() if event_type.erases]
    for table in EVENT_TABLES:
        # the code before names no owner
        named = and_(table.c.owner_id.is_(None), table.c.payload.contains(f'"user_id":"{owner}"'))
        theirs = or_(table.c.owner_id == owner, named)
        await session.execute(delete(table).where(theirs, table.c.ce_type.not_in(erasures)))
