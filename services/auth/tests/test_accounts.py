"""Accounts: from registration to erasure, as a client sees it."""

import asyncio
import unicodedata

import pytest

from auth.settings import Settings
from common.ids import uuid7

GOOD = "Correct-horse-7"


@pytest.fixture
def form():
    return {"email": f"{uuid7()}@example.com", "password": GOOD, "full_name": "Jordan Rivera"}


async def test_a_person_registers_verifies_and_signs_in(service, anonymous, form, mail_to, token_in):
    response = await anonymous.post("/api/v1/auth/register", json=form)
    assert response.status_code == 202
    assert response.json() == {
        "email": form["email"],
        "message": "Thank you. Open the link in the mail we sent.",
    }
    login = {"email": form["email"], "password": GOOD}
    assert (await anonymous.post("/api/v1/auth/login", json=login)).status_code == 401
    mail = await mail_to(form["email"], "Confirm")
    assert "https://practice.example/verify-email?token=" in mail.get_content()
    token = token_in(mail)
    assert (await anonymous.post("/api/v1/auth/verify-email", json={"token": token})).status_code == 204
    pair = (await anonymous.post("/api/v1/auth/login", json=login)).json()
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    me = (
        await anonymous.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair['access_token']}"})
    ).json()
    assert (me["email"], me["full_name"], me["role"], me["email_verified"]) == (
        form["email"],
        "Jordan Rivera",
        "user",
        True,
    )
    assert [
        event["ce_type"] for event in await service.published() if event["payload"]["user_id"] == me["id"]
    ] == [
        "user.registered",
        "user.email_verified",
    ]
    again = await anonymous.post("/api/v1/auth/verify-email", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (422, "invalid_mail_token")


async def test_an_address_counts_however_its_domain_is_written(anonymous, form, mail_to, token_in):
    name = uuid7()
    form["email"] = f"{name}@xn--bcher-kva.example"
    response = await anonymous.post("/api/v1/auth/register", json=form)
    assert response.json()["email"] == f"{name}@bücher.example"
    token = token_in(await mail_to(f"{name}@bücher.example", "Confirm"))
    await anonymous.post("/api/v1/auth/verify-email", json={"token": token})
    for domain in ("xn--bcher-kva.example", "bücher.example", "BÜCHER.Example", "ｂücher.example"):
        login = {"email": f"{name}@{domain}", "password": GOOD}
        assert (await anonymous.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(anonymous, account, form, mail_to):
    form["email"] = account.email.upper()
    response = await anonymous.post("/api/v1/auth/register", json=form)
    assert response.status_code == 202
    assert response.json()["message"] == "Thank you. Open the link in the mail we sent."
    assert "account already" in (await mail_to(account.email, "account already")).get_content()
    assert "access_token" in await account.sign_in()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "Short-1"}, "password_policy"),
        ({"password": "alllowercase-1"}, "password_policy"),
        ({"password": "ALLUPPERCASE-1"}, "password_policy"),
        ({"password": "No-digits-here"}, "password_policy"),
        ({"password": "NoSymbols123"}, "password_policy"),
        ({"password": "Password123!"}, "password_policy"),
        ({"password": "Aa1-" + "é" * 40}, "password_policy"),
        ({"email": "nobody"}, "validation_failed"),
        ({"full_name": "  "}, "validation_failed"),
        ({"full_name": "a\x00b"}, "validation_failed"),
        ({"password": None}, "validation_failed"),
    ],
)
async def test_a_bad_registration_is_refused_with_the_reason(anonymous, form, change, code):
    response = await anonymous.post("/api/v1/auth/register", json=form | change)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert len(response.json()["detail"]) > 10


async def test_a_password_may_have_any_characters_and_is_the_same_however_it_is_typed(
    service, anonymous, form
):
    form["password"] = "Ｐａｓｓ-wörd-１-längst"
    assert (await anonymous.post("/api/v1/auth/register", json=form)).status_code == 202


