"""Mails: sent by SMTP where a server is set, else written to a folder and shown by URL."""

import asyncio
import re
import socket
from email import message_from_bytes, policy
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select, text

from auth import mails
from auth.mails import SendMail
from auth.models import MailToken
from auth.settings import Settings
from common.contracts.interview import ReportReady
from common.errors import EmailDeliveryError
from common.ids import uuid7

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")


class Mailbox:
    """Takes every mail."""

    def __init__(self):
        self.taken = []
        self.refuse = False

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the name aiosmtpd calls
        if self.refuse:
            return "451 try again later"
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def smtp():
    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.login == b"us er" and data.password == b"p@ss")

    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        mailbox, "127.0.0.1", port, authenticator=authenticate, auth_require_tls=False, auth_required=True
    )
    controller.start()
    yield mailbox, f"smtp://us%20er:p%40ss@127.0.0.1:{port}"
    controller.stop()


def settings(**values):
    return Settings(database_url="postgresql://auth:x@127.0.0.1/x", **values)


def message(configured, task_id):
    mail = SendMail(user_id=uuid7(), letter="known")
    return mails.compose(configured, mail, task_id, "jordan@example.com", "Hello Jordan")


async def test_a_mail_leaves_by_smtp_with_the_servers_password(smtp):
    mailbox, url = smtp
    configured, task_id = settings(smtp_url=url), uuid4()
    await mails.deliver(configured, message(configured, task_id), task_id, uuid7())
    mail = mailbox.taken[0]
    assert (mail["To"], mail["Subject"]) == ("jordan@example.com", "You have an account already")
    assert mail["Message-ID"] == f"<{task_id}@interviewace>"
    assert mail.get_content().strip() == "Hello Jordan"


@pytest.mark.parametrize("kind", ["refused", "away"])
async def test_a_server_that_does_not_take_it_is_a_named_error_without_the_password(smtp, kind):
    mailbox, url = smtp
    mailbox.refuse = kind == "refused"
    url = "smtp://us%20er:p%40ss@127.0.0.1:1" if kind == "away" else url
    configured, task_id = settings(smtp_url=url), uuid4()
    with pytest.raises(EmailDeliveryError) as raised:
        await mails.deliver(configured, message(configured, task_id), task_id, uuid7())
    assert "p@ss" not in str(raised.value)
    assert mailbox.taken == []


async def test_a_server_that_does_not_encrypt_gets_nothing_where_encryption_is_asked_for(smtp):
    mailbox, url = smtp
    configured, task_id = settings(smtp_url=url.replace("smtp://", "smtp+starttls://")), uuid4()
    with pytest.raises(EmailDeliveryError):
        await mails.deliver(configured, message(configured, task_id), task_id, uuid7())
    assert mailbox.taken == []


async def test_a_ready_report_is_mailed_once_however_often_it_is_announced(
    services, account, mail_to, mail_folder
):
    event = ReportReady(interview_id=uuid7(), user_id=account.id, job_title="Backend Engineer", overall=80.0)
    for _ in range(3):
        await services.deliver(event)
    mail = await mail_to(account.email, "report is ready")
    assert "Backend Engineer" in mail.get_content()
    mails = [path for path in mail_folder.glob("*.eml") if account.email in path.read_text()]
    assert len(mails) == 1


async def test_what_a_mail_was_about_is_erased_with_the_account(services, session, account, client, mail_to):
    title = f"Engineer {uuid7()}"
    await services.deliver(
        ReportReady(interview_id=uuid7(), user_id=account.id, job_title=title, overall=80.0)
    )
    await mail_to(account.email, "report is ready")
    erased = await client.request("DELETE", "/api/v1/auth/me", json={"password": account.password})
    assert erased.status_code == 204
    kept = text("SELECT count(*) FROM task WHERE payload LIKE '%' || :title || '%'")
    assert await session.scalar(kept, {"title": title}) == 0


async def test_news_of_somebody_who_left_is_not_kept(services, session, account, mail_to):
    title, interview_id = f"Engineer {uuid7()}", uuid7()
    for user_id in (uuid7(), account.id):
        event = ReportReady(interview_id=interview_id, user_id=user_id, job_title=title, overall=80.0)
        await services.deliver(event)
    await mail_to(account.email, "report is ready")
    kept = text("SELECT owner_id FROM task WHERE payload LIKE '%' || :title || '%'")
    assert list(await session.scalars(kept, {"title": title})) == [account.id]


