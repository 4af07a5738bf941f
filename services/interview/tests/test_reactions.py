from typing import Any

from sqlalchemy import text

from common.contracts.resume import ResumeContent, ResumeDeleted, ResumeParsed, ResumeUploaded
from common.contracts.user import UserDeleted
from common.db.engine import SessionMaker
from common.ids import uuid7
from common.messaging import inbox
from interview import reactions
from interview.models import ResumeCopy
from testkit.services import hear


async def test_an_event_seen_under_a_reactions_former_name_is_not_reacted_to_again(
    sessions: SessionMaker, content: ResumeContent
) -> None:
    seen, fresh = (ResumeParsed(resume_id=uuid7(), user_id=uuid7(), background=content) for _ in range(2))
    async with sessions.begin() as session:
        await inbox.first_time(session, "resume.parsed:keep_resume", seen.event_id)
    await hear(sessions, reactions.router, seen, fresh)
    async with sessions() as session:
        assert await session.get(ResumeCopy, seen.resume_id) is None
        assert await session.get(ResumeCopy, fresh.resume_id) is not None


async def test_the_inbox_knows_every_reaction_by_the_name_it_always_had(
    sessions: SessionMaker, content: ResumeContent
) -> None:
    about: dict[str, Any] = {"resume_id": uuid7(), "user_id": uuid7()}
    events = [
        ResumeUploaded(**about, media_type="text/plain", size=1),
        ResumeParsed(**about, background=content),
        ResumeDeleted(**about),
        UserDeleted(user_id=about["user_id"]),
    ]
    await hear(sessions, reactions.router, *events)
    query = text("SELECT consumer FROM inbox WHERE event_id = ANY(:ids)")
    async with sessions() as session:
        consumers = await session.scalars(query, {"ids": [event.event_id for event in events]})
        assert set(consumers) == {
            "resume.uploaded:note_upload",
            "resume.parsed:keep_resume",
            "resume.deleted:forget_resume",
            "user.deleted:erase_user",
        }
