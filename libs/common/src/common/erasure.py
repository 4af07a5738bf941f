"""What the shared tables keep of a person and of what they made, and how it goes when that is erased."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts import catalogue
from common.db import tombstones

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
    await erase_events(session, owner)
    await session.execute(TASKS, {"owner": owner})
    await session.execute(RESPONSES, {"owner": owner})


async def erase_subject(session: AsyncSession, owner: UUID, subject: UUID) -> None:
    """Erase the events with words about one thing of the owner's, and the response to the request that made it.

    Called when the thing itself is deleted. Events of ids alone stay, so that each change is announced.
    """
    for statement in (EVENTS_ABOUT, DEAD_LETTERS_ABOUT):
        await session.execute(statement, {"subject": subject, "telling": _telling()})
    await forget_response(session, owner, subject)


def _telling() -> list[str]:
    """Return the kinds of events that hold a person's words."""
    return [event_type.ce_type for event_type in catalogue.all_events() if event_type.holds_words]


RESPONSE = text(
    "UPDATE idempotency SET answer = NULL WHERE owner_id = :owner AND CAST(answer AS jsonb) ->> 'id' = :subject"
)


async def forget_response(session: AsyncSession, owner: UUID, subject: UUID) -> None:
    """Forget the response that told of a thing of the owner's; only that its key was used stays."""
    await session.execute(RESPONSE, {"owner": owner, "subject": str(subject)})


# the code before names no owner
EVENTS = text(
    """
    DELETE FROM outbox WHERE ce_type <> ALL(:erasures)
    AND (owner_id = :owner OR (owner_id IS NULL AND payload LIKE '%"user_id":"' || CAST(:owner AS text) || '"%'))
    """
)
DEAD_LETTERS = text(
    """
    DELETE FROM dead_letter WHERE ce_type <> ALL(:erasures)
    AND (owner_id = :owner OR (owner_id IS NULL AND payload LIKE '%"user_id":"' || CAST(:owner AS text) || '"%'))
    """
)


async def erase_events(session: AsyncSession, owner: UUID) -> None:
    """Remove every event that tells of a person, sent or not, but those that announce an erasure."""
    erasures = [event_type.ce_type for event_type in catalogue.all_events() if event_type.erases]
    for statement in (EVENTS, DEAD_LETTERS):
        await session.execute(statement, {"owner": owner, "erasures": erasures})
