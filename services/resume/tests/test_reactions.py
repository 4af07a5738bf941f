from uuid import UUID

from sqlalchemy import select, text

from common.contracts.interview import InterviewStarted
from common.contracts.user import UserDeleted
from common.ids import uuid7
from common.messaging import inbox
from resume import reactions
from resume.models import Resume
from testkit.services import hear


def interview_from(resume, client):
    return InterviewStarted(
        interview_id=uuid7(),
        user_id=client.user_id,
        resume_id=UUID(resume["id"]),
        kind="mixed",
        level="mid",
        questions=5,
    )


async def test_an_interview_counted_under_the_reactions_former_name_is_not_counted_again(
    client, sessions, upload
):
    resume = await upload(client)
    seen, fresh = interview_from(resume, client), interview_from(resume, client)
    async with sessions.begin() as session:
        await inbox.first_time(session, "interview.started:count_interview", seen.event_id)
    await hear(sessions, reactions.router, seen, fresh)
    async with sessions() as session:
        assert await session.scalar(select(Resume.interviews).where(Resume.id == UUID(resume["id"]))) == 1


async def test_the_inbox_knows_every_reaction_by_the_name_it_always_had(client, sessions, upload):
    events = [interview_from(await upload(client), client), UserDeleted(user_id=client.user_id)]
    await hear(sessions, reactions.router, *events)
    query = text("SELECT consumer FROM inbox WHERE event_id = ANY(:ids)")
    async with sessions() as session:
        consumers = set(await session.scalars(query, {"ids": [event.event_id for event in events]}))
    assert consumers == {"interview.started:count_interview", "user.deleted:forget_user"}
