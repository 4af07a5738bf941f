import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from common.contracts.user import UserDeleted
from common.db.engine import SessionMaker
from common.ids import uuid7
from common.security.tokens import Role
from interview import resumes
from interview.models import BankQuestionVersion, Question
from interview.questions import bank
from interview.questions.question import Level
from testkit.services import Client, ServiceUnderTest

QUESTIONS = "/api/v1/interview/questions"
Start = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[dict[str, Any]]]
Judge = Callable[..., Awaitable[None]]
PACKAGED = "opening-why-this-job"
NEW: dict[str, Any] = {
    "id": "care-night-alone",
    "text": "You are alone on the ward at night and two bells ring. What do you do?",
    "kind": "technical",
    "levels": ["junior", "mid", "senior", "mid"],
    "competency": "caring",
    "trades": ["care"],
    "topics": ["Night Shift"],
    "main": "It decides by danger who comes first, and lets the other one know.",
    "main_samples": ["I look who is in danger first, and call to the other that I am coming."],
    "mistakes": ["I go to whoever rang first."],
    "points": [
        {"point": "Danger decides", "any": ["danger"], "samples": ["Who can't breathe comes first."]},
    ],
    "anchors": {"mid": "A strong answer decides by danger and says so."},
    "answers": {
        "decent": "I look who needs me more.",
        "excellent": "I look for danger first, then I tell the other.",
    },
}


@pytest_asyncio.fixture
async def moderator(service: ServiceUnderTest) -> AsyncIterator[Client]:
    async with service.client(role=Role.MODERATOR) as client:
        yield client


@pytest_asyncio.fixture(autouse=True)
async def _bank_as_packaged(sessions: SessionMaker) -> AsyncIterator[None]:
    yield
    async with sessions.begin() as session:
        await session.execute(delete(BankQuestionVersion))


async def listed(client: Client) -> dict[str, dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    asked: dict[str, str] = {}
    while asked.get("cursor", "") is not None:
        page = (await client.get(QUESTIONS, params=asked)).json()
        items |= {item["id"]: item for item in page["items"]}
        asked["cursor"] = page["next_cursor"]
    return items


async def add(client: Client, **other: Any) -> dict[str, Any]:
    response = await client.post(QUESTIONS, json=NEW | other)
    assert response.status_code == 201, response.text
    return dict(response.json())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", NEW),
        ("GET", f"/{PACKAGED}", None),
        ("PATCH", f"/{PACKAGED}", {"version": 1, "text": "Mine now?"}),
        ("DELETE", f"/{PACKAGED}?version=1", None),
    ],
)
async def test_only_moderators_and_admins_curate_the_bank(
    client: Client, method: str, path: str, body: dict[str, Any] | None
) -> None:
    response = await client.request(method, QUESTIONS + path, json=body)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert (await listed(client)).keys() == {question.id for question in bank.questions()}


async def test_an_admin_curates_as_well(service: ServiceUnderTest) -> None:
    async with service.client(role=Role.ADMIN) as admin:
        await add(admin)


async def test_a_question_that_was_added_is_listed_and_shown(client: Client, moderator: Client) -> None:
    response = await moderator.post(QUESTIONS, json=NEW)
    assert response.status_code == 201
    assert response.headers["location"] == f"{QUESTIONS}/care-night-alone"
    question = response.json()
    assert question["version"] == 1
    assert question["levels"] == ["junior", "mid", "senior"]
    assert question["topics"] == ["night shift"]
    assert (await moderator.get(response.headers["location"])).json() == question
    item = (await listed(client))["care-night-alone"]
    assert (item["version"], item["trades"]) == (1, ["care"])


async def test_a_question_that_was_added_is_asked_where_its_trade_fits(
    client: Client, moderator: Client, started: Start, sessions: SessionMaker
) -> None:
    await add(moderator)
    seen: set[str] = set()
    for title in ("Staff nurse", "Backend engineer"):
        interview = await started(
            client, job_title=title, kind="technical", questions=15, job_description="Night shift"
        )
        async with sessions() as session:
            query = select(Question.source).where(Question.interview_id == UUID(interview["id"]))
            if "bank:care-night-alone" in set(await session.scalars(query)):
                seen.add(title)
    assert seen == {"Staff nurse"}


