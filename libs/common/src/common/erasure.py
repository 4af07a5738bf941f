"""What the plumbing itself keeps of a person and of what they made, and how it goes when that is erased."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common import idempotency, outbox, tombstones
from common.contracts import catalogue

EVENTS_ABOUT = text("DELETE FROM outbox WHERE subject = :subject AND ce_type = ANY(:telling)")
DEAD_LETTERS_ABOUT = text("DELETE FROM dead_letter WHERE subject = :subject AND ce_type = ANY(:telling)")
TASKS = text("DELETE FROM task WHERE owner_id = :owner")
RESPONSES = text("DELETE FROM idempotency WHERE owner_id = :owner")


async def erase_traces(session: AsyncSession, owner: UUID) -> None:
    """Erase a person's events, tasks and the responses kept for their repeated requests, and let no more come.

    Called when the rows that are to go are locked, and before they are read to be deleted and the erasure is announced:
    what this transaction publishes afterwards stays, and so do events that announce an erasure. A task in hand then
    does nothing.
    """
    await tombstones.add(session, owner)
    await outbox.erase(session, owner)
    await session.execute(TASKS, {"owner": owner})
    await session.execute(RESPONSES, {"owner": owner})


async def erase_subject(session: AsyncSession, owner: UUID, subject: UUID) -> None:
    """Erase the events with words about one thing of the owner's, and the response to the request that made it.

    Called when the thing itself is deleted. Events of ids alone stay, so that each change is announced.
    """
    for statement in (EVENTS_ABOUT, DEAD_LETTERS_ABOUT):
        await session.execute(statement, {"subject": subject, "telling": _telling()})
    await idempotency.forget(session, owner, subject)


def _telling() -> list[str]:
    """Return the kinds of events that hold a person's words."""
    return [event_type.ce_type for event_type in catalogue.all_events() if event_type.holds_words]
