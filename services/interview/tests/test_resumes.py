import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from common.contracts.resume import ResumeContent, ResumeDeleted, ResumeParsed, ResumeUploaded, Work
from common.contracts.user import UserDeleted
from common.db.engine import SessionMaker
from common.ids import uuid7
from interview import reactions, resumes
from interview.models import Answer, Evaluation, Interview, Question, ResumeCopy
from testkit.services import Client, Services, ServiceUnderTest, hear

ROOT = "/api/v1/interview"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Parse = Callable[..., Awaitable[UUID]]


def body(resume_id: UUID) -> dict[str, Any]:
    return {"job_title": "Engineer", "questions": 1, "resume_id": str(resume_id)}


async def react(sessions: SessionMaker, reaction: Callable[..., Awaitable[None]], *events: Any) -> None:
    for event in events:
        async with sessions.begin() as session:
            await reaction(session, event)


async def held(sessions: SessionMaker, resume_id: UUID) -> ResumeCopy | None:
    async with sessions() as session:
        return await session.get(ResumeCopy, resume_id)


async def test_a_resume_nobody_tells_of_is_not_found(client: Client) -> None:
    response = await client.post(f"{ROOT}/start", json=body(uuid7()))
    assert response.status_code == 404
    assert response.json()["code"] == "resume_not_found"


async def test_somebody_elses_resume_is_not_found(client: Client, stranger: Client, parsed: Parse) -> None:
    response = await client.post(f"{ROOT}/start", json=body(await parsed(stranger.user_id)))
    assert response.status_code == 404
    assert response.json()["code"] == "resume_not_found"


async def test_a_resume_that_is_not_read_yet_is_a_conflict(client: Client, sessions: SessionMaker) -> None:
    uploaded = ResumeUploaded(resume_id=uuid7(), user_id=client.user_id, media_type="text/plain", size=1)
    await react(sessions, resumes.note_upload, uploaded, uploaded)
    response = await client.post(f"{ROOT}/start", json=body(uploaded.resume_id))
    assert response.status_code == 409
    assert response.json()["code"] == "resume_not_ready"
    assert (await client.get(ROOT)).json()["items"] == []


async def test_news_of_a_resume_that_is_under_way_is_waited_for(
    client: Client, sessions: SessionMaker, content: ResumeContent
) -> None:
    event = ResumeParsed(resume_id=uuid7(), user_id=client.user_id, background=content)
    starting = asyncio.create_task(client.post(f"{ROOT}/start", json=body(event.resume_id)))
    await asyncio.sleep(0)
    await react(sessions, resumes.keep, event)
    response = await starting
    assert response.status_code == 201
    assert "Acme" in response.json()["question"]["text"]


async def test_newer_news_replace_what_is_held_and_older_do_not(
    sessions: SessionMaker, content: ResumeContent
) -> None:
    newer = ResumeParsed(resume_id=uuid7(), user_id=uuid7(), title="new", background=content)
    older = newer.model_copy(
        update={
            "event_id": uuid7(),
            "occurred_at": newer.occurred_at - timedelta(minutes=1),
            "background": ResumeContent(work=(Work(name="Before"),)),
        }
    )
    await react(sessions, resumes.keep, older, newer, older)
    copy = await held(sessions, newer.resume_id)
    assert copy is not None
    assert copy.title == "new"
    assert copy.background is not None
    assert copy.background.work[0].name == "Acme"


async def test_a_deleted_resume_is_forgotten_and_does_not_come_back(
    client: Client, sessions: SessionMaker, content: ResumeContent
) -> None:
    event = ResumeParsed(resume_id=uuid7(), user_id=client.user_id, title="cv", background=content)
    later = event.occurred_at + timedelta(hours=1)
    await react(sessions, resumes.keep, event)
    await react(sessions, resumes.forget, ResumeDeleted(resume_id=event.resume_id, user_id=event.user_id))
    await react(sessions, resumes.keep, event.model_copy(update={"occurred_at": later}))
    copy = await held(sessions, event.resume_id)
    assert copy is not None
    assert (copy.background, copy.title) == (None, "")
    response = await client.post(f"{ROOT}/start", json=body(event.resume_id))
    assert response.status_code == 404


async def test_everything_of_an_erased_user_is_gone_and_stays_gone(
    client: Client,
    stranger: Client,
    sessions: SessionMaker,
    content: ResumeContent,
    started: Start,
    given: Give,
) -> None:
    uploaded = ResumeUploaded(resume_id=uuid7(), user_id=client.user_id, media_type="text/plain", size=1)
    parsed = ResumeParsed(resume_id=uploaded.resume_id, user_id=client.user_id, background=content)
    await react(sessions, resumes.keep, parsed)
    interview, kept = await started(client), await started(stranger)
    answer = await given(client, interview["id"], "Something only I know.")
    removed = ResumeDeleted(resume_id=parsed.resume_id, user_id=client.user_id)
    await hear(
        sessions, reactions.router, UserDeleted(user_id=client.user_id), UserDeleted(user_id=client.user_id)
    )
    await hear(sessions, reactions.router, uploaded, parsed, removed)
    assert await held(sessions, parsed.resume_id) is None
    assert (await client.get(ROOT)).json()["items"] == []
    assert (await stranger.get(f"{ROOT}/{kept['id']}")).status_code == 200
    interview_id = UUID(interview["id"])
    async with sessions() as session:
        for query in (
            select(func.count()).select_from(Interview).where(Interview.owner_id == client.user_id),
            select(func.count()).select_from(Question).where(Question.interview_id == interview_id),
            select(func.count()).select_from(Answer).where(Answer.id == UUID(answer["answer_id"])),
            select(func.count())
            .select_from(Evaluation)
            .where(Evaluation.answer_id == UUID(answer["answer_id"])),
        ):
            assert await session.scalar(query) == 0