async def test_a_change_is_the_next_version_and_the_one_before_stays(
    client: Client, moderator: Client, sessions: SessionMaker
) -> None:
    first = await add(moderator)
    changed = await moderator.patch(
        f"{QUESTIONS}/{first['id']}", json={"version": 1, "text": "And if three ring?", "topics": []}
    )
    assert changed.status_code == 200
    assert changed.json() == first | {"version": 2, "text": "And if three ring?", "topics": []}
    assert (await listed(client))[first["id"]]["text"] == "And if three ring?"
    async with sessions() as session:
        query = select(BankQuestionVersion).order_by(BankQuestionVersion.version)
        versions = list(await session.scalars(query))
    assert [version.content.text for version in versions] == [first["text"], "And if three ring?"]
    assert {version.author for version in versions} == {moderator.user_id}


async def test_a_packaged_question_is_changed_by_a_version_laid_over_it(
    client: Client, moderator: Client
) -> None:
    order = list(await listed(client))
    packaged = (await moderator.get(f"{QUESTIONS}/{PACKAGED}")).json()
    response = await moderator.patch(f"{QUESTIONS}/{PACKAGED}", json={"version": 1, "text": "Why here?"})
    assert response.json() == packaged | {"version": 2, "text": "Why here?"}
    standing = await listed(client)
    assert list(standing) == order
    assert (standing[PACKAGED]["text"], standing[PACKAGED]["version"]) == ("Why here?", 2)


async def test_a_question_asked_already_stays_as_it_was_asked(
    client: Client, moderator: Client, started: Start, sessions: SessionMaker
) -> None:
    interview = await started(client, kind="behavioural", questions=1)
    async with sessions() as session:
        asked = await session.get(Question, UUID(interview["question"]["id"]))
    assert asked is not None
    question_id = asked.source.removeprefix("bank:")
    change = {"version": 1, "text": "Another text?", "main": "Another main thing."}
    assert (await moderator.patch(f"{QUESTIONS}/{question_id}", json=change)).status_code == 200
    question = (await client.get(f"/api/v1/interview/{interview['id']}/next")).json()
    assert question["text"] == interview["question"]["text"]
    async with sessions() as session:
        asked = await session.get(Question, UUID(question["id"]))
    assert asked is not None
    assert asked.guidance is not None
    assert asked.guidance.main != "Another main thing."


async def test_an_answer_is_judged_by_what_its_question_said_when_it_was_asked(
    client: Client, moderator: Client, started: Start, given: Give, judged: Judge, good: str
) -> None:
    interview = await started(client, kind="behavioural", questions=1)
    standing = {question["text"]: question_id for question_id, question in (await listed(client)).items()}
    path = f"{QUESTIONS}/{standing[interview['question']['text']]}"
    before = (await moderator.get(path)).json()
    change = {"version": 1, "main": "Another main thing."}
    assert (await moderator.patch(path, json=change)).status_code == 200
    answer = await given(client, interview["id"], good)
    await judged(answer["answer_id"])
    (answered,) = (await client.get(f"/api/v1/interview/{interview['id']}")).json()["answers"]
    criteria = {criterion["id"]: criterion["name"] for criterion in answered["evaluation"]["criteria"]}
    assert criteria["main"] == before["main"]


@pytest.mark.parametrize("question_id", [PACKAGED, "care-night-alone"])
async def test_a_retired_question_is_gone_and_its_id_stays_taken(
    client: Client, moderator: Client, question_id: str
) -> None:
    await add(moderator)
    path = f"{QUESTIONS}/{question_id}"
    assert (await moderator.delete(path, params={"version": 1})).status_code == 204
    assert question_id not in await listed(client)
    for response in (
        await moderator.get(path),
        await moderator.patch(path, json={"version": 2, "text": "Back?"}),
        await moderator.delete(path, params={"version": 2}),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "question_not_found")
    response = await moderator.post(QUESTIONS, json=NEW | {"id": question_id})
    assert (response.status_code, response.json()["code"]) == (409, "question_exists")


