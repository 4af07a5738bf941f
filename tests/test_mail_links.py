"""Where addresses have to be proved: the mail is shown by URL, and its link leads to a page that uses the token."""

import re

import httpx
import pytest_asyncio


@pytest_asyncio.fixture(scope="module")
async def whole(run_whole):
    async with run_whole(EMAIL_VERIFICATION="required") as running:
        yield running


async def mail_to(client, mailbox_url, email):
    while True:
        for item in (await client.get(mailbox_url)).json()["items"]:
            text = (await client.get(item["url"])).text
            if f"To: {email}" in text:
                return text


async def test_a_person_proves_their_address_with_the_mail_and_signs_in(whole):
    form = {"email": "jordan@example.com", "password": "Correct-horse-7", "full_name": "Jordan Rivera"}
    login = {"email": form["email"], "password": form["password"]}
    async with httpx.AsyncClient(base_url=whole.url, timeout=30) as client:
        await client.post("/api/v1/auth/register", json=form)
        assert (await client.post("/api/v1/auth/login", json=login)).status_code == 401
        link = re.search(
            r"https?://\S+(/verify-email\?token=(\S+))",
            await mail_to(client, whole.stack.mailbox_url, form["email"]),
        )
        page = await client.get(link[1])
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert (await client.get("/assets/link.js")).status_code == 200
        used = await client.post("/api/v1/auth/verify-email", json={"token": link[2]})
        assert used.status_code == 204
        assert (await client.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_the_mailbox_is_closed_to_whoever_has_not_the_address_that_was_printed(whole):
    address = httpx.URL(whole.stack.mailbox_url)
    elsewhere = {"Host": "rebound.example"}
    async with httpx.AsyncClient(timeout=30) as client:
        assert (await client.get(address)).status_code == 200
        for url, headers in (
            (address.copy_with(query=None), {}),
            (address.copy_set_param("token", "guessed-by-somebody"), {}),
            (address, elsewhere),
        ):
            response = await client.get(url, headers=headers)
            assert response.status_code in (400, 401, 421)
            assert "items" not in response.text
        assert address.params["token"] not in whole.logs()
