"""Accounts to test with, and the mails they get."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import bcrypt
import pytest
import pytest_asyncio

from auth import tasks
from auth.models import User
from common.clock import utcnow
from common.ids import uuid7
from common.security.tokens import Role
from common.tasks import pruning
from common.tasks.queue import RunContext
from testkit.services import Client, ServiceUnderTest

PASSWORD = "Correct-horse-7"
MAILBOX_TOKEN = "the-mailbox-of-these-tests"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()


@pytest.fixture(scope="session")
def service_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("auth")
    return {
        "EMAIL_VERIFICATION": "required",
        "SIGNING_KEY_FILE": str(folder / "keys" / "auth.pem"),
        "MAIL_FOLDER": str(folder / "mail"),
        "MAILBOX_TOKEN": MAILBOX_TOKEN,
        "PUBLIC_URL": "https://practice.example",
        "BCRYPT_ROUNDS": "10",
        "HASHING_QUEUE": "400",
    }


@dataclass
class Account:
    """An account in the database, and how it signs in."""

    id: UUID
    email: str
    password: str
    service: ServiceUnderTest

    async def sign_in(self, password: str | None = None) -> dict[str, str]:
        async with self.service.anonymous() as client:
            body = {"email": self.email, "password": password or self.password}
            return (await client.post("/api/v1/auth/login", json=body)).json()

    async def client(self) -> Client:
        return Client(self.service.api, self.id, (await self.sign_in())["access_token"])


@pytest.fixture
def prune(service: ServiceUnderTest) -> Callable[[], Awaitable[None]]:
    """Remove what has expired, as the worker does by the clock."""

    async def run() -> None:
        context = RunContext(service.sessions, {})
        await pruning.prune(context, expiring=tasks.router.expiring)

    return run


@pytest.fixture
def make_account(service: ServiceUnderTest):
    """Put an account into the database; verified unless told otherwise."""

    async def make(role: Role = Role.USER, *, verified: bool = True, disabled: bool = False) -> Account:
        user = User(
            id=uuid7(),
            email=f"{uuid7()}@example.com",
            full_name="Jordan Rivera",
            password_hash=HASH,
            role=role,
            verified_at=utcnow() if verified else None,
            disabled_at=utcnow() if disabled else None,
        )
        async with service.sessions.begin() as session:
            session.add(user)
        return Account(user.id, user.email, PASSWORD, service)

    return make


@pytest_asyncio.fixture
async def account(make_account) -> Account:
    return await make_account()


@pytest_asyncio.fixture
async def client(account: Account) -> AsyncIterator[Client]:
    async with await account.client() as own:
        yield own


@pytest.fixture
def replaced(service: ServiceUnderTest) -> Iterator[Callable[[type, object], None]]:
    """Give the API another resource of a type for the length of a test."""
    held = service.api.state.resources

    def replace(kind: type, value: object) -> None:
        service.api.state.resources = service.api.state.resources | {kind: value}

    yield replace
    service.api.state.resources = held


@pytest.fixture
def mail_folder(service_environment: dict[str, str]) -> Path:
    return Path(service_environment["MAIL_FOLDER"])


@pytest.fixture
def mailbox() -> str:
    """The path of the list of mails, with the token that opens it."""
    return f"/api/v1/auth/mailbox?token={MAILBOX_TOKEN}"


@pytest.fixture
def mail_to(service: ServiceUnderTest, mail_folder: Path):
    """Run the worker until a mail with that subject was written to that address, and return it."""

    def find(address: str, subject: str) -> EmailMessage | None:
        for path in sorted(mail_folder.glob("*.eml"), reverse=True):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["To"] == address and subject in mail["Subject"]:
                return mail
        return None

    async def wait(address: str, subject: str) -> EmailMessage:
        async with service.working(), asyncio.timeout(20):
            while (mail := find(address, subject)) is None:
                await asyncio.sleep(0.05)
            return mail

    return wait


@pytest.fixture
def token_in():
    """The token in a mail's link."""

    def find(mail: EmailMessage) -> str:
        match = re.search(r"token=(\S+)", mail.get_content())
        assert match
        return match[1]

    return find