async def test_a_change_of_a_version_that_is_not_the_latest_is_refused(moderator: Client) -> None:
    path = f"{QUESTIONS}/{(await add(moderator))['id']}"
    assert (await moderator.patch(path, json={"version": 1, "text": "Mine?"})).status_code == 200
    for response in (
        await moderator.patch(path, json={"version": 1, "text": "Theirs?"}),
        await moderator.patch(path, json={"version": 3, "text": "Theirs?"}),
        await moderator.delete(path, params={"version": 1}),
    ):
        assert (response.status_code, response.json()["code"]) == (409, "question_changed")
        assert "Version 2" in response.json()["detail"]
    assert (await moderator.get(path)).json()["text"] == "Mine?"


async def test_of_two_changes_at_once_one_is_refused(moderator: Client) -> None:
    path = f"{QUESTIONS}/{PACKAGED}"
    changes = [moderator.patch(path, json={"version": 1, "text": text}) for text in ("Mine?", "Theirs?")]
    responses = await asyncio.gather(*changes)
    assert sorted(response.status_code for response in responses) == [200, 409]
    (written,) = [response.json() for response in responses if response.status_code == 200]
    assert (await moderator.get(path)).json() == written


async def test_an_unknown_question_is_not_found(moderator: Client) -> None:
    for response in (
        await moderator.get(f"{QUESTIONS}/no-such"),
        await moderator.patch(f"{QUESTIONS}/no-such", json={"version": 1}),
        await moderator.delete(f"{QUESTIONS}/no-such", params={"version": 1}),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "question_not_found")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("id", "Not A Name"),
        ("text", " "),
        ("text", "with\x00null"),
        ("text", "x" * 601),
        ("kind", "astrology"),
        ("levels", []),
        ("levels", ["guru"]),
        ("competency", "juggling"),
        ("competency", "gap"),
        ("trades", ["astrology"]),
        ("topics", ["word"] * 31),
        ("main_samples", []),
        ("points", []),
        ("points", [{"point": "Danger", "any": []}]),
        ("anchors", {"guru": "Sees it coming."}),
        ("answers", {"decent": "Only this one."}),
        ("colour", "green"),
    ],
)
async def test_a_question_an_answer_could_not_be_judged_by_is_refused(
    client: Client, moderator: Client, name: str, wrong: Any
) -> None:
    change = {"version": 1, name: wrong}
    responses = [await moderator.post(QUESTIONS, json=NEW | {name: wrong})]
    await add(moderator)
    responses.append(await moderator.patch(f"{QUESTIONS}/care-night-alone", json=change))
    for response in responses:
        assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
        assert name in response.json()["detail"]
    assert (await listed(client))["care-night-alone"]["version"] == 1


async def test_without_the_version_one_has_seen_nothing_is_changed(moderator: Client) -> None:
    path = f"{QUESTIONS}/{PACKAGED}"
    for response in (await moderator.patch(path, json={"text": "Mine?"}), await moderator.delete(path)):
        assert response.status_code == 422
        assert "version" in response.json()["detail"]


async def test_an_addition_sent_twice_adds_once(moderator: Client) -> None:
    headers = {"Idempotency-Key": "q-1"}
    first, second = [await moderator.post(QUESTIONS, json=NEW, headers=headers) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    other = await moderator.post(QUESTIONS, json=NEW | {"text": "Another?"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    again = await moderator.post(QUESTIONS, json=NEW)
    assert (again.status_code, again.json()["code"]) == (409, "question_exists")


async def test_what_a_moderator_made_stays_without_their_name_when_their_account_goes(
    client: Client, moderator: Client, sessions: SessionMaker
) -> None:
    await add(moderator)
    async with sessions.begin() as session:
        await resumes.erase_user(session, UserDeleted(user_id=moderator.user_id or uuid7()))
    assert "care-night-alone" in await listed(client)
    async with sessions() as session:
        assert list(await session.scalars(select(BankQuestionVersion.author))) == [None]


async def test_every_packaged_question_can_be_sent_as_it_stands(moderator: Client) -> None:
    # of each trade and kind one: what the bank holds has to pass what is asked of moderators
    some = {(question.kind, question.trades): question for question in bank.questions()}
    for number, question in enumerate(some.values()):
        sent = question.model_dump(mode="json", exclude={"version"}) | {"id": f"copy-{number}"}
        response = await moderator.post(QUESTIONS, json=sent)
        assert response.status_code == 201, response.text
        assert response.json()["anchors"].keys() <= set(Level)
