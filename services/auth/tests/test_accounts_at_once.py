"""What happens to an account while a password is still being checked."""

import asyncio

import pytest

from auth.passwords import Hasher
from common.ids import uuid7

NEW = "Another-horse-8"


class Interrupted(Hasher):
    """Checks passwords, and lets something happen once before it says what it found."""

    def __init__(self, happening):
        super().__init__(rounds=10, threads=2, queue=50)
        self.happening = happening

    async def matches(self, password, hashed):
        matched = await super().matches(password, hashed)
        happening, self.happening = self.happening, None
        if happening is not None:
            await happening()
        return matched


@pytest.fixture
async def password_changes_meanwhile(replaced, account):
    """While the next password is checked, the owner changes it elsewhere."""
    async with await account.client() as owner:

        async def happening():
            change = {"current_password": account.password, "new_password": NEW}
            assert (await owner.post("/api/v1/auth/change-password", json=change)).status_code == 204

        hasher = Interrupted(happening)
        replaced(Hasher, hasher)
        yield
        await hasher.close()


async def test_a_password_that_was_changed_meanwhile_opens_no_session(account, password_changes_meanwhile):
    assert (await account.sign_in())["code"] == "wrong_credentials"
    assert "access_token" in await account.sign_in(NEW)


async def test_a_password_that_was_changed_meanwhile_proves_nothing(
    account, client, password_changes_meanwhile
):
    late = {"current_password": account.password, "new_password": "Thiefs-horse-9"}
    response = await client.post("/api/v1/auth/change-password", json=late)
    assert (response.status_code, response.json()["code"]) == (401, "wrong_password")
    assert "access_token" in await account.sign_in(NEW)


async def test_a_password_that_was_changed_meanwhile_erases_nothing(
    account, client, password_changes_meanwhile
):
    response = await client.request("DELETE", "/api/v1/auth/me", json={"password": account.password})
    assert (response.status_code, response.json()["code"]) == (401, "wrong_password")
    assert "access_token" in await account.sign_in(NEW)


async def test_everything_at_once_waits_for_its_turn_and_never_breaks(
    service, account, anonymous, mail_to, token_in
):
    await anonymous.post("/api/v1/auth/forgot-password", json={"email": account.email})
    reset = {"token": token_in(await mail_to(account.email, "Choose a new")), "new_password": NEW}
    async with (
        await account.client() as first,
        await account.client() as second,
        await account.client() as third,
    ):
        change = {"current_password": account.password, "new_password": "Third-horse-99"}
        responses = await asyncio.gather(
            first.post("/api/v1/auth/change-password", json=change),
            anonymous.post("/api/v1/auth/reset-password", json=reset),
            second.post("/api/v1/auth/logout-all"),
            third.post("/api/v1/auth/logout-all"),
            third.request("DELETE", "/api/v1/auth/me", json={"password": account.password}),
            *(account.sign_in() for _ in range(5)),
        )
    assert all(response.status_code < 500 for response in responses[:5])
    assert all("access_token" in response or response["status"] == 401 for response in responses[5:])


async def test_one_address_registered_many_times_at_once_is_one_account(service, anonymous):
    form = {"email": f"{uuid7()}@example.com", "password": NEW, "full_name": "Jordan Rivera"}
    responses = await asyncio.gather(*(anonymous.post("/api/v1/auth/register", json=form) for _ in range(6)))
    assert {response.status_code for response in responses} == {202}
    assert len({response.text for response in responses}) == 1
    registered = [
        event["payload"]["user_id"]
        for event in await service.published()
        if event["ce_type"] == "user.registered"
    ]
    assert len(registered) == len(set(registered))