@pytest.mark.parametrize("local", ["ΟΔΟΣ", "İx", "E\u0301lodie"])
async def test_an_address_in_any_script_is_found_again(anonymous, form, mail_to, token_in, local):
    form["email"] = f"{uuid7()}{local}@example.com"
    assert (await anonymous.post("/api/v1/auth/register", json=form)).status_code == 202
    async with asyncio.timeout(30):
        token = token_in(await mail_to(unicodedata.normalize("NFC", form["email"]), "Confirm"))
    assert (await anonymous.post("/api/v1/auth/verify-email", json={"token": token})).status_code == 204
    login = {"email": form["email"], "password": GOOD}
    assert (await anonymous.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_where_addresses_are_not_verified_a_person_signs_in_at_once(service, anonymous, form, replaced):
    replaced(Settings, service.main.settings.model_copy(update={"email_verification": "off"}))
    response = await anonymous.post("/api/v1/auth/register", json=form)
    assert (response.status_code, response.json()["message"]) == (202, "Thank you. You can sign in now.")
    login = {"email": form["email"], "password": GOOD}
    assert (await anonymous.post("/api/v1/auth/login", json=login)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/verify-email", {}),
        ("POST", "/resend-verification", {"email": "nobody"}),
        ("POST", "/forgot-password", {"email": "nobody"}),
        ("POST", "/reset-password", {"token": "x"}),
        ("POST", "/refresh", {"refresh_token": "x" * 201}),
        ("PATCH", "/me", {"full_name": "x" * 201}),
        ("DELETE", "/me", {}),
        ("POST", "/change-password", {"new_password": GOOD}),
        ("POST", "/register", []),
    ],
)
async def test_what_a_route_can_not_read_is_named(client, method, path, body):
    response = await client.request(method, f"/api/v1/auth{path}", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
    assert response.json()["errors"][0]["location"][0] == "body"


async def test_a_mail_to_an_unproved_address_repeats_nothing_its_sender_wrote(anonymous, form, mail_to):
    form["full_name"] = "Claim your prize at https://evil.example"
    await anonymous.post("/api/v1/auth/register", json=form)
    assert "evil" not in (await mail_to(form["email"], "Confirm")).get_content()


async def test_verification_can_be_sent_again_and_tells_nothing(anonymous, make_account, mail_to, token_in):
    unverified = await make_account(verified=False)
    for address in (unverified.email, f"{uuid7()}@example.com"):
        response = await anonymous.post("/api/v1/auth/resend-verification", json={"email": address})
        assert response.status_code == 202
        assert response.json() == {"message": "If the address has an account, a mail is on its way."}
    token = token_in(await mail_to(unverified.email, "Confirm"))
    assert (await anonymous.post("/api/v1/auth/verify-email", json={"token": token})).status_code == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("PATCH", "/me"),
        ("DELETE", "/me"),
        ("POST", "/change-password"),
        ("POST", "/logout"),
        ("POST", "/logout-all"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions/01a207bd-5505-7160-8aee-4be7c8086db8"),
        ("GET", "/users"),
        ("GET", "/users/01a207bd-5505-7160-8aee-4be7c8086db8"),
        ("PATCH", "/users/01a207bd-5505-7160-8aee-4be7c8086db8"),
        ("POST", "/users/01a207bd-5505-7160-8aee-4be7c8086db8/unlock"),
    ],
)
async def test_a_route_of_ones_own_asks_to_sign_in(anonymous, method, path):
    response = await anonymous.request(method, f"/api/v1/auth{path}")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


async def test_a_person_changes_their_name(client):
    response = await client.patch("/api/v1/auth/me", json={"full_name": "J. Rivera"})
    assert response.json()["full_name"] == "J. Rivera"
    assert (await client.patch("/api/v1/auth/me", json={"full_name": ""})).status_code == 422


async def test_erasing_an_account_asks_for_the_password_and_is_announced(service, account, client):
    wrong = await client.request("DELETE", "/api/v1/auth/me", json={"password": "Wrong-password-1"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
    assert (await client.get("/api/v1/auth/me")).status_code == 200
    gone = await client.request("DELETE", "/api/v1/auth/me", json={"password": account.password})
    assert gone.status_code == 204
    assert (await client.get("/api/v1/auth/me")).json()["code"] == "invalid_token"
    types = [event["ce_type"] for event in await service.published(account.id)]
    assert types[-2:] == ["session.revoked", "user.deleted"]


async def test_a_changed_password_ends_the_other_sessions(service, account, client, mail_to):
    other = await account.sign_in()
    change = {"current_password": account.password, "new_password": "Another-horse-8"}
    assert (await client.post("/api/v1/auth/change-password", json=change)).status_code == 204
    async with service.anonymous() as stranger:
        refused = await stranger.post("/api/v1/auth/refresh", json={"refresh_token": other["refresh_token"]})
    assert refused.status_code == 401
    assert "access_token" not in await account.sign_in()
    assert "access_token" in await account.sign_in("Another-horse-8")
    assert len((await client.get("/api/v1/auth/sessions")).json()["items"]) == 2
    await mail_to(account.email, "password was changed")


async def test_one_of_the_last_passwords_is_refused(account, client):
    change = {"current_password": account.password, "new_password": "Another-horse-8"}
    await client.post("/api/v1/auth/change-password", json=change)
    back = {"current_password": "Another-horse-8", "new_password": account.password}
    response = await client.post("/api/v1/auth/change-password", json=back)
    assert (response.status_code, response.json()["code"]) == (422, "password_policy")
    assert "last five" in response.json()["detail"]


async def test_a_forgotten_password_is_replaced_by_mail_and_every_session_ends(
    service, anonymous, account, client, mail_to, token_in
):
    for address in (account.email, f"{uuid7()}@example.com"):
        response = await anonymous.post("/api/v1/auth/forgot-password", json={"email": address})
        assert (response.status_code, response.json()["message"][:3]) == (202, "If ")
    reset = {"token": token_in(await mail_to(account.email, "Choose a new")), "new_password": "weak"}
    assert (await anonymous.post("/api/v1/auth/reset-password", json=reset)).json()[
        "code"
    ] == "password_policy"
    reset["new_password"] = "Another-horse-8"
    assert (await anonymous.post("/api/v1/auth/reset-password", json=reset)).status_code == 204
    assert (await anonymous.post("/api/v1/auth/reset-password", json=reset)).json()[
        "code"
    ] == "invalid_mail_token"
    assert "access_token" in await account.sign_in("Another-horse-8")
    types = [event["ce_type"] for event in await service.published(account.id)]
    assert "session.revoked" in types