CLAIM = text(
    "INSERT INTO idempotency (owner_id, operation, key, fingerprint) VALUES (:owner, 'interview.start', 'k-1', '')"
)


async def until_it_waits(sessions: SessionMaker, request: asyncio.Task[Any]) -> None:
    """Return when a request waits for a lock in the database; fails where it was answered without."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(20):
        while True:
            assert not request.done(), request.result().text
            async with sessions() as session:
                if await session.scalar(waiting):
                    return
            await asyncio.sleep(0.02)


async def test_a_start_begun_before_an_erasure_and_ended_after_it_leaves_nothing(
    client: Client, sessions: SessionMaker, service: ServiceUnderTest
) -> None:
    async with sessions.begin() as erasing:
        await resumes.erase_user(erasing, UserDeleted(user_id=client.user_id))
        wishes = {"job_title": "Engineer", "job_description": "Only I know"}
        starting = asyncio.create_task(
            client.post(f"{ROOT}/start", json=wishes, headers={"Idempotency-Key": "k-1"})
        )
        await until_it_waits(sessions, starting)
    response = await starting
    assert (response.status_code, response.json()["code"]) == (410, "account_erased")
    async with sessions() as session:
        for query in (
            select(func.count()).select_from(Interview).where(Interview.owner_id == client.user_id),
            text("SELECT count(*) FROM idempotency WHERE owner_id = :owner").bindparams(owner=client.user_id),
            text(
                "SELECT count(*) FROM outbox WHERE ce_type = 'interview.started' AND payload LIKE :owner"
            ).bindparams(owner=f"%{client.user_id}%"),
        ):
            assert await session.scalar(query) == 0


async def test_an_answer_begun_before_an_erasure_and_ended_after_it_leaves_nothing(
    client: Client, sessions: SessionMaker, started: Start
) -> None:
    interview = await started(client)
    body = {"question_id": interview["question"]["id"], "text": "Only I know"}
    async with sessions.begin() as erasing:
        await resumes.erase_user(erasing, UserDeleted(user_id=client.user_id))
        answering = asyncio.create_task(
            client.post(f"{ROOT}/{interview['id']}/answer", json=body, headers={"Idempotency-Key": "k-1"})
        )
        await until_it_waits(sessions, answering)
    response = await answering
    assert response.status_code in (404, 410)
    async with sessions() as session:
        for table in ("task", "idempotency"):
            left = text(f"SELECT count(*) FROM {table} WHERE owner_id = :owner")
            assert await session.scalar(left, {"owner": client.user_id}) == 0


async def test_an_erasure_waits_for_a_start_that_writes_and_then_erases_it(
    client: Client, sessions: SessionMaker, service: ServiceUnderTest
) -> None:
    headers = {"Idempotency-Key": "k-1"}
    async with sessions() as holding:
        await holding.execute(CLAIM, {"owner": client.user_id})
        starting = asyncio.create_task(
            client.post(f"{ROOT}/start", json={"job_title": "Engineer"}, headers=headers)
        )
        await until_it_waits(sessions, starting)
        erasing = asyncio.create_task(
            react(sessions, resumes.erase_user, UserDeleted(user_id=client.user_id))
        )
        await holding.rollback()
    await asyncio.gather(starting, erasing)
    assert starting.result().status_code in (201, 410)
    assert (await client.get(ROOT)).json()["items"] == []


async def test_an_interview_is_not_begun_from_a_resume_that_was_deleted_while_it_was_planned(
    client: Client, sessions: SessionMaker, parsed: Parse
) -> None:
    resume_id = await parsed(client.user_id)
    async with sessions() as holding:
        await holding.execute(CLAIM, {"owner": client.user_id})
        starting = asyncio.create_task(
            client.post(f"{ROOT}/start", json=body(resume_id), headers={"Idempotency-Key": "k-1"})
        )
        await until_it_waits(sessions, starting)
        async with sessions.begin() as session:
            gone = {"deleted": True, "background": None}
            await session.execute(update(ResumeCopy).where(ResumeCopy.resume_id == resume_id).values(gone))
        await holding.rollback()
    response = await starting
    assert (response.status_code, response.json()["code"]) == (404, "resume_not_found")
    assert (await client.get(ROOT)).json()["items"] == []


async def test_events_on_kafka_are_reacted_to(
    client: Client,
    service: ServiceUnderTest,
    services: Services,
    sessions: SessionMaker,
    content: ResumeContent,
    eventually: Callable[..., Awaitable[Any]],
) -> None:
    uploaded = ResumeUploaded(resume_id=uuid7(), user_id=client.user_id, media_type="text/plain", size=1)
    parsed = ResumeParsed(resume_id=uploaded.resume_id, user_id=client.user_id, background=content)
    other = ResumeParsed(resume_id=uuid7(), user_id=client.user_id, background=content)

    async def read() -> bool:
        copies = [await held(sessions, event.resume_id) for event in (parsed, other)]
        return all(copy and copy.background for copy in copies)

    async def forgotten() -> bool:
        copy = await held(sessions, other.resume_id)
        return copy is not None and copy.deleted

    async def erased() -> bool:
        return await held(sessions, parsed.resume_id) is None

    async with service.working():
        for event in (uploaded, parsed, other):
            await services.deliver(event)
        await eventually(read)
        await services.deliver(ResumeDeleted(resume_id=other.resume_id, user_id=other.user_id))
        await eventually(forgotten)
        await services.deliver(UserDeleted(user_id=client.user_id))
        await eventually(erased)
