"""Seeding: an account to begin with, on a whole stack where addresses have to be verified."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from devstack import seed

ROOT = Path(__file__).parents[1]
ID = re.compile(r"^  ([0-9a-f-]{36})  (.*)$", re.M)


@pytest_asyncio.fixture(scope="module")
async def whole(run_whole):
    async with run_whole(EMAIL_VERIFICATION="required") as running:
        yield running


async def test_an_account_with_resumes_and_interviews_is_made_once(whole, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GATEWAY_URL", raising=False)
    await seed.seed(whole.stack)
    first = capsys.readouterr().out
    await seed.seed(whole.stack)
    second = capsys.readouterr().out

    made, kept = ID.findall(first), ID.findall(second)
    assert len(made) == 5
    assert kept == [(key, text.replace("(new)", "(there already)")) for key, text in made]
    assert all(text.endswith("(new)") for _, text in made)
    pdf, docx, finished, running, other = (text for _, text in made)
    assert pdf.startswith("jordan-rivera.pdf, parsed")
    assert docx.startswith("jordan-rivera.docx, parsed")
    assert re.match(
        r"Backend Engineer, behavioural, mid: completed, 3 of 3 answered, overall [\d.]+ ", finished
    )
    assert running.startswith("Backend Engineer, technical, mid: in_progress, 1 of 5 answered")
    assert other.startswith("Platform Architect, system_design, senior: in_progress, 0 of 4 answered")

    async with httpx.AsyncClient(base_url=f"{whole.url}/api/v1", timeout=30) as client:
        email, password = re.findall(r"^  (?:address|password) +(\S+)$", first, re.M)
        login = await client.post("/auth/login", json={"email": email, "password": password})
        client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        assert (await client.get("/auth/me")).json()["email_verified"] is True
        assert (await client.get(f"/interview/{made[2][0]}/report")).status_code == 200
        assert len((await client.get("/interview")).json()["items"]) == 3
        assert f"$api/interview/{made[2][0]}/report" in first


@pytest.mark.slow
def test_without_a_stack_one_line_says_so(tmp_path):
    env = {**os.environ, "GATEWAY_PORT": "1"}
    env.pop("GATEWAY_URL", None)
    command = [sys.executable, "-m", "devstack", "--folder", str(tmp_path / "none"), "seed"]
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == "devstack: no stack is running; start one with `make run` (or `make up`), then seed it\n"
    )
