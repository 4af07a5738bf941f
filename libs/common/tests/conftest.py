"""A small service of our own, to test what all services share on real servers without any other service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.contracts.event import Event
from common.contracts.interview import ReportReady
from common.contracts.user import UserRegistered
from common.db import engine, migrations, notifications
from common.db.engine import SessionMaker
from common.errors import DuplicateEntityError
from common.ids import uuid7
from common.messaging import kafka, outbox
from common.messaging.router import EventRouter
from common.security.tokens import Identity, Role, StaticKeys
from common.settings import MessageSettings, ServiceSettings
from common.tasks.queue import TaskPayload, TaskRouter, enqueue
from common.web import idempotency, pagination, tasks_api
from common.web.app import create_api
from common.web.base import resource
from common.web.idempotency import IdempotencyDep
from common.web.identity import CurrentUser, require_role
from common.web.live import NotifierDep
from common.web.transaction import Session
from common.worker.app import create_worker
from testkit.services import Client, Services

SCHEMA = "sample"


class Base(DeclarativeBase):
    metadata = engine.metadata(SCHEMA)


class Note(Base):
    __tablename__ = "note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(String)


class NewNote(BaseModel):
    text: str


class Remember(TaskPayload):
    kind: ClassVar[str] = "sample.remember"
    owner_id: UUID
    text: str


@dataclass
class Greeting:
    """A resource of the sample's."""

    words: str = "hello"
    closed: list[bool] = field(default_factory=list)

    async def close(self) -> None:
        self.closed.append(True)


router = APIRouter()


@router.post("/notes", status_code=201)
async def write_note(body: NewNote, session: Session, user: CurrentUser) -> dict[str, str]:
    note = Note(owner_id=user.id, text=body.text)
    session.add(note)
    await outbox.publish(session, UserRegistered(user_id=user.id, role=user.role))
    await notifications.notify(session, str(user.id))
    task_id = await enqueue(
        session, Remember(owner_id=user.id, text=body.text), owner=user.id, result="/notes"
    )
    if body.text == "refused":
        raise DuplicateEntityError("That note exists already; write another one.", retry_after=3)
    if body.text == "broken":
        raise RuntimeError("a secret nobody may see")
    return {"id": str(note.id), "task_id": str(task_id)}


@router.post("/announcements", status_code=201)
async def publish(body: NewNote, session: Session, user: CurrentUser) -> None:
    session.add(Note(owner_id=user.id, text=body.text))
    await outbox.publish(
        session, ReportReady(interview_id=uuid7(), user_id=user.id, job_title=body.text, overall=None)
    )


class Written(BaseModel):
    id: UUID
    text: str


@router.post("/notes-once", status_code=201)
async def write_note_once(body: NewNote, session: Session, context: IdempotencyDep) -> Written:
    async def make() -> Written:
        note = Note(owner_id=context.owner_id, text=body.text)
        session.add(note)
        await session.flush()
        if body.text == "refused":
            raise DuplicateEntityError("That note exists already; write another one.")
        return Written(id=note.id, text=note.text)

    content = idempotency.fingerprint(body.model_dump_json().encode())
    return await idempotency.run_once(session, context, "note", content, Written, make)


@router.get("/notes")
async def list_notes(
    session: Session, user: CurrentUser, limit: pagination.Limit = 2, cursor: pagination.Cursor = None
) -> pagination.Page[str]:
    query = select(Note).where(Note.owner_id == user.id)
    notes, following = await pagination.paginate(session, query, Note.id, limit, cursor)
    return pagination.Page(items=[note.text for note in notes], next_cursor=following)


@router.post("/raw")
async def take_anything(request: Request) -> int:
    return len(await request.body())


@router.get("/wait")
async def wait_for_note(notifier: NotifierDep, user: CurrentUser) -> dict[str, bool]:
    async with notifier.watch(str(user.id)) as subscription:
        return {"woken": await subscription.wait(10)}


@router.get("/greeting")
async def greet(greeting: Annotated[Greeting, Depends(resource(Greeting))]) -> str:
    return greeting.words


@router.get("/moderators")
async def only_moderators(user: Annotated[Identity, Depends(require_role(Role.MODERATOR))]) -> str:
    return str(user.id)


@dataclass
class Sample:
    """The sample service, its servers, and a place to plug reactions and tasks in."""

    settings: ServiceSettings
    sessions: SessionMaker
    services: Services
    app: FastAPI
    greeting: Greeting

    def client(self, role: Role = Role.USER) -> Client:
        user_id = uuid7()
        return Client(self.app, user_id, self.services.signer.token(user_id, role))

    async def notes(self, owner_id: UUID) -> list[str]:
        async with self.sessions() as session:
            return list(
                await session.scalars(select(Note.text).where(Note.owner_id == owner_id).order_by(Note.id))
            )

    @asynccontextmanager
    async def working(
        self, reactions: EventRouter | None = None, tasks: TaskRouter | None = None, **settings: object
    ) -> AsyncIterator[FastAPI]:
        configured = self.settings.model_copy(update=settings)
        worker = create_worker(configured, reactions or EventRouter(), tasks or TaskRouter())
        async with worker.router.lifespan_context(worker):
            yield worker


def _plumbing(url: str) -> None:
    folder = Path(__file__).parent / "sample_migrations"
    migrations.upgrade(url, folder)


@pytest_asyncio.fixture(scope="session")
async def sample(services: Services) -> AsyncIterator[Sample]:
    url = await services.provisioned(SCHEMA)
    await asyncio.to_thread(_plumbing, url)
    environment = services.settings_environment(SCHEMA)
    settings = ServiceSettings.model_validate({name.lower(): value for name, value in environment.items()})
    database_engine = engine.create_engine(url, pool_size=3)
    greeting = Greeting()
    app = create_api(
        settings,
        router,
        tasks_api.router,
        resources=[greeting],
        verifier_keys=StaticKeys(services.signer.document),
    )
    async with app.router.lifespan_context(app):
        yield Sample(settings, engine.create_sessionmaker(database_engine), services, app, greeting)
    await database_engine.dispose()


@pytest_asyncio.fixture(scope="session")
async def elsewhere(services: Services) -> Callable[[type[Event], str], type[Event]]:
    """Give a kind of event another topic, with the limits of every topic: many or huge ones hold up no other test."""
    settings = MessageSettings()

    def move(event_type: type[Event], to: str) -> type[Event]:
        return type(event_type.__name__, (event_type,), {"topic": to, "__module__": __name__})

    config = kafka.topic_config(settings, kafka.topic_bytes(settings))
    topics = dict.fromkeys(("tests.largest", "tests.dead-letters", "tests.relay"), config)
    await kafka.ensure_topics(services.addresses.kafka_bootstrap, topics, 1, 1)
    return move


@pytest_asyncio.fixture
async def client(sample: Sample) -> AsyncIterator[Client]:
    async with sample.client() as http:
        yield http


@pytest.fixture
def note_model() -> type[Note]:
    return Note


@pytest.fixture
def remember_payload() -> type[Remember]:
    return Remember


@pytest.fixture
def ready_of():
    """Ask an app whether it is ready."""

    async def ask(app):
        async with Client(app) as anonymous:
            return await anonymous.get("/ready")

    return ask