@pytest.mark.parametrize(
    ("path", "letter"),
    [("register", "known"), ("forgot-password", "reset"), ("resend-verification", "verify")],
)
async def test_nobodys_mailbox_is_filled_by_others(session, anonymous, make_account, path, letter):
    owner = await make_account(verified=letter != "verify")
    form = {"email": owner.email, "password": "Correct-horse-7", "full_name": "Somebody"}
    for _ in range(7):
        assert (await anonymous.post(f"/api/v1/auth/{path}", json=form)).status_code == 202
    query = text("SELECT count(*) FROM task WHERE owner_id = :owner AND payload LIKE '%' || :letter || '%'")
    assert await session.scalar(query, {"owner": owner.id, "letter": letter}) == 5


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
async def test_of_forty_who_ask_at_once_five_are_mailed(session, anonymous, make_account, path):
    owner = await make_account(verified=path == "forgot-password")
    responses = await asyncio.gather(
        *(anonymous.post(f"/api/v1/auth/{path}", json={"email": owner.email}) for _ in range(40))
    )
    assert {response.status_code for response in responses} == {202}
    query = text("SELECT count(*) FROM task WHERE owner_id = :owner AND kind = 'auth.send_mail'")
    assert await session.scalar(query, {"owner": owner.id}) == 5


async def test_mails_of_an_erased_account_are_removed_and_others_are_not(
    service, anonymous, account, make_account, client, mail_to, mail_folder, eventually
):
    other = await make_account()
    for address in (account.email, other.email):
        await anonymous.post("/api/v1/auth/forgot-password", json={"email": address})
        await mail_to(address, "Choose a new")

    def holding(address):
        return [path for path in mail_folder.glob("*.eml") if address in path.read_text()]

    assert len(holding(account.email)) == 1
    erased = await client.request("DELETE", "/api/v1/auth/me", json={"password": account.password})
    assert erased.status_code == 204

    async def removed():
        return not holding(account.email)

    async with service.working():
        await eventually(removed)
    assert len(holding(other.email)) == 1


async def test_a_mail_written_while_its_account_is_erased_is_removed(service, account, mail_folder):
    mail_folder.mkdir(parents=True, exist_ok=True)
    gone, kept = (mail_folder / f"{uuid7()}-{user_id}.eml" for user_id in (uuid7(), account.id))
    for path in (gone, kept):
        path.write_text("Hello")
        await mails.remove_if_erased(service.sessions, mail_folder, UUID(path.stem[37:]))
    assert (gone.exists(), kept.exists()) == (False, True)


async def test_written_mails_are_shown_by_url_and_nothing_else_is(anonymous, account, mail_to, mailbox):
    anonymous.headers["X-Forwarded-Host"] = "practice.example"
    await anonymous.post("/api/v1/auth/forgot-password", json={"email": account.email})
    await mail_to(account.email, "Choose a new")
    listed = (await anonymous.get(mailbox)).json()["items"]
    assert listed[0]["url"].startswith("https://practice.example/api/v1/auth/mailbox/")
    shown = await anonymous.get(listed[0]["url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert f"To: {account.email}" in shown.text
    assert re.search(r"https://practice.example/reset-password\?token=[\w-]{43}\n", shown.text)
    for name in ("..%2f..%2fkeys%2fauth.pem", "unknown.eml", "auth.pem", "%00.eml"):
        path = mailbox.replace("?", f"/{name}?")
        assert (await anonymous.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("token", "host"),
    [("", "practice.example"), ("the-mailbox-of-others", "practice.example"), (None, "rebound.example")],
)
async def test_nobody_reads_mails_without_the_token_or_by_another_name(anonymous, mailbox, token, host):
    path = mailbox if token is None else f"/api/v1/auth/mailbox?token={token}"
    for url in (path, path.replace("?", "/unknown.eml?")):
        response = await anonymous.get(url, headers={"X-Forwarded-Host": host})
        assert (response.status_code, response.json()["code"]) == (401, "mailbox_closed")


async def test_a_token_in_a_mail_is_kept_as_a_hash_only(
    session, service, anonymous, account, mail_to, token_in
):
    await anonymous.post("/api/v1/auth/forgot-password", json={"email": account.email})
    token = token_in(await mail_to(account.email, "Choose a new"))
    kept = await session.scalar(select(MailToken.hash).where(MailToken.user_id == account.id))
    assert token.encode() not in kept
    assert len(kept) == 32


async def test_a_mail_to_a_disabled_account_is_not_written(service, make_account):
    gone = await make_account(disabled=True)
    async with service.sessions.begin() as session:
        assert await mails.write(session, SendMail(user_id=gone.id, letter="reset"), settings()) is None
        assert await mails.write(session, SendMail(user_id=uuid7(), letter="reset"), settings()) is None


async def test_waiting_for_mail_never_blocks_signing_in(account):
    assert "access_token" in (await asyncio.wait_for(account.sign_in(), 10))
